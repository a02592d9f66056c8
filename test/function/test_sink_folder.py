# SPDX-License-Identifier: MIT
"""The folder of the file sink: missing, read-only, full. The upload waits in
its tier, and completes when the folder is well again."""

import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from place import Place

TIERS = ["embedded", "redis+mongodb"]
USER = "nobody"


def unprivileged():
    """Root reads and writes everything: the server runs as somebody else."""
    return USER if os.getuid() == 0 else None


def waits(up, status, code):
    """Refused, twice, with nothing lost or half done."""
    for _ in range(2):
        answer = up.complete()
        assert (answer.status, answer.code) == (status, code), answer
    said = up.status().json
    assert (said["state"], said["missing"]) == ("open", [])
    return answer


@pytest.mark.parametrize("setting", TIERS)
def test_missing(clean, setting):
    with Place(setting) as place:
        up = place.upload().put_all()
        aside = place.sink.with_name("aside")
        place.sink.rename(aside)
        answer = waits(up, 503, "unavailable")
        assert answer.retry_after > 0
        aside.rename(place.sink)
        up.completes()


@pytest.mark.parametrize("setting", TIERS)
def test_read_only(clean, setting):
    with Place(setting, user=unprivileged()) as place:
        place.upload().completes()
        up = place.upload().put_all()
        # All below it too: what is there already is no way in.
        folders = [place.sink, *(path for path in place.sink.rglob("*")
                                 if path.is_dir())]
        for folder in folders:
            folder.chmod(0o555)
        waits(up, 503, "unavailable")
        for folder in folders:
            folder.chmod(0o755)
        up.completes()


@pytest.mark.parametrize("setting", TIERS)
def test_no_folder(clean, setting):
    """A file has its name."""
    with Place(setting) as place:
        up = place.upload().put_all()
        place.sink.rmdir()
        place.sink.write_text("a file")
        waits(up, 503, "unavailable")
        place.sink.unlink()
        place.sink.mkdir()
        up.completes()


@pytest.fixture
def small_folder():
    """A file system of 1 MiB. Without root: one of our own in a namespace
    would not be the server's, so this needs root, as test/servers does."""
    folder = Path(tempfile.mkdtemp(prefix="tranche-full-"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tranche",
                    folder], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)
    folder.rmdir()


@pytest.mark.parametrize("setting", TIERS)
def test_full(clean, setting, small_folder):
    """507, no half file, and nothing of it left in the way of others."""
    with Place(setting, {"TRANCHE_SINK": "file:%s" % small_folder}) as place:
        place.serve.sink = small_folder
        ballast = small_folder / "ballast"
        ballast.write_bytes(bytes(300_000))
        large = place.upload(os.urandom(900_000), b"x", sent=(0, 1))
        waits(large, 507, "full")
        assert not place.has(large.persistent_id)
        place.upload(os.urandom(100_000)).completes()
        ballast.unlink()
        large.completes()


def test_modes(clean):
    """Stored files are for their group to read, or as asked."""
    for env, mode in (({}, 0o640), ({"TRANCHE_SINK_MODE": "0644"}, 0o644)):
        with Place("embedded", env) as place:
            up = place.upload()
            up.completes()
            stored = place.sink / up.persistent_id
            assert stored.stat().st_mode & 0o7777 == mode
            names = {path.name for path in place.sink.iterdir()}
            assert names == {up.persistent_id, up.persistent_id + ".json",
                             ".tranche"}


def test_what_lies_there(clean):
    """Files that the folder's owner put there are never written over."""
    with Place("embedded") as place:
        for suffix in ("", ".json"):
            up = place.upload().put_all()
            theirs = place.sink / (up.persistent_id + suffix)
            theirs.write_bytes(b"theirs")
            answer = up.complete()
            assert (answer.status, answer.code) == (409, "taken"), answer
            assert theirs.read_bytes() == b"theirs"
            theirs.unlink()
            up.completes()
