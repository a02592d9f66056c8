# SPDX-License-Identifier: MIT
"""One case for each cell of the fault matrix: what a function answers while
the fault lasts, and that all is well once it is over."""

import os
import time
from pathlib import Path

import pytest

import tables
from bench import DEADLINES, SETTINGS
from invariants import (RECOVERY_SECONDS, History, check, check_kept,
                        finishes, must_wait)
from matrix import cells, share
from tables import FAULTS

FULL = bool(os.environ.get("TRANCHE_FAULT_FULL"))
# JSON, since one of the sinks wants it; cut where a character is two units,
# and with one chunk that takes several packets.
PARTS = ('{"name":"\ud83d', '\ude00 name","text":"', "x" * 100_000 + '"}')
ALL = cells(FAULTS, SETTINGS)
# redis or mongodb: those about the one, so that two runs may share the cells.
HALF = os.environ.get("TRANCHE_FAULT_HALF")
CELLS = [cell for cell in (ALL if FULL else share(ALL))
         if HALF in (None, "", cell.fault.server)]


class Scene:
    """A fault in a setting: every function meets it with an upload of its
    own, then it ends."""

    def __init__(self, bench, setting, fault):
        self.bench, self.fault = bench, fault
        self.place = bench.use(setting)
        bench.admin = bench.redis.client()
        self.histories = {function: History(self.place.client, PARTS)
                          for function in fault.functions}
        self.told = {}
        self.prepare()
        self.run()
        bench.cool_down()

    def prepare(self):
        for function, history in self.histories.items():
            if function != "start":
                assert history.start().is_done, history
                assert history.upload(0).is_done, history
        if self.fault.snapshot:
            self.fault.snapshot(self.bench)
        for function, history in self.histories.items():
            if function != "start":
                assert history.upload(1).is_done, history
            if function in ("complete", "again"):
                assert history.upload(2).is_done, history
            if function == "again":
                assert history.complete().is_done, history

    def run(self):
        if not self.fault.each:
            self.fault.begin(self.bench)
        try:
            for function, history in self.histories.items():
                self.bench.cool_down()
                if self.fault.each:
                    self.fault.begin(self.bench, history)
                self.told[function] = history.call(
                    "complete" if function == "again" else function)
        finally:
            if self.fault.end:
                self.fault.end(self.bench)


@pytest.fixture(scope="module")
def scenes(bench):
    """The last one, which all of its cells look at."""
    made = {}

    def scene(cell):
        key = cell.setting, cell.fault.name
        if key not in made:
            made.clear()
            made[key] = Scene(bench, cell.setting, cell.fault)
        return made[key]
    return scene


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: "%s-%s-%s" % (
    cell.setting, cell.fault.name, cell.function))
def test_cell(scenes, cell):
    scene = scenes(cell)
    history, told = scene.histories[cell.function], scene.told[cell.function]
    expected = as_expected(cell, history, told)
    is_well_again(scene, cell, history, told, expected)


def as_expected(cell, history, told):
    """Gives which of the answers that may come it was."""
    assert told.answer, (told, history)
    untaken = set(history.untaken)
    lost = set(told.missing or ()) - untaken
    for expected in cell.expected:
        if (told.status, bool(told.answer.retry_after)) == expected[:2]:
            break
    else:
        raise AssertionError("%s, not one of %s: %s" % (
            told, cell.expected, history))
    taken = set(cell.fault.lost) if expected.lost else set()
    assert lost == taken - untaken, (told, history)
    if told.missing is not None:
        assert untaken <= set(told.missing), (told, history)
    return expected


def is_well_again(scene, cell, history, told, expected):
    """The client goes on, and reaches what it wanted."""
    sink = scene.bench.sink
    told.allowed_404 = expected.status == 404
    if cell.function == "abort":
        is_aborted(scene, cell, history, expected)
    elif told.allowed_404 or is_forgotten(scene, cell):
        # As its word is that nobody has it, the client starts anew.
        history = History(scene.place.client, PARTS)
        finishes(history, sink, lapse=scene.bench.lapse)
    else:
        finishes(history, sink, lapse=scene.bench.lapse)
    check(history, sink, DEADLINES)
    if scene.fault.keeps and not expected.lost:
        check_kept(history)


def is_forgotten(scene, cell):
    """Whether the record is gone with the fault's end."""
    return (not scene.fault.keeps and not scene.fault.snapshot
            and cell.place in ("only", "beside memory")
            and cell.fault.kind == "silent" and cell.function != "start")


def is_aborted(scene, cell, history, expected):
    def abort():
        told = history.abort()
        told.allowed_404 = is_forgotten(scene, cell)
        return told
    told = abort()
    end = time.monotonic() + RECOVERY_SECONDS
    while must_wait(told):
        assert time.monotonic() < end, "I7: %s" % history
        if told.code == "claimed" and len(history.of("abort")) > 10:
            scene.bench.lapse(history)
        scene.bench.cool_down()
        told = abort()
    assert told.is_done or expected.status == 404 or is_forgotten(
        scene, cell), history
    assert history.status().status == 404, history
    assert not scene.bench.sink.documents(history.persistent_id), history


@pytest.mark.parametrize("name", ["answers", "faults", "counts"])
def test_readme(name):
    """The tables there are those of the matrix (tables.py prints them)."""
    readme = Path(__file__).with_name("README.md").read_text()
    assert getattr(tables, name)() in readme


def test_names():
    """Each fault has its own, and a class with what is expected of it."""
    names = [fault.name for fault in FAULTS]
    assert len(set(names)) == len(names)
    assert {fault.kind for fault in FAULTS} == set(tables.kinds())
