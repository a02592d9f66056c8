# SPDX-License-Identifier: MIT
"""The memory tier, the state folder and the file sink: full, read-only,
deleted, somebody else's. What is answered meanwhile is stated; when there is
room again the client goes on, and nobody restarts anything."""

import contextlib
import os

import pytest

import invariants
import settings
from disk import Disk
from invariants import FileSink, History
from place import Place
from server import wait_until

FULL = bool(os.environ.get("TRANCHE_FAULT_FULL"))
CHUNK = 8192
DEADLINE_SECONDS = 5    # far below what a request may take: nothing waits
TTL_SECONDS = 2
COOLDOWN_MS = "100"


@pytest.fixture(scope="module")
def clean():
    """The real servers, without what an earlier run left there."""
    for setting in settings.SETTINGS.values():
        settings.forget(setting)


@contextlib.contextmanager
def served(setting, env=None, memory=None, **serve):
    """`memory` is a folder for the memory tier other than the usual one."""
    place = Place(setting, {"TRANCHE_COOLDOWN": COOLDOWN_MS, **(env or {})},
                  **serve)
    if memory:
        place.serve.memory = memory
        place.serve.env["TRANCHE_MEMORY_DIR"] = str(memory)
    with place:
        yield place


def history(place, parts=None, **fields):
    parts = parts or [os.urandom(CHUNK) for _ in range(3)]
    return History(place.client, parts, **fields)


def under_way(place, sent=2):
    """An upload with so many of its three chunks there."""
    made = history(place)
    assert made.start().is_done, made
    for index in range(sent):
        assert made.upload(index).is_done, made
    return made


def says(told, status, code=""):
    assert (told.status, told.code) == (status, code), told
    if status == 503:
        assert told.answer.retry_after > 0, told
    assert told.seconds < DEADLINE_SECONDS, told


def finishes(made, place, sink=None):
    """All that holds of an upload once nothing is in its way any more."""
    sink = sink or FileSink(place.sink)
    invariants.finishes(made, sink)
    invariants.check_kept(made)
    says(made.upload(0), 409, "completed")


# The memory tier, which is the only one.

def test_memory_at_its_cap(clean):
    """Chunks have a cap, what is known of a session has none: it can be
    completed and aborted, and both make room."""
    with served("embedded", {"TRANCHE_MEMORY_MAX": str(10 * CHUNK)}) as place:
        whole, part = under_way(place, 3), under_way(place, 2)
        other = history(place, [os.urandom(CHUNK) for _ in range(9)])
        says(other.start(), 200)
        taken = 0
        while (told := other.upload(taken)).is_done:
            taken += 1
        says(told, 507, "full")
        says(part.upload(2), 507, "full")
        says(part.upload(0), 200)       # the same bytes again
        says(history(place).start(), 200)
        says(part.status(), 200)
        says(other.complete(), 400, "missing_chunks")
        finishes(whole, place)
        says(part.upload(2), 200)
        says(other.abort(), 200)
        finishes(part, place)


def fill(disk):
    disk.fill()


def use_up_inodes(disk):
    disk.use_up_inodes()


@pytest.mark.parametrize("how", [fill, use_up_inodes])
def test_memory_full(clean, how):
    """Nothing can be written, a claim neither: what needs one waits."""
    with Disk() as disk, served(
            "embedded", memory=disk.folder("memory")) as place:
        whole, part = under_way(place, 3), under_way(place, 2)
        how(disk)
        says(history(place).start(), 503, "unavailable")
        says(part.upload(2), 507, "full")
        says(part.upload(0), 200)
        says(part.status(), 200)
        says(whole.complete(), 503, "unavailable")
        says(part.complete(), 503, "unavailable")
        says(part.abort(), 503, "unavailable")
        disk.make_room()
        finishes(whole, place)
        finishes(part, place)


def test_memory_nearly_full(clean):
    """A few pages are left: each request is done whole or not at all."""
    with Disk() as disk, served(
            "embedded", memory=disk.folder("memory")) as place:
        for left in range(1, 8):
            made = [under_way(place, 3), under_way(place, 2), history(place)]
            disk.fill(but=left)
            for each in made[:2]:
                each.upload(2)
                told = each.complete()
                assert (told.is_done or told.status == 503
                        or told.code == "missing_chunks"), told
            made[2].start()
            disk.make_room()
            for each in made:
                invariants.check_deadlines(each, DEADLINE_SECONDS)
                finishes(each, place)


def test_memory_full_of_what_is_over(clean):
    """Who finds no room sweeps: a new upload can always be begun."""
    with Disk(pages=64) as disk, served(
            "embedded", {"TRANCHE_TTL": str(TTL_SECONDS)},
            memory=disk.folder("memory")) as place:
        while (told := history(place).start()).is_done:
            pass
        says(told, 503, "unavailable")
        wait_until(lambda: history(place).start().is_done,
                   TTL_SECONDS * 1.25 + invariants.RECOVERY_SECONDS,
                   "a start after all others' time")
        finishes(history(place), place)


def test_memory_deleted(clean):
    """What it held is gone, as after a restart of the host, and said to be; it
    is made again for what comes."""
    with served("embedded") as place:
        lost = under_way(place)
        place.serve.memory.rename(place.serve.root / "aside")
        says(lost.status(), 404, "not_found")
        says(lost.upload(2), 404, "not_found")
        says(lost.complete(), 404, "not_found")
        says(lost.abort(), 404, "not_found")
        finishes(history(place), place)


