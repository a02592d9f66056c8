# SPDX-License-Identifier: MIT
"""JSON chunks of 512,000 characters by their kind of text, beside the same
number of raw bytes."""

import base64
import os

from figures import ratios
from lineup import Lineup
from report import at_most

TEXT = 512000
CHUNKS = 60
RAW = "raw"
AIMS = {"base64": at_most(1.25), "an escape each 64": at_most(1.4),
        "an escape each 8": at_most(2.5)}


def texts():
    """As they stand in a JSON string."""
    plain = base64.b64encode(os.urandom(TEXT)).decode()[:TEXT]
    return {"base64": plain,
            "an escape each 64": every(plain, 64),
            "an escape each 8": every(plain, 8),
            "emoji": "\U0001f6b2" * (TEXT // 2)}


def every(text, count):
    """Of so many characters one is an escape."""
    return "".join(text[at:at + count - 1] + "\\n"
                   for at in range(0, len(text), count))


def run(work):
    with Lineup(work) as lineup:
        measure(work, lineup.tier("redis"))


def measure(work, contender):
    makers = {RAW: lambda peer, count: peer.chunk_requests(
        count, TEXT, work.body(TEXT))}
    for kind, text in texts().items():
        path = work.folder / "text"
        path = path.with_name("text-" + kind.replace(" ", "-"))
        path.write_text(text)
        makers[kind] = lambda peer, count, path=path: (
            peer.json_chunk_requests(count, TEXT, path))

    def before(kind):
        contender.prepare(lambda peer, count: [
            [request] for request in makers[kind](peer, count)], CHUNKS)

    rounds = work.rounds().run(
        {kind: lambda: contender.sample(1) for kind in makers}, before)
    cpu = {kind: rounds.of(kind, lambda s: s.cpu_us("server"))
           for kind in makers}
    for kind in makers:
        work.report.add("json", "512,000 characters, redis, function CPU: "
                        + kind, "us", cpu[kind], None, rounds.note)
    for kind in makers:
        if kind != RAW:
            work.report.add("json", "CPU of %s / raw" % kind, "×",
                            ratios(cpu[kind], cpu[RAW]), AIMS.get(kind),
                            rounds.note)
