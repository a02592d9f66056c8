# SPDX-License-Identifier: MIT
"""Short histories of the storm, on every setting, and those that once failed.

TRANCHE_FAULT_SEED chooses the histories; with TRANCHE_FAULT_FULL there are
1,000.
"""

import os
from pathlib import Path

import pytest

import storm_bugs
import storm_drive
import storm_script
from storm_settings import SETTINGS
from storm_world import World

ROOT = Path(__file__).resolve().parents[2]
HISTORIES = Path(__file__).resolve().parent / "histories"
SEED = int(os.environ.get("TRANCHE_FAULT_SEED", 1))
EACH = 77 if os.environ.get("TRANCHE_FAULT_FULL") else 4
BUILD = os.environ.get("TRANCHE_TEST_BUILD", str(ROOT / "build-test"))


@pytest.fixture(scope="module")
def world(request):
    with World(SETTINGS[request.param], BUILD,
               os.environ["TRANCHE_TEST_SERVERS"]) as made:
        yield made


def counts_as(request, name):
    """For test/lib/tally."""
    request.node.user_properties.append(("setting", "storm-" + name))


def judge(world, script, number):
    run, violation = storm_drive.run_once(world, script)
    if violation:
        storm_drive.show(world.setting.name, number, script)
        raise violation
    assert run.requests > 0


@pytest.mark.parametrize("number", range(EACH))
@pytest.mark.parametrize("world", SETTINGS, indirect=True)
def test_history(world, number, request):
    counts_as(request, world.setting.name)
    seed = SEED * 1000 + number
    judge(world, storm_script.make(seed, world.setting), seed)


def kept():
    for path in sorted(HISTORIES.glob("*.jsonl")):
        setting, script = storm_drive.load(path)
        yield pytest.param(setting, script, id=path.stem)


@pytest.mark.parametrize("world,script", kept(), indirect=["world"])
def test_kept_history(world, script, request):
    """Each failed once."""
    counts_as(request, "kept")
    judge(world, script, "of a kept history")


@pytest.mark.parametrize("bug", storm_bugs.BUGS, ids=lambda bug: bug.name)
def test_bug_can_be_planted(bug, tmp_path):
    """Where `storm --self-test` plants it, the sources are as it knows them."""
    for name, _, _ in bug.edits:
        to = tmp_path / name
        to.parent.mkdir(parents=True, exist_ok=True)
        to.write_text((ROOT / name).read_text())
    storm_bugs.edit(tmp_path, bug.edits)