def spoil_mode(folder):
    folder.chmod(0o777)


def spoil_owner(folder):
    os.chown(folder, 65534, 65534)


def spoil_by_a_file(folder):
    folder.rename(folder.with_name("aside"))
    folder.write_text("a file")


def spoil_by_a_link(folder):
    folder.rename(folder.with_name("aside"))
    folder.symlink_to("aside")


def mend(folder):
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
        folder.with_name("aside").rename(folder)
    os.chown(folder, 0, 0)
    folder.chmod(0o700)


SPOILED = [spoil_mode, spoil_owner, spoil_by_a_file, spoil_by_a_link]


def test_memory_not_ours(clean):
    """Refused while it is so, with nothing lost."""
    with served("embedded", server="cgi") as place:
        for spoil in SPOILED:
            made = under_way(place)
            spoil(place.serve.memory)
            says(history(place).start(), 503, "unavailable")
            for function in ("upload", "status", "complete", "abort"):
                says(made.call(function), 503, "unavailable")
            mend(place.serve.memory)
            finishes(made, place)


def test_memory_not_ours_beside_shared_tiers(clean):
    """Nobody needs it then."""
    with served("redis+mongodb", server="cgi") as place:
        for spoil in SPOILED:
            made, aborted = under_way(place), under_way(place)
            spoil(place.serve.memory)
            finishes(made, place)
            finishes(history(place), place)
            says(aborted.abort(), 200)
            says(aborted.status(), 404, "not_found")
            mend(place.serve.memory)


# The state folder: breaker and marks are only there to be quick.

def full(disk, folder):
    disk.fill()
    disk.use_up_inodes()


def deleted(disk, folder):
    folder.rename(disk / "aside")


def read_only(disk, folder):
    disk.set_read_only()


def not_ours(disk, folder):
    spoil_owner(folder)


def a_file(disk, folder):
    spoil_by_a_file(folder)


def garbage(disk, folder):
    for path in folder.rglob("*"):
        if path.is_file():
            path.write_bytes(os.urandom(path.stat().st_size + 1))


def emptied(disk, folder):
    for path in folder.rglob("*"):
        if path.is_file():
            path.write_bytes(b"")


STATES = [full, deleted, read_only, not_ours, a_file, garbage, emptied]


@pytest.mark.parametrize("when", ["before", "during"])
@pytest.mark.parametrize("how", STATES)
def test_state_folder(clean, how, when):
    """All is answered as without one, also while a tier is away."""
    # What is mapped keeps a mount writable.
    server = "cgi" if when == "before" or how is read_only else "nginx"
    with Disk() as disk:
        folder = disk.folder("state")
        if when == "before":
            how(disk, folder)
        with served("redis-refused", {"TRANCHE_STATE_DIR": str(folder)},
                    server=server) as place:
            made, aborted = under_way(place), under_way(place)
            if when == "during":
                how(disk, folder)
            says(made.status(), 200)
            finishes(made, place)
            finishes(history(place), place)
            says(aborted.abort(), 200)


# The sink.

def completes_or_is_full(made, sink, before=()):
    """The answer's status; 507 leaves what was there, and nothing beside."""
    names = {path.name for path in sink.folder.iterdir()}
    told = made.complete()
    if told.is_done:
        return told.status
    says(told, 507, "full")
    says(made.complete(), 507, "full")
    says(made.status(), 200)
    assert made.status().missing == [], made
    assert sink.documents(made.persistent_id) == list(before), made
    left = {path.name for path in sink.folder.iterdir()}
    assert left - names <= {".tranche"}, left
    return told.status


@pytest.mark.parametrize("setting", ["embedded", "redis+mongodb"] if FULL
                         else ["embedded"])
@pytest.mark.parametrize("limit", [Disk.fill, Disk.use_up_inodes])
def test_sink_full(clean, setting, limit):
    """With every number of pages, or of inodes, left from none on: 507 and
    nothing to be seen of it, or all; and done when there is room. A create,
    and an update of what it made."""
    said = set()
    with Disk(pages=600) as disk:
        folder = disk.folder("sink")
        with served(setting, {"TRANCHE_SINK": "file:%s" % folder}) as place:
            sink = FileSink(folder)
            for left in range(14):
                made = under_way(place, 3)
                limit(disk, but=left)
                said.add(("create", completes_or_is_full(made, sink)))
                disk.make_room()
                finishes(made, place, sink)

                before = sink.documents(made.persistent_id)
                made = history(place, isUpdate=True,
                               persistentId=made.persistent_id)
                says(made.start(), 200)
                for index in range(3):
                    says(made.upload(index), 200)
                limit(disk, but=left)
                said.add(("update", completes_or_is_full(made, sink, before)))
                disk.make_room()
                finishes(made, place, sink)
    assert said == {("create", 507), ("create", 201),
                    ("update", 507), ("update", 200)}


def test_sink_deleted(clean):
    """With all that is in it; while it is away, and made again."""
    with served("redis+mongodb") as place:
        done, waits = under_way(place, 3), under_way(place, 3)
        finishes(done, place)
        place.sink.rename(place.serve.root / "aside")
        for _ in range(2):
            says(waits.complete(), 503, "unavailable")
        says(done.complete(), 201)      # as it was answered before
        says(waits.abort(), 503, "unavailable")
        place.sink.mkdir()
        finishes(waits, place)
