# SPDX-License-Identifier: MIT
"""One upload, of which one request is disturbed: brought up, disturbed,
finished as a client would, and looked at."""

import time

import invariants
from host import COOLDOWN_MS, LIMIT_MS, SLACK_SECONDS, Kept
from invariants import History
from upload import unique_id

# A JSON document in two chunks of text, cut within a surrogate pair, and one
# of raw bytes; each of another size.
PARTS = ('{"name":"trial","text":"\ud83d', "\ude00" + "z" * 9000,
         b'","last":"drei"}')
OLD_PARTS = ('{"name":"before","text":"', '","last":"eins"}')
NEXT_PARTS = ('{"name":"after","text":"', '","last":"vier"}')

# Which request is disturbed, by which function, with which chunks there.
SENT = {
    "start": None,
    "upload": (0, 1),
    "status": (0, 2),
    "complete": (0, 1, 2),
    "update": (0, 1, 2),
    "abort": (0, 1),
}
REQUESTS = tuple(SENT)
DONE = {"start": 200, "upload": 200, "status": 200, "complete": 201,
        "update": 200, "abort": 200}


class _Patient(Kept):
    """Fresh processes, for a client that meets a dead one's claim: it is told
    so, with Retry-After, and does not wait for the lease to end."""

    def __init__(self, trial):
        super().__init__(trial.host)
        self.trial = trial
        self.fresh = trial.host.fresh()

    def ask(self, function, params, body):
        answer = self.fresh.ask(function, params, body)
        assert answer, "an undisturbed process gave no answer: %s" % (
            self.host.log.read_text()[-2000:])
        if answer.status == 409 and answer.code == "claimed":
            assert answer.retry_after > 0, answer
            self.trial.claimed += 1
            self.host.end_lease(self.trial.history.sid)
        return answer


class Trial:
    """request is one of REQUESTS, on a Host.

        trial = Trial(host, "complete")
        trial.prepare()
        trial.victim(prefix=("interrupt-exec", ...))
        trial.recover()
        trial.check()
    """

    def __init__(self, host, request):
        self.host, self.request = host, request
        self.function = "complete" if request == "update" else request
        self.kept = Kept(host)
        self.log = host.root / "victim"
        self.claimed = 0        # answers of 409 claimed
        self.persistent_id = unique_id()

    def history_of(self, parts, **fields):
        return History(self.kept, parts, persistentId=self.persistent_id,
                       **fields)

    def prepare(self):
        """Everything before the request, undisturbed. No tier is kept off
        any more for what befell the request before."""
        time.sleep(1.5 * COOLDOWN_MS / 1000)
        self.log.unlink(missing_ok=True)
        if self.request == "update":
            before = self.history_of(OLD_PARTS)
            assert invariants.finish(before).status == 201, before
            self.history = self.history_of(PARTS, isUpdate=True)
        else:
            self.history = self.history_of(PARTS)
        if SENT[self.request] is None:
            return
        assert self.history.start().is_done, self.history
        for index in SENT[self.request]:
            assert self.history.upload(index).is_done, self.history

    def victim(self, prefix=(), env=None, killed=False):
        """The request, in a process that prefix and env disturb. killed: it
        is to end by SIGKILL, else by itself."""
        client = self.host.fresh(prefix, env, self.log)
        self.told = self.history.call(self.function, client)
        if self.told.failure:
            raise self.told.failure
        # The command of prefix gives its exit code; a signal as a shell does.
        if not killed:
            assert 0 <= client.code < 128, (
                "it ended by a signal: %s: %s" % (client.code, self))
        self.check_told()

    def check_told(self):
        """What may be answered when something inside fails: done, wait, or
        nothing; and that a tier is silent of which chunks may be in it."""
        told = self.told
        if told.answer is None:
            return
        if told.code == "missing_chunks":
            assert told.answer.retry_after > 0, "I1: %s" % self
            return
        assert (told.status == DONE[self.request]
                or (told.status, told.code) in ((503, "unavailable"),
                                                (507, "full"))), (
            "a wrong answer: %s" % self)

    def recover(self):
        """The client repeats the request on fresh processes until it is done,
        and ends its upload."""
        patient = _Patient(self)
        end = time.monotonic() + invariants.RECOVERY_SECONDS
        while True:
            told = self.history.call(self.function, patient)
            if told.status == DONE[self.request]:
                break
            assert invariants.must_wait(told) or (
                told.code == "missing_chunks" and told.answer.retry_after), (
                "it cannot be repeated: %s" % self)
            assert time.monotonic() < end, "I7: %s" % self
            invariants.pause(told)
        if self.function != "abort":
            told = invariants.finish(self.history)
            assert told.status == (200 if self.request == "update" else 201), (
                self)

    def check(self):
        history = self.history
        invariants.check_deadlines(history, LIMIT_MS / 1000 + SLACK_SECONDS)
        if self.function == "abort":
            self.check_aborted()
            return
        invariants.check(history, self.host.sink,
                         LIMIT_MS / 1000 + SLACK_SECONDS)
        # The tier that failed is silent for a while, also to who tries again.
        invariants.check_kept(history, all_answer=False)
        told = history.upload(0)
        assert told.code == "completed", "%r: %s" % (told, self)
        self.check_applied_once()

    def check_aborted(self):
        history = self.history
        # A tier that failed is left alone, also by who gives a claim back.
        while (told := history.abort(_Patient(self))).code == "claimed":
            pass
        assert told.status == 200, self
        for function in ("status", "complete", "upload"):
            told = history.call(function)
            assert told.status == 404, "%r: %s" % (told, self)
        assert not self.host.sink.documents(self.persistent_id), self

    def check_applied_once(self):
        """After a later update the first complete, repeated, does nothing."""
        later = self.history_of(NEXT_PARTS, isUpdate=True)
        assert invariants.finish(later).status == 200, later
        invariants.check_once(self.history, self.host.sink)
        document, = self.host.sink.documents(self.persistent_id)
        content, = later.contents()
        assert self.host.sink.fits(document, content), self

    def __repr__(self):
        said = (self.log.read_text(errors="replace")
                if self.log.exists() else "")
        return "%s in %s\nIts log:\n%s" % (self.request, self.history,
                                           said[-3000:])
