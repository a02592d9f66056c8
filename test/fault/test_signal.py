# SPDX-License-Identifier: MIT
"""A process that is asked to leave answers its request first: SIGTERM, and
SIGUSR1, which some process managers send for the same."""

import os
import signal
import socket

import pytest

import fcgi
import host
from server import wait_until
from trial import Trial

SECONDS = 5


def reads(pid):
    """Whether it waits for the rest of a request."""
    def waits():
        with open("/proc/%d/syscall" % pid) as said:
            number, *args = said.read().split()
        return number == "0" and os.readlink("/proc/%d/fd/%d" % (
            pid, int(args[0], 16))).startswith("socket:")
    wait_until(waits, SECONDS, "that it reads the request")


@pytest.mark.parametrize("sent", (signal.SIGTERM, signal.SIGUSR1),
                         ids=lambda s: s.name)
def test_in_the_middle_of_a_request(sent):
    with host.Host("memory", "file") as on:
        trial = Trial(on, "complete")
        trial.prepare()
        body = b'{"sessionId":"%s"}' % trial.history.sid.encode()
        records = fcgi.encode(fcgi.variables("POST", body=body), body)
        process, path = on.start("complete")
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(SECONDS)
            s.connect(str(path))
            s.sendall(records[:-20])
            reads(process.pid)
            process.send_signal(sent)
            s.sendall(records[-20:])
            received = b""
            while block := s.recv(65536):
                received += block
        answer = fcgi.answer(fcgi.decode(received))
        assert answer and answer.status == 201, received
        assert process.wait(SECONDS) == 0
