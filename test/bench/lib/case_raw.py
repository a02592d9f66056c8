# SPDX-License-Identifier: MIT
"""Raw chunks by size and connections: every tier and every peer."""

import json
import subprocess
import tempfile
from pathlib import Path

import fcgi_floor
import load
import redis_set
from figures import ratios
from lineup import Lineup, chunks
from report import at_least, at_most, say

KIB = 1024
CHUNK = 512 * KIB
SIZES = (64 * KIB, CHUNK, 4096 * KIB)
CONNECTIONS = (1, 8, 64)
TIERS = ("memory", "redis", "redis tcp", "mongodb")
FLOOR = fcgi_floor.Peer.name
LIMIT = "redis-benchmark SET"
FASTCGI = "tranche, redis tcp, body by FastCGI"
CPU_AIMS = {"tranche, memory": at_most(150), "tranche, redis": at_most(200),
            "tranche, redis tcp": at_most(200), FASTCGI: at_most(270)}
OF_NGINX = {"tranche, memory": at_least(0.75), "tranche, redis": at_least(0.5),
            "tranche, redis tcp": at_least(0.5)}


def run(work):
    with Lineup(work) as lineup:
        for tier in TIERS:
            lineup.tier(tier)
        # deploy/serve leaves bodies in files on tmpfs alone.
        disk = work.enter_context(tempfile.TemporaryDirectory(dir="/var/tmp"))
        lineup.tier("redis tcp", FASTCGI,
                    {"TRANCHE_MEMORY_DIR": str(Path(disk, "memory"))})
        lineup.peers()
        for contender in lineup.contenders.values():
            check(work, contender)
        lineup.floor()
        for size in SIZES:
            for connections in CONNECTIONS:
                if not work.quick or size == CHUNK or connections == 8:
                    measure(work, lineup, size, connections)
    tmpfs(work)


def check(work, contender):
    """That it stores what it was sent."""
    size, body = CHUNK, work.body(CHUNK)
    contender.prepare(chunks(work, size), 3)
    load.send(work.build, contender.peer.url, contender.lists, 1)
    for n in range(3):
        if contender.peer.stored(n) != body.read_bytes():
            raise load.Failed("%s stored other bytes" % contender.label)
    contender.prepare(chunks(work, size), 1)


def measure(work, lineup, size, connections):
    aimed = size == CHUNK and connections in (1, 8)
    rounds = work.rounds() if aimed else work.few()
    requests = chunks(work, size)
    contenders = {label: contender
                  for label, contender in lineup.contenders.items()
                  if aimed or label not in (FLOOR, FASTCGI)}
    counts = {label: contender.count(requests, connections, size)
              for label, contender in contenders.items()}

    def before(label):
        if label != LIMIT:
            contenders[label].prepare(requests, counts[label])

    things = {label: lambda c=contender: c.sample(connections)
              for label, contender in contenders.items()}
    things[LIMIT] = lambda: redis_set.sample(
        work.redis, connections, size, 2 * max(counts.values()))
    rounds.run(things, before)
    for contender in contenders.values():
        contender.prepare(requests, 1)      # its store is small again
    show(work.report, rounds, size, connections)
    if size == CHUNK and connections == 8:
        work.kept["raw"] = rounds


def show(report, rounds, size, connections):
    about = "%d KiB × %d" % (size // KIB, connections)
    say(" raw, %s" % about)
    for label in rounds.samples:
        report.add("raw", "%s: %s" % (about, label), "/s",
                   rounds.of(label, lambda s: s.rate), note=rounds.note)
    if size == CHUNK and connections == 1:
        cpu(report, rounds, about)
    if size == CHUNK and connections == 8:
        beside(report, rounds, about)


def cpu(report, rounds, about):
    for label in rounds.samples:
        if label.startswith("tranche") or label == FLOOR:
            report.add("raw", "%s: function CPU, %s" % (about, label), "us",
                       rounds.of(label, lambda s: s.cpu_us("server")),
                       CPU_AIMS.get(label), rounds.note)


def beside(report, rounds, about):
    """Ratios of pairs."""
    for label in rounds.samples:
        if not label.startswith("tranche"):
            continue
        for other, aim in (("nginx PUT", OF_NGINX.get(label)),
                           ("tusd", above(label)), ("rustus", above(label)),
                           ("tus-node", None)):
            if other in rounds.samples:
                report.add("raw", "%s: %s / %s" % (about, label, other), "×",
                           ratios(rounds.of(label, lambda s: s.rate),
                                  rounds.of(other, lambda s: s.rate)),
                           aim, rounds.note)


def above(label):
    return at_least(1) if label == "tranche, memory" else None


def tmpfs(work):
    """What it costs to write a chunk to the memory tier's file system."""
    samples = []
    for _ in range(5):
        said = subprocess.run(
            [str(work.program("floor-tmpfs")), str(work.folder), str(CHUNK),
             "100"], check=True, stdout=subprocess.PIPE, text=True).stdout
        samples += [ns / 1000 for ns in json.loads(said)["ns"]]
    work.report.add("raw", "512 KiB: floor: written to tmpfs, CPU", "us",
                    samples)
