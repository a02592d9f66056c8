# SPDX-License-Identifier: MIT
"""What a chunk costs when its session has many, and when there are many
sessions: CPU of functions and tier, in chunks of 4 KiB, for there it shows."""

import load
from figures import ratios
from lineup import Lineup
from report import at_most
from tranche import raw_request, start_request

SIZE = 4096
SAMPLE = 100            # chunks
CHUNKS = (10, 1000, 10000)
SESSIONS = {"memory": (10, 1000, 100000), "redis": (10, 1000, 100000),
            "mongodb": (10, 1000, 10000)}
SESSIONS_QUICK = (10, 1000, 10000)
ROOM = 40000            # chunks that a session may have here
BATCH = 20000
FLAT = at_most(1.2)


def run(work):
    for tier in SESSIONS:
        by_chunks(work, tier)
        by_sessions(work, tier)


def cost(sample):
    return sample.cpu_us("server", "store")


class Session:
    """One that is filled further with each sample."""

    def __init__(self, contender, body):
        self.contender = contender
        self.body = body
        self.next = 0
        self.id = contender.peer.start(ROOM, SIZE)

    def fill(self, count, connections):
        self.contender.lists = [
            [raw_request(self.id, self.next + n, self.body)]
            for n in range(count)]
        self.next += count
        return self.contender.sample(connections, must_stay=False)

    def sample(self):
        return self.fill(SAMPLE, 1)


def by_chunks(work, tier):
    body = work.body(SIZE)
    env = {"TRANCHE_MAX_CHUNKS": str(ROOM), "TRANCHE_MAX_REQUESTS": "0"}
    sizes = CHUNKS[:2] if work.quick and tier == "mongodb" else CHUNKS
    with Lineup(work) as lineup:
        contender = lineup.tier(tier, env=env, workers=4)
        sessions = {size: Session(contender, body) for size in sizes}
        for size, session in sessions.items():
            session.fill(size, 8)

        def before(size):
            if size == CHUNKS[0]:   # or it would be no longer the small one
                sessions[size] = Session(contender, body)
                sessions[size].fill(size, 1)

        rounds = work.rounds().run(
            {size: lambda size=size: sessions[size].sample()
             for size in sizes}, before)
    show(work, rounds, tier, "chunks in the session")


def by_sessions(work, tier):
    body = work.body(SIZE)
    numbers = SESSIONS_QUICK if work.quick else SESSIONS[tier]
    if work.quick and tier == "mongodb":
        numbers = numbers[:2]
    with Lineup(work) as lineup:
        contenders = {}
        for place, number in enumerate(numbers):
            # A store each, or all would have the most.
            contenders[number] = lineup.tier(
                tier, "%s, %d sessions" % (tier, number),
                dict(apart(work, tier, place), TRANCHE_MAX_REQUESTS="0"),
                workers=4)
            starts(work, contenders[number].peer, number)

        def before(number):
            contenders[number].prepare(
                lambda peer, count: [[request] for request in
                                     peer.chunk_requests(count, SIZE, body)],
                SAMPLE)

        rounds = work.rounds().run(
            {number: lambda c=contender: c.sample(1, must_stay=False)
             for number, contender in contenders.items()}, before)
    show(work, rounds, tier, "sessions")


def apart(work, tier, place):
    """A database of its own; a serve has a memory folder of its own anyway."""
    if tier == "redis":
        return {"REDIS_URL": "%s?db=%d" % (work.redis.unix, place + 1)}
    if tier == "mongodb":
        return {"MONGODB_URI": "%s_%d" % (work.mongodb.uri, place)}
    return {}


def starts(work, peer, number):
    for at in range(0, number, BATCH):
        request = start_request(1, SIZE)
        load.send(work.build, peer.url,
                  [[request]] * min(BATCH, number - at), 64)


def show(work, rounds, tier, what):
    least = min(rounds.samples)
    for number in rounds.samples:
        work.report.add("growth", "a chunk of 4 KiB, %s, %s %s" % (
            tier, "{:,}".format(number), what), "us CPU",
            rounds.of(number, cost), None, rounds.note)
    for number in rounds.samples:
        if number != least:
            work.report.add(
                "growth", "%s, %s %s / %d" % (
                    tier, "{:,}".format(number), what, least), "×",
                ratios(rounds.of(number, cost), rounds.of(least, cost)), FLAT,
                rounds.note)
