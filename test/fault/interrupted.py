# SPDX-License-Identifier: MIT
"""Requests whose process is disturbed at one of its system calls, by
interrupt-exec: the n-th that the fault can befall, from where a process is
ready for a request."""

import os
from pathlib import Path

from trial import Trial

# As calls.h has them. With a + it befalls all such calls from the n-th on, as
# on a disk that is full and stays so.
FAULTS = ("kill", "EINTR", "EIO", "ENOSPC", "EMFILE", "RESET", "short",
          "EIO+", "ENOSPC+", "EMFILE+")
# After these nothing is lost, and the request goes on as if nothing had been.
HARMLESS = {"EINTR", "short"}
# The call from which on they are counted. A CGI process has its request from
# the start; that is when it has read its environment (common/confine.c).
FROM = {"fcgi": "accept", "cgi": "umask"}


class Point:
    """One call of one request; is_of_system: it is about what is installed,
    as in the loading of a module. `where` says which it was, once run; "" when
    there were not so many."""

    def __init__(self, setting, sink, front, request, fault, n,
                 is_of_system=False):
        self.setting, self.sink, self.front = setting, sink, front
        self.request, self.fault, self.n = request, fault, n
        self.is_of_system = is_of_system
        self.where = ""

    def __str__(self):
        return "%s by %s on %s, sink %s: %s at call %s: %s" % (
            self.request, self.front, self.setting, self.sink, self.fault,
            self.n, self.where)

    @property
    def replay(self):
        return "TRANCHE_FAULT_POINT='%s %s %s %s %s %s%s'" % (
            self.setting, self.sink, self.front, self.request, self.fault,
            self.n, " system" if self.is_of_system else "")

    def victim(self, host, trial):
        """The request, disturbed. What was reported, line by line."""
        report = host.root / "report"
        trial.victim(prefix=(
            Path(os.environ["TRANCHE_TEST_BUILD"], "test", "fault",
                 "interrupt-exec"),
            self.fault, FROM[self.front], self.n, report),
            killed=self.fault == "kill")
        self.where, *counts = report.read_text().splitlines()
        return counts

    def run(self, host):
        trial = Trial(host, self.request)
        try:
            trial.prepare()
            self.victim(host, trial)
            self.check_harmless(trial)
            trial.recover()
            trial.check()
        except Exception as e:
            raise AssertionError("%s\nreplay: %s\n%s" % (
                self, self.replay, e)) from e
        return trial

    def check_harmless(self, trial):
        # libfcgi gives a connection up for it, which is a 502.
        if trial.told.answer is None and (
                self.where in ("accept ", "poll ")
                or self.where.endswith("the web server")):
            return
        # The loader does not read a library again; by its name, for which
        # call it is may be another one than when they were counted.
        if self.fault in HARMLESS and not (
                self.is_of_system or self.where.endswith(".so")):
            assert trial.told.is_done, "not survived: %s" % trial


def points(host, setting, sink, request):
    """All of a request's, by fault, as an undisturbed one counts them."""
    trial = Trial(host, request)
    trial.prepare()
    counts = Point(setting, sink, host.front, request, "kill", "-").victim(
        host, trial)
    trial.recover()
    trial.check()
    marks = dict(line.split(" ") for line in counts)
    return [Point(setting, sink, host.front, request, fault, i, mark == "s")
            for fault in FAULTS
            for i, mark in enumerate(marks[fault.rstrip("+")])]
