# SPDX-License-Identifier: MIT
"""Small uploads a second: from nothing to done. tranche's are start, one chunk of
4 KiB and complete into file:; what a peer needs is said in its file."""

from figures import ratios
from lineup import Lineup
from report import at_least

SIZE = 4096
AIMED = ("tranche, memory", "tranche, redis")
OTHERS = ("tusd", "rustus", "original")


def run(work):
    with Lineup(work) as lineup:
        for tier in ("memory", "redis", "mongodb"):
            lineup.tier(tier)
        lineup.peers()
        for connections in (1, 8, 64):
            measure(work, lineup, connections)


def small(work):
    body = work.body(SIZE)
    return lambda peer, count: peer.small_requests(count, body)


def measure(work, lineup, connections):
    requests = small(work)
    counts = {label: contender.count(requests, connections, SIZE)
              for label, contender in lineup.contenders.items()}
    rounds = work.rounds() if connections == 8 else work.few()
    rounds.run({label: lambda c=contender: c.sample(connections)
                for label, contender in lineup.contenders.items()},
               lambda label: lineup.contenders[label].prepare(
                   requests, counts[label]))
    rates = {label: rounds.of(label, lambda s: s.rate) for label in counts}
    for label in counts:
        work.report.add("small", "4 KiB × %d: %s" % (connections, label), "/s",
                        rates[label], None, rounds.note)
    if connections == 8:
        for label in AIMED:
            for other in OTHERS:
                if other in rates:
                    aim = at_least(1) if other != "original" else None
                    work.report.add(
                        "small", "4 KiB × 8: %s / %s" % (label, other), "×",
                        ratios(rates[label], rates[other]), aim, rounds.note)
