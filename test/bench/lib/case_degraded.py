# SPDX-License-Identifier: MIT
"""Redis before the memory tier: refused, hung, and its breaker open; beside a
deployment that has no Redis. In each the memory tier takes the chunks."""

import time

import load
import stores
from contender import Sample, single
from figures import percentile, ratios
from lineup import Lineup, chunks
from report import at_least, at_most

CHUNK = 64 * 1024
CONNECTIONS = 8
HUNG_CHUNKS = 9000
COOLDOWN_S = 2
HUNG_S = 7              # three cool-downs
TIMEOUT_S = 1
NONE, OPEN = "no Redis", "breaker open"
REFUSED = "Redis refused"


def run(work):
    port = stores.free_port()
    refused = {"TRANCHE_TIERS": "redis,memory",
               "REDIS_URL": "redis://127.0.0.1:%d/0" % port}
    with Lineup(work) as lineup:
        lineup.tier("memory", NONE, workers=4)
        # It fails once, when the first session is started, and rests then.
        lineup.tier("memory", OPEN, dict(refused, TRANCHE_COOLDOWN="600000"),
                    workers=4)
        # 5 s, the default: it is tried again and again.
        lineup.tier("memory", REFUSED, refused, workers=4)
        for contender in lineup.contenders.values():
            contender.env = {}      # no store's CPU is to be counted
        side_by_side(work, lineup)
    hung(work)


def side_by_side(work, lineup):
    requests = chunks(work, CHUNK)
    counts = {label: contender.count(requests, CONNECTIONS, CHUNK)
              for label, contender in lineup.contenders.items()}
    rounds = work.rounds().run(
        {label: lambda c=contender: c.sample(CONNECTIONS)
         for label, contender in lineup.contenders.items()},
        lambda label: lineup.contenders[label].prepare(requests,
                                                       counts[label]))
    for label in rounds.samples:
        show(work.report, label, rounds.of(label), rounds.note)
    for what, of, aim in (
            ("function CPU", lambda s: s.cpu_us("server"), at_most(1.1)),
            ("p50", lambda s: s.p50, at_most(1.1)),
            ("chunks a second", lambda s: s.rate, at_least(1 / 1.1))):
        work.report.add("degraded", "%s: %s / %s" % (what, OPEN, NONE), "×",
                        ratios(rounds.of(OPEN, of), rounds.of(NONE, of)), aim,
                        rounds.note)


def show(report, label, samples, note=""):
    about = "64 KiB × %d, %s" % (CONNECTIONS, label)
    report.add("degraded", about + ": p50", "ms", [s.p50 for s in samples],
               None, note)
    report.add("degraded", about + ": p99", "ms", [s.p99 for s in samples],
               None, note)
    report.add("degraded", about, "/s", [s.rate for s in samples], None, note)


def hung(work):
    """A Redis that takes connections and answers nothing. Sessions are started
    while it hangs; then its cool-down ends, and chunks come."""
    with stores.Redis() as redis, Lineup(work) as lineup:
        contender = lineup.tier("memory", "Redis hung", {
            "TRANCHE_TIERS": "redis,memory", "REDIS_URL": redis.unix,
            "TRANCHE_COOLDOWN": str(COOLDOWN_S * 1000)}, workers=4)
        redis.pause()
        try:
            contender.prepare(chunks(work, CHUNK), HUNG_CHUNKS)
            time.sleep(COOLDOWN_S)
            run = load.send(work.build, contender.peer.url, contender.lists,
                            CONNECTIONS, seconds=HUNG_S)
        finally:
            redis.pause(False)
    show(work.report, "Redis hung", [Sample(
        run.done, run.rate, run.sent, percentile(run.took_ns, 0.50) / 1e6,
        percentile(run.took_ns, 0.99) / 1e6, {})])
    slow = [at for at, took in zip(run.at_ns, run.took_ns)
            if took > 0.9e9 * TIMEOUT_S]
    # Who was at work already when it was noticed, and then one at a time.
    tries = HUNG_S / (COOLDOWN_S + TIMEOUT_S)
    work.report.add(
        "degraded", "Redis hung for %d s, cool-down of %d s: chunks that "
        "waited for it" % (HUNG_S, COOLDOWN_S), "", [len(slow)],
        at_most(CONNECTIONS + round(tries)),
        "%d at first" % len([at for at in slow if at < 1e9 * TIMEOUT_S]))
