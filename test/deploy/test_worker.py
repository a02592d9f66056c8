# SPDX-License-Identifier: MIT
"""A function's process may be killed at any time."""

import family
import uploads
from client import Client
from server import wait_until

REQUESTS = 20
SECONDS = 5


def kill(shell, victims):
    """Until they are gone: one that is dying may still take a request, which
    is then lost (502)."""
    family.kill(victims)
    wait_until(lambda: not victims & shell.processes(), SECONDS, "their end")


def workers(shell, count):
    """The processes of upload, once there are as many."""
    def found():
        return family.named(shell.processes(), "upload")
    wait_until(lambda: len(found()) == count, SECONDS, "%d of them" % count)
    return found()


def test_one_that_is_killed_is_replaced(shell):
    serve = shell.serve()
    victim = min(workers(shell, 4))
    sid = uploads.begin(serve.url)
    kill(shell, {victim})
    with Client(serve.url) as client:
        for _ in range(REQUESTS):
            uploads.put(client, sid, 1)
    assert victim not in workers(shell, 4)
    uploads.finish(serve.url, sid)


def test_all_may_be_killed_again_and_again(shell):
    serve = shell.serve("--workers", 2)
    for _ in range(3):
        sid = uploads.begin(serve.url)
        for name in ("start", "upload", "complete"):
            kill(shell, family.named(shell.processes(), name))
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
    first = workers(shell, 1)
    wait_until(lambda: not first & shell.processes(), SECONDS,
               "the end of an idle process")
    uploads.works(serve.url, shell.state / "files")
