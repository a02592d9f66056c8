# SPDX-License-Identifier: MIT
"""complete of 1 GiB into file:, beside cp and one SHA-256 pass of the same file;
and of a document of 10 MB into mongodb:."""

import json
import resource
import subprocess
import time
from typing import NamedTuple

import host
import load
import terabyte
from contender import single
from figures import ratios
from lineup import Lineup
from report import at_most
from tranche import complete_request, raw_request

CHUNK = 4096 * 1024
CHUNKS, CHUNKS_QUICK = 256, 64
DOCUMENT = 10 * 1000 * 1000
BESIDE = "cp + SHA-256"


class Sample(NamedTuple):
    seconds: float
    cpu: float          # seconds
    memory: float = 0   # MiB above what it had idle


def run(work):
    with Lineup(work) as lineup:
        files(work, lineup.tier("memory", workers=4))
    with Lineup(work) as lineup:
        documents(work, lineup.tier("redis", "tranche into mongodb:", {
            "MONGODB_URI": work.mongodb.uri, "TRANCHE_SINK": "mongodb:bench"},
            workers=4))


def files(work, contender):
    peer = contender.peer
    count = CHUNKS_QUICK if work.quick else CHUNKS

    def before(name):
        if name == BESIDE:
            return
        peer.clear()
        contender.lists = single(peer.chunk_requests(count, CHUNK,
                                                     work.body(CHUNK)))
        contender.send(8)

    rounds = work.rounds().run({
        "complete": lambda: complete(work, peer),
        BESIDE: lambda: beside(work, next(
            path for path in peer.serve.sink.iterdir()
            if path.is_file() and not path.name.endswith(".json")))},
        before, in_order=True)
    add = work.report.add
    for name in rounds.samples:
        add("complete", "%d MiB, memory, into file:, %s" % (
            count * CHUNK >> 20, name), "s",
            rounds.of(name, lambda s: s.seconds), None, rounds.note)
    add("complete", terabyte.COMPLETE, "s",
        rounds.of("complete", lambda s: s.cpu / (count * CHUNK / 2**30)), None,
        rounds.note)
    for what, of in (("time", lambda s: s.seconds), ("CPU", lambda s: s.cpu)):
        add("complete", "%s of complete / %s" % (what, BESIDE), "×",
            ratios(rounds.of("complete", of), rounds.of(BESIDE, of)),
            at_most(1.3), rounds.note)
    add("complete", "memory of complete beyond idle (chunks of 4 MiB)", "MiB",
        rounds.of("complete", lambda s: s.memory), at_most(2 * CHUNK / 2**20),
        rounds.note)


def complete(work, peer):
    """Of the last session; the memory is that of the process which did it."""
    pids = peer.functions("complete")
    idle = {pid: host.memory_kib(pid, "VmRSS", "status") for pid in pids}
    for pid in pids:
        # Its highest so far begins anew: proc(5), clear_refs.
        with open("/proc/%d/clear_refs" % pid, "w") as file:
            file.write("5")
    before = host.cpu_ns(pids)
    run = load.send(work.build, peer.url, [[complete_request(peer.ids[-1])]], 1)
    after = host.cpu_ns(pids)
    took = {pid: after[pid] - before[pid] for pid in pids}
    worker = max(took, key=took.get)
    most = host.memory_kib(worker, "VmHWM", "status")
    return Sample(run.took_ns[0] / 1e9, sum(took.values()) / 1e9,
                  (most - idle[worker]) / 1024)


def beside(work, path):
    copy = work.folder / "copy"
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    subprocess.run(["cp", str(path), str(copy)], check=True)
    subprocess.run([str(work.program("floor-sha256")), str(copy)], check=True,
                   stdout=subprocess.DEVNULL)
    took = time.monotonic() - began
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    copy.unlink()
    return Sample(took, now.ru_utime + now.ru_stime - used.ru_utime
                  - used.ru_stime)


def documents(work, contender):
    peer = contender.peer
    pieces = document(work)
    size = sum(piece.stat().st_size for piece in pieces)

    def before(_):
        peer.clear()
        session = peer.start(len(pieces), size / len(pieces))
        contender.lists = single(raw_request(session, index, piece)
                                 for index, piece in enumerate(pieces))
        contender.send(8)

    rounds = work.few().run({"complete": lambda: complete(work, peer)}, before)
    for what, of in (("", lambda s: s.seconds), (", function CPU",
                                                 lambda s: s.cpu)):
        work.report.add("complete", "a document of 10 MB into mongodb:" + what,
                        "s", rounds.of("complete", of), None, rounds.note)


def document(work):
    """An application's save, in pieces: a list of some thousand objects."""
    entry = {"id": 1, "label": "way point", "at": [47.3769, 8.5417],
             "open": True, "notes": "x" * 400}
    count = DOCUMENT // len(json.dumps(entry))
    text = json.dumps({"name": "bench", "entries": [
        dict(entry, id=number) for number in range(count)]}).encode()
    text += b" " * (-len(text) % 10)
    piece = len(text) // 10
    paths = []
    for at in range(0, len(text), piece):
        paths.append(work.folder / ("piece-%d" % at))
        paths[-1].write_bytes(text[at:at + piece])
    return paths
