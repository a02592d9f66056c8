# SPDX-License-Identifier: MIT
"""A function's process may be killed at any time."""

import family
import uploads
from client import Client
from server import wait_until

REQUESTS = 20


def test_one_that_is_killed_is_replaced(shell):
    serve = shell.serve()
    workers = family.named(shell.processes(), "upload")
    assert len(workers) == 4
    sid = uploads.begin(serve.url)
    family.kill({min(workers)})
    with Client(serve.url) as client:
        for _ in range(REQUESTS):
            uploads.put(client, sid, 1)
    assert len(family.named(shell.processes(), "upload")) == 4
    uploads.finish(serve.url, sid)


def test_all_may_be_killed_again_and_again(shell):
    serve = shell.serve("--workers", 2)
    for _ in range(3):
        sid = uploads.begin(serve.url)
        for name in ("start", "upload", "complete"):
            family.kill(family.named(shell.processes(), name))
        uploads.finish(serve.url, sid)
    uploads.works(serve.url, shell.state / "files")


def test_each_ends_after_its_requests_and_is_replaced(shell):
    serve = shell.serve("--workers", 1, TRANCHE_MAX_REQUESTS="1")
    sid = uploads.begin(serve.url)
    with Client(serve.url) as client:
        for _ in range(REQUESTS):
            uploads.put(client, sid, 1)
    uploads.finish(serve.url, sid)


def test_one_that_is_idle_ends_and_is_replaced(shell):
    serve = shell.serve("--workers", 1, TRANCHE_IDLE_TIMEOUT="100")
    first = family.named(shell.processes(), "upload")
    wait_until(
        lambda: not first & family.named(shell.processes(), "upload"),
        5, "the end of an idle process")
    uploads.works(serve.url, shell.state / "files")
