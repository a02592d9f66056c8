# SPDX-License-Identifier: MIT
"""complete and abort at once, on one session, in every setting."""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from server import holds_open, wait_until
from wire.complete import zeros
from wire.row import MIB

ROUNDS = 5


def at_once(place, calls):
    """Runs the calls together, each with a client of its own; their
    answers."""
    barrier = threading.Barrier(len(calls))

    def run(call):
        with place.client.again() as client:
            client.connection.connect()
            barrier.wait()
            return call(client)

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def until_not_claimed(call):
    """As a client does: asks again while another holds the claim."""
    answers = [call()]

    def settled():
        answers[0] = call()
        return answers[0].status != 409 or answers[0].code != "claimed"

    if answers[0].status == 409 and answers[0].code == "claimed":
        wait_until(settled, 30, "the claim to be given back")
    return answers[0]


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_completes(place, turn):
    """Eight completes: one outcome, and the same answer to all that get
    one."""
    up = place.upload().put_all()
    answers = at_once(place, [lambda client: client.complete(up.sid)] * 8)
    done = [answer for answer in answers if answer.status == 201]
    others = [answer for answer in answers if answer.status != 201]
    assert all((answer.status, answer.code) == (409, "claimed")
               and answer.retry_after > 0 for answer in others), others
    assert done, answers
    assert all(answer.json == done[0].json for answer in done), done
    up.is_done()
    assert up.complete().json == done[0].json


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_complete_and_abort(place, turn):
    """One of them wins, both agree on which, and it stays so."""
    up = place.upload().put_all()
    completes = [lambda client: client.complete(up.sid)] * 2
    aborts = [lambda client: client.abort(up.sid)] * 2
    answers = at_once(place, completes + aborts)
    completed = until_not_claimed(up.complete)
    aborted = until_not_claimed(up.abort)
    if completed.status == 201:
        assert (aborted.status, aborted.code) == (409, "completed"), aborted
        assert {answer.code for answer in answers[2:]} <= {
            "completed", "claimed"}, answers
        up.is_done()
    else:
        assert (completed.status, completed.code) == (404, "not_found")
        assert aborted.status == 200, aborted
        assert all(answer.code in ("not_found", "claimed")
                   for answer in answers[:2]), answers
        up.is_gone()


def test_aborts(place):
    up = place.upload().put_all()
    answers = at_once(place, [lambda client: client.abort(up.sid)] * 8)
    assert all(answer.status == 200 or
               (answer.status, answer.code) == (409, "claimed")
               for answer in answers), answers
    assert until_not_claimed(up.abort).status == 200
    up.is_gone()


def test_while_completing(place):
    """While one complete is at work (here: its process is stopped in the
    middle) status says so, others are told to wait, uploads are taken."""
    for _ in range(20):
        if claimed(place):
            return
    raise AssertionError("no complete was ever seen at work")


def claimed(place):
    """False when the complete was too fast to be caught at work."""
    part = zeros(60 * MIB)
    up = place.upload(part, sent=(0,), isCompressed=True)
    with ThreadPoolExecutor(1) as pool, place.client.again() as other:
        first = pool.submit(other.complete, up.sid)
        stopped = stop_at_work(place, first)
        try:
            if up.status().json["state"] != "completing":
                return False
            others = [up.complete(), up.abort()]
            for answer in others:
                assert (answer.status, answer.code) == (409, "claimed")
                assert answer.retry_after > 0
            assert up.status().json["missing"] == []
            up.put(0)
            other_bytes = up.client.upload_raw(up.sid, 0, b"other")
            assert other_bytes.status == 409, other_bytes
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
        answer = first.result()
    assert answer.status == 201, answer
    assert answer.json["size"] == 60 * MIB
    assert up.status().json["result"] == answer.json
    return True


def stop_at_work(place, complete):
    """Stops the processes of complete that are writing to the sink."""
    while not complete.done():
        stopped = [pid for pid in place.serve.processes("complete")
                   if holds_open(pid, place.sink)]
        if stopped:
            for pid in stopped:
                os.kill(pid, signal.SIGSTOP)
            return stopped
    return []
