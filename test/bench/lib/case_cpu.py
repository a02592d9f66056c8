# SPDX-License-Identifier: MIT
"""CPU seconds a GiB of functions, web server and tier, at 8 connections; and the
same chunks as JSON, as the original's design takes them, beside it."""

import case_raw
import terabyte
from contender import single
from figures import ratios
from lineup import Lineup, chunks
from report import at_least, at_most

CHUNK = 512 * 1024
PARTS = {"server": "functions", "web": "web server", "store": "tier"}
JSON, RAW, ORIGINAL = "JSON chunks", "raw chunks", "the original"


def run(work):
    if "raw" not in work.kept:
        measure(work)
    rounds = work.kept["raw"]
    for label in rounds.samples:
        if label in (case_raw.LIMIT, case_raw.FLOOR):
            continue
        for part, name in PARTS.items():
            samples = rounds.of(label, lambda s: s.cpu_gib(part))
            if any(samples):
                work.report.add("cpu", "a GiB in 512 KiB: %s, %s" % (
                    label, name), "s CPU", samples, None, rounds.note)
    terabyte.show(work.report)
    beside_original(work)


def measure(work):
    requests = chunks(work, CHUNK)
    with Lineup(work) as lineup:
        for tier in case_raw.TIERS:
            lineup.tier(tier)
        lineup.peers()
        counts = {label: contender.count(requests, 8, CHUNK)
                  for label, contender in lineup.contenders.items()}
        work.kept["raw"] = work.few().run(
            {label: lambda c=contender: c.sample(8)
             for label, contender in lineup.contenders.items()},
            lambda label: lineup.contenders[label].prepare(
                requests, counts[label]))


def beside_original(work):
    """The same bodies as JSON to both, on the same Redis; and raw to ours, for
    that is what its clients may send."""
    body = work.body(CHUNK)
    with Lineup(work) as lineup:
        ours = lineup.tier("redis tcp")
        lineup.peers(("original",))
        if "original" not in lineup.contenders:
            return
        theirs = lineup.contenders["original"]
        turns = {JSON: (ours, lambda peer, count: single(
                     peer.json_chunk_requests(count, CHUNK, body))),
                 RAW: (ours, chunks(work, CHUNK)),
                 ORIGINAL: (theirs, chunks(work, CHUNK))}
        counts = {name: contender.count(requests, 8, CHUNK)
                  for name, (contender, requests) in turns.items()}
        rounds = work.rounds().run(
            {name: lambda c=contender: c.sample(8)
             for name, (contender, _) in turns.items()},
            lambda name: turns[name][0].prepare(turns[name][1], counts[name]))
    for what, of, aim in (
            ("CPU of the functions", lambda s: s.cpu_us("server"),
             at_most(1 / 12)),
            ("CPU of all servers", lambda s: s.cpu_us(*PARTS), at_most(1 / 5)),
            ("chunks a second", lambda s: s.rate, at_least(6))):
        for name in (JSON, RAW):
            work.report.add(
                "cpu", "%s, redis tcp: %s / the original's" % (name, what), "×",
                ratios(rounds.of(name, of), rounds.of(ORIGINAL, of)), aim,
                rounds.note)
