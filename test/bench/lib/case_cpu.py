# SPDX-License-Identifier: MIT
"""CPU seconds a GiB of functions, web server and tier, at 8 connections; and the
same chunks as JSON, as the original's design takes them, beside it."""

import case_raw
import terabyte
from figures import ratios
from lineup import Lineup, chunks
from report import at_least, at_most

CHUNK = 512 * 1024
PARTS = {"server": "functions", "web": "web server", "store": "tier"}


def run(work):
    if "raw" not in work.kept:
        measure(work)
    rounds = work.kept["raw"]
    for label in rounds.samples:
        if label == case_raw.LIMIT:
            continue
        for part, name in PARTS.items():
            samples = rounds.of(label, lambda s: s.cpu_gib(part))
            if any(samples):
                what = name if label.startswith("tranche") else "server"
                work.report.add("cpu", "a GiB in 512 KiB: %s, %s" % (
                    label, what), "s CPU", samples, None, rounds.note)
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
    """The same bodies to both, on the same Redis."""
    ours = "tranche, redis tcp"
    body = work.body(CHUNK)
    makers = {ours: lambda peer, count: [[request] for request in
                                         peer.json_chunk_requests(
                                             count, CHUNK, body)],
              "original": chunks(work, CHUNK)}
    with Lineup(work) as lineup:
        lineup.tier("redis tcp")
        lineup.peers(("original",))
        if "original" not in lineup.contenders:
            return
        counts = {label: lineup.contenders[label].count(makers[label], 8, CHUNK)
                  for label in makers}
        rounds = work.rounds().run(
            {label: lambda c=contender: c.sample(8)
             for label, contender in lineup.contenders.items()},
            lambda label: lineup.contenders[label].prepare(
                makers[label], counts[label]))
    for what, of, aim in (
            ("CPU of the functions", lambda s: s.cpu_us("server"),
             at_most(1 / 12)),
            ("CPU of all servers", lambda s: s.cpu_us(*PARTS), at_most(1 / 5)),
            ("chunks a second", lambda s: s.rate, at_least(6))):
        work.report.add("cpu", "JSON chunks, redis tcp: %s / original's" % what,
                        "×", ratios(rounds.of(ours, of),
                                    rounds.of("original", of)),
                        aim, rounds.note)
