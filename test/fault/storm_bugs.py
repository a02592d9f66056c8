# SPDX-License-Identifier: MIT
"""The storm's own test: bugs are planted in a copy of the sources, one after
the other, and each must be found."""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import storm_drive
from storm_settings import SETTINGS

HISTORIES_MAX = 200


class Bug(NamedTuple):
    name: str
    settings: tuple     # where it shows
    invariants: tuple   # by which it is found
    edits: tuple        # of (file, old text, new text)


BUGS = (
    # A tier that comes back is not told what the others know: when those are
    # silent it is 503, when they forget 404.
    Bug("lost-put-back", ("redis+mongodb", "split"), ("I4", "I7"), (
        ("common/tier/stack_record.c",
         "		bring_up(&s->tiers[i], said[i], state[i], &best, dl);\n",
         "		(void)bring_up;\n"),)),
    # Read, then written: chunks that come at once are counted as one.
    Bug("count", ("mongodb", "redis+mongodb"), ("count", "limit"), (
        ("common/tier/mongodb/count.c",
         '	change = BCON_NEW("$inc", "{", "receivedChunks", BCON_INT32(1),\n'
         '			  "bytesHeld", BCON_INT64((int64_t)info->size), '
         '"}");\n',
         "	struct chunk_count now;\n"
         "	r = count_read(c, &now);\n"
         "	if (r)\n"
         "		return r;\n"
         '	change = BCON_NEW("$set", "{", "receivedChunks",\n'
         "			  BCON_INT32((int32_t)now.chunks + 1),\n"
         '			  "bytesHeld", BCON_INT64((int64_t)(now.bytes +\n'
         '			  info->size)), "}");\n'),
        ("common/tier/mongodb/count.c",
         '		BCON_APPEND(change, "$set", "{", name, '
         'BCON_BOOL(true), "}");\n',
         "		(void)name;\n"))),
    # The sink does not look whether it has the session.
    Bug("two-commits", ("redis", "redis+mongodb"), ("I3",), (
        ("common/sink/file/state.c",
         "	if (folder->work < 0)\n"
         "		return SINK_E_ABSENT;\n",
         "	if (folder->work < 0 || session->id[0])\n"
         "		return SINK_E_ABSENT;\n"),
        ("common/sink/file/state.c",
         "	r = read_meta(folder, &names, &plan.meta);\n",
         "	r = -ENOENT;\n"))),
    # Bytes of the right number are taken as they are.
    Bug("digest", ("redis", "redis+mongodb"), ("I2",), (
        ("common/tier/redis/chunk.c",
         "	if (!digest_equal(&digest, &get->info.digest)) {\n",
         "	if (!digest_equal(&digest, &get->info.digest) &&\n"
         "	    !value.whole) {\n"),)),
    # Absent is believed although another tier said nothing.
    Bug("early-404", ("redis+mongodb", "redis+mongodb+memory"), ("I4",), (
        ("common/tier/stack.c",
         "	if (v->failure)\n"
         "		return v->failure;\n"
         "	return v->absent ? TIER_E_ABSENT :\n",
         "	if (v->failure && !v->absent)\n"
         "		return v->failure;\n"
         "	return v->absent ? TIER_E_ABSENT :\n"),)),
    # Who failed keeps its claim.
    Bug("claim", ("memory", "redis", "mongodb"), ("claim",), (
        ("common/claim.c",
         "	(void)tier_release(claim->store, claim->session, "
         "&claim->token,\n"
         "			   deadline_in(CLAIM_RELEASE_MS));\n",
         "	(void)tier_release;\n"),)),
)


def edit(root, edits, back=False):
    for name, old, new in edits:
        if back:
            old, new = new, old
        path = root / name
        text = path.read_text()
        if text.count(old) != 1:
            raise RuntimeError("%s has the text to replace %d times: %r"
                               % (name, text.count(old), old))
        path.write_text(text.replace(old, new))


def copy_sources(root, to):
    for name in ("common", "functions"):
        shutil.copytree(root / name, to / name)
    (to / "test").mkdir()
    for name in ("meson.build", "meson_options.txt", "test/meson.build"):
        shutil.copy2(root / name, to / name)


def build(sources, folder):
    if not (folder / "build.ninja").exists():
        subprocess.run(["meson", "setup", "-Dtests=false", "-Dwerror=false",
                        str(folder), str(sources)], check=True,
                       stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", str(folder)], check=True,
                   stdout=subprocess.DEVNULL)


def find(bug, options, servers, folder):
    """How many histories it took; None when that was not enough."""
    each = HISTORIES_MAX // len(bug.settings)
    began, count = time.monotonic(), 0
    for name in bug.settings:
        totals = storm_drive.Totals()
        options.build, options.keep_going = str(folder), False
        storm_drive.drive_setting(
            name, range(options.seed, options.seed + each), options, servers,
            totals)
        count += sum(totals.histories.values())
        if not totals.failures:
            continue
        right = totals.failures[0][2].invariant in bug.invariants
        storm_drive.say("%s: %s after %d histories, %.0f s" % (
            bug.name, "found" if right else "something else was found",
            count, time.monotonic() - began))
        return count if right else None
    storm_drive.say("%s: NOT found in %d histories" % (bug.name, count))
    return None


def self_test(options, root, servers):
    chosen = [b for b in BUGS if not options.bug or b.name in options.bug]
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        folder.chmod(0o755)
        sources = folder / "sources"
        sources.mkdir()
        copy_sources(root, sources)
        missed = 0
        for bug in chosen:
            edit(sources, bug.edits)
            build(sources, folder / "build")
            missed += find(bug, options, servers, folder / "build") is None
            edit(sources, bug.edits, back=True)
    storm_drive.say("%d bugs, %d not found" % (len(chosen), missed))
    return 1 if missed else 0


assert all(s in SETTINGS for b in BUGS for s in b.settings)
