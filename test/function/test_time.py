# SPDX-License-Identifier: MIT
"""What happens when a session's time is over."""

import datetime
import time

import pytest

from conftest import TWO
from place import Place
from server import wait_until
from wire.row import UNKNOWN, is_time

TTL_SECONDS = 4


@pytest.fixture(scope="module", params=TWO)
def short(request, clean):
    with Place(request.param, {"TRANCHE_TTL": str(TTL_SECONDS)}) as made:
        yield made


def sleep_until(moment):
    time.sleep(max(0, moment - time.time()))


def expires(up):
    return is_time(up.started.json["expiresAt"]).timestamp()


def test_expired(short):
    """404 to each call, never 400 and never 503; nothing in the sink."""
    open_one = short.upload().put_all()
    early = short.upload()
    aborted = short.upload()
    assert aborted.abort().status == 200
    done = short.upload()
    answer = done.completes()
    sleep_until(expires(done) + 0.1)
    # Its tiers still have it, and the answer that was lost can be had.
    again = done.complete()
    if time.time() < expires(done) + TTL_SECONDS / 4:
        assert (again.status, again.json) == (201, answer.json)
    for up in (open_one, early, aborted):
        is_absent(up)
    wait_until(lambda: done.status().status == 404, 10,
               "a completed session to be forgotten")
    sleep_until(expires(done) + TTL_SECONDS / 4 + 0.1)
    is_absent(done)
    assert short.stored(done.persistent_id) == done.content
    assert not short.has(open_one.persistent_id)


def is_absent(up):
    for answer in (up.status(), up.complete(), up.abort(),
                   up.client.upload_text(up.sid, 0, "one "),
                   up.client.upload_raw(up.sid, 1, b"other"),
                   up.client.upload_raw(up.sid, 99, b"x")):
        assert (answer.status, answer.code) == (404, "not_found"), answer
        assert answer.json["error"] == UNKNOWN


def test_says_its_time(short):
    up = short.upload()
    assert up.client.send("GET", "status").json["ttl"] == TTL_SECONDS
    left = is_time(up.started.json["expiresAt"]) - datetime.datetime.now(
        datetime.timezone.utc)
    assert 0 < left.total_seconds() <= TTL_SECONDS
    up.completes()
