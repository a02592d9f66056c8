# SPDX-License-Identifier: MIT
"""What must be true, told from the bytes sent, the answers, the faults and
what the sink holds. It shares nothing with the program that it judges.

Of each session it keeps what is certain (which tiers have its record, its
state, its chunks) and what is possible (which contents, which ends). An answer
that the certain things exclude is a Violation, one that a slow moment may
explain is Unsettled: it is asked for again once all tiers have answered.
"""

from typing import NamedTuple

from storm_content import Content

# Codes that say an upload can never become a document.
HOPELESS = {"bad_data", "mismatch"}


class Violation(Exception):
    def __init__(self, invariant, words):
        super().__init__("%s: %s" % (invariant, words))
        self.invariant = invariant


class Unsettled(Violation):
    """Wrong, unless a tier has just been slower than its timeout."""


class Context(NamedTuple):
    """How the host stood while a request was at work."""
    tiers: tuple        # that it has, in order
    copies: int
    clear: frozenset    # that answered for certain, all the while
    silent: frozenset   # that did not for certain
    fickle: frozenset   # that may forget or refuse what they are given
    sink_clear: bool
    touched: frozenset  # tiers that had any fault in this history
    mates: tuple        # other ops on the same session at the same time
    killed: bool        # the process may have been

    @property
    def shared(self):
        return [t for t in self.tiers if t != "memory"] or list(self.tiers)

    @property
    def calm(self):
        return set(self.tiers) <= self.clear and self.sink_clear


class Session:
    def __init__(self, plan, mark, is_json):
        self.number = plan["s"]
        self.plan = plan
        self.content = Content(plan, mark, is_json)
        self.total = len(self.content.variants)
        self.sid = None
        self.is_update = bool(plan.get("update"))
        self.pid = "%s-%s" % (mark, plan["pid"]) if plan.get("pid") else None
        # Certain: tiers that have the record, completed, aborted; of each
        # index the tiers that have a chunk, and which content.
        self.record, self.done, self.gone = set(), set(), set()
        self.where = [{} for _ in range(self.total)]
        # Possible: contents that may be at an index.
        self.stored = [set() for _ in range(self.total)]
        self.complete_started = False   # one may have been done
        self.complete_open = False      # one may be done without an answer
        self.abort_started = False
        self.lingers = False            # a claim may be held by nobody
        self.uneven = False             # a tier's count may be behind
        self.robbed = set()             # tiers that lost single chunks
        self.first = None               # (status, body) of a complete
        self.began = self.ended = None  # order of its complete
        self.doomed = None              # why it cannot be completed

    @property
    def tainted(self):
        return any(len(v) > 1 or 1 in v for v in self.stored)

    @property
    def over(self):
        """Its chunks may have been dropped."""
        return self.complete_open or self.abort_started

    def lose(self, tier, what):
        """A tier lost all of it (None), its record, or a chunk."""
        if what in (None, "record"):
            for each in (self.record, self.done, self.gone):
                each.discard(tier)
        if isinstance(what, int):
            self.robbed.add(tier)
        if what != "record":
            for index, tiers in enumerate(self.where):
                if what in (None, index):
                    tiers.pop(tier, None)

    def lose_chunks(self, tier):
        self.robbed.add(tier)
        for tiers in self.where:
            tiers.pop(tier, None)


class Model:
    def __init__(self, mark, is_json, copies):
        self.mark = mark
        self.is_json = is_json
        self.copies = copies
        self.sessions = {}
        self.clock = 0

    def now(self):
        self.clock += 1
        return self.clock

    def lose(self, tier, number, what, is_list=False):
        for session in self.sessions.values():
            if number in (None, session.number):
                if is_list:
                    session.lose_chunks(tier)
                else:
                    session.lose(tier, what)

    # What begins: from now on it may have been done.

    def begin(self, op):
        do = op["do"]
        if do == "start":
            self.sessions[op["s"]] = Session(op, self.mark, self.is_json)
            return
        session = self.sessions[op["s"]]
        if op.get("stranger") or op.get("breaks"):
            return
        if do == "upload":
            # A client whose body broke off has sent nothing.
            op["was"] = op["alt"] in session.stored[op["i"]]
            session.stored[op["i"]].add(op["alt"])
        elif do == "complete":
            session.complete_started = True
            if session.began is None:
                session.began = self.now()
        elif do == "abort":
            session.abort_started = True

    # Rules for one answer; the certain things are those from before it.

    def judge(self, op, reply, context):
        if op.get("breaks"):
            return
        if reply is None:
            if not context.killed:
                raise Violation("answer", "no answer to %s" % op["do"])
            return
        session = self.sessions[op["s"]]
        if op.get("stranger"):
            self.judge_stranger(reply)
            return
        rules = {404: self.judge_404, 409: self.judge_409,
                 503: self.judge_503, 507: self.judge_507}
        if reply.status == 503 and reply.retry_after < 1:
            raise Violation("I4", "503 without Retry-After")
        if reply.status in rules:
            rules[reply.status](op, session, reply, context)
            return
        getattr(self, "judge_" + op["do"])(op, session, reply, context)

    @staticmethod
    def judge_stranger(reply):
        if reply.status not in (404, 503):
            raise Violation("I4", "another owner was answered %s" % reply)

    def judge_404(self, op, session, reply, context):
        if reply.code == "no_route" and op["do"] == "complete":
            target = self.creator(session.pid)
            if session.is_update and not target:
                return
            raise Violation("I3", "no route, but there is one: %s" % reply)
        if reply.code != "not_found":
            raise Violation("wire", "a 404 that says %s" % reply)
        certain = session.record & set(context.tiers)
        if certain and not session.abort_started:
            raise Violation("I4", "404 for a session that is in %s"
                            % sorted(certain))

    def creator(self, pid):
        """The session whose document is certainly there."""
        return next((s for s in self.sessions.values()
                     if s.pid == pid and not s.is_update and s.first), None)

    def judge_409(self, op, session, reply, context):
        code = reply.code
        if code == "claimed" and op["do"] in ("complete", "abort"):
            mates = [m for m in context.mates
                     if m["do"] in ("complete", "abort")]
            if not mates and not session.lingers:
                raise Violation("claim", "nobody is at work: %s" % reply)
        elif code == "conflict" and op["do"] == "upload":
            if len(session.stored[op["i"]]) < 2:
                raise Violation("I1", "conflict with nothing: %s" % reply)
        elif code == "completed" and op["do"] in ("upload", "abort"):
            if not session.complete_started:
                raise Violation("I3", "never completed: %s" % reply)
        elif code == "taken" and op["do"] == "complete":
            others = [s for s in self.sessions.values()
                      if s is not session and s.complete_started
                      and s.pid and s.pid == session.pid and not s.is_update]
            if session.is_update or not others:
                raise Violation("I3", "taken by nobody: %s" % reply)
        else:
            raise Violation("wire", "%s to %s" % (reply, op["do"]))

    def judge_503(self, op, session, reply, context):
        if context.calm:
            raise Unsettled("I7", "503 while all is well")
        clear = set(context.tiers) & context.clear
        if op["do"] == "start":
            fine = len(clear & set(context.shared)) >= context.copies
        elif op["do"] == "upload":
            fine = (clear & session.record if context.copies == 1 else
                    len(clear) >= 2)
        elif op["do"] == "status":
            fine = clear & session.record and not session.complete_started
        else:
            # Who comes and goes may be there for the list of chunks alone.
            fine = (clear & session.record and context.sink_clear
                    and set(context.tiers) - clear <= context.silent)
        if fine:
            raise Unsettled("I7", "503 while %s answers" % sorted(clear))

    def judge_507(self, op, session, reply, context):
        clear = set(context.shared) & context.clear
        if len(clear) >= context.copies or op["do"] == "status":
            raise Unsettled("full", "full: %s" % reply)

    def judge_start(self, op, session, reply, context):
        if reply.status != 200:
            raise Violation("wire", "start said %s" % reply)

    def judge_upload(self, op, session, reply, context):
        if reply.status == 413 and session.plan.get("greedy"):
            return
        if reply.status != 200:
            raise Violation("I1", "upload said %s" % reply)
        said = reply.json
        if said["success"] is not True or said["totalChunks"] != session.total:
            raise Violation("wire", "upload said %s" % reply)
        self.judge_first_wins(op, session, reply, context)
        self.judge_count(op, session, reply, context)
        self.judge_state(session, context, first_only=True)

    @staticmethod
    def judge_first_wins(op, session, reply, context):
        """Other bytes at an index that is taken are refused."""
        taken = context.shared if context.copies > 1 else [reply.tier]
        holds = [session.where[op["i"]].get(t) for t in taken]
        if all(h not in (None, op["alt"]) for h in holds):
            raise Violation("I1", "%s has other bytes at %d and took these"
                            % (taken, op["i"]))

    def judge_count(self, op, session, reply, context):
        count = reply.json["receivedChunks"]
        most = sum(map(bool, session.stored))
        if reply.tier in session.robbed:
            # It is counted as it goes, not what somebody else takes away.
            most = session.total
        if not 1 <= count <= most:
            raise Violation("count", "%d received of %d that were sent"
                            % (count, most))
        if context.touched or context.mates or session.uneven:
            return
        held = {i for i, tiers in enumerate(session.where)
                if reply.tier in tiers} | {op["i"]}
        if count != len(held):
            raise Unsettled("count", "%d received, %d are held"
                            % (count, len(held)))
        if session.plan.get("greedy"):
            self.judge_greed(session, held)

    @staticmethod
    def judge_greed(session, held):
        held = sum(len(session.content.bytes_of(i, 0)) for i in held)
        if held > 3 * session.content.size:
            raise Violation("limit", "%d bytes are held for %d"
                            % (held, session.content.size))

    @staticmethod
    def judge_state(session, context, first_only=False):
        """That it is open is not said by a tier that knows better."""
        asked = set(context.tiers[:1] if first_only else context.tiers)
        asked &= context.clear
        if session.done & asked:
            raise Violation("I3", "completed says %s, and it goes on"
                            % sorted(session.done & asked))
        if session.gone & asked:
            raise Violation("I4", "aborted says %s, and it goes on"
                            % sorted(session.gone & asked))

    def judge_status(self, op, session, reply, context):
        if reply.status != 200:
            raise Violation("wire", "status said %s" % reply)
        said = reply.json
        if said["totalChunks"] != session.total:
            raise Violation("I2", "totalChunks is another: %s" % reply)
        if said["state"] == "completed":
            self.judge_completed(session, reply, context)
            return
        if said["state"] == "completing":
            busy = [m for m in context.mates
                    if m["do"] in ("complete", "abort")]
            if not busy and not session.lingers:
                raise Violation("claim", "nobody is completing: %s" % reply)
        elif said["state"] != "open":
            raise Violation("wire", "state %s" % said["state"])
        self.judge_state(session, context)
        missing = self.judge_missing(session, reply, context)
        if said["receivedChunks"] != session.total - len(missing):
            raise Violation("I1", "receivedChunks does not fit: %s" % reply)
        if not session.tainted:
            size = sum(len(session.content.bytes_of(i, 0))
                       for i in range(session.total) if i not in missing)
            if said["receivedBytes"] != size:
                raise Violation("I1", "receivedBytes is not %d: %s"
                                % (size, reply))

    def judge_completed(self, session, reply, context):
        said = reply.json
        if not session.complete_started:
            raise Violation("I3", "never completed: %s" % reply)
        if said["missing"] or said["receivedChunks"] != session.total:
            raise Violation("I1", "completed, but not whole: %s" % reply)
        if session.first:
            self.judge_same(session, session.first[0], said["result"])

    def judge_missing(self, session, reply, context):
        missing = {i for first, last in reply.json["missing"]
                   for i in range(first, last + 1)}
        waits = reply.retry_after > 0
        for i in range(session.total):
            if i not in missing and not session.stored[i]:
                raise Violation("I1", "chunk %d was never sent" % i)
            if i not in missing or session.over:
                continue
            certain = (set(session.where[i]) & context.clear
                       & set(context.tiers))
            if certain:
                kind = Unsettled if waits else Violation
                raise kind("I1", "chunk %d is in %s and said to be missing"
                           % (i, sorted(certain)))
        if missing and context.silent and not waits:
            raise Violation("I1", "missing, %s is silent, and nobody is told "
                            "to wait" % sorted(context.silent))
        return missing

    def judge_complete(self, op, session, reply, context):
        if reply.status in (200, 201):
            self.judge_done(session, reply, context)
        elif reply.code == "missing_chunks" and reply.status == 400:
            self.judge_state(session, context)
            if not self.judge_missing(session, reply, context):
                raise Violation("I1", "nothing is missing: %s" % reply)
        elif reply.code in HOPELESS and reply.status in (400, 422):
            if not (session.tainted or session.plan.get("greedy")
                    or "broken" in (session.plan.get("compress") or "")):
                raise Violation("I2", "what was sent is right: %s" % reply)
        else:
            raise Violation("wire", "complete said %s" % reply)

    def judge_done(self, session, reply, context):
        if reply.status != (200 if session.is_update else 201):
            raise Violation("I3", "an %s said %s" % (
                "update" if session.is_update else "create", reply))
        lacks = [i for i, v in enumerate(session.stored) if not v]
        if lacks:
            raise Violation("I2", "done without chunks %s: %s"
                            % (lacks, reply))
        gone = session.gone & context.clear & set(context.tiers)
        if gone and not session.first and not session.complete_open:
            raise Violation("I4", "aborted says %s, and: %s"
                            % (sorted(gone), reply))
        if session.pid and reply.json["persistentId"] != session.pid:
            raise Violation("I3", "persistentId is not %s: %s"
                            % (session.pid, reply))
        if session.first:
            self.judge_same(session, reply.status, reply.json, session.first)

    def judge_same(self, session, status, said, first=None):
        """Every answer to complete is the first one."""
        before = session.first[1]
        names = ["persistentId"]
        if not self.is_json:
            names = list(before)
        if first and first[0] != status or any(
                before[name] != said.get(name) for name in names):
            raise Violation("I3", "complete said %s before, and now %s"
                            % (before, said))

    def judge_abort(self, op, session, reply, context):
        if reply.status != 200 or reply.json != {"success": True}:
            raise Violation("wire", "abort said %s" % reply)
        if session.first:
            raise Violation("I3", "aborted after it was completed")

    # What follows from an answer.

    def learn(self, op, reply, context):
        session = self.sessions[op["s"]]
        do = op["do"]
        if op.get("stranger") or op.get("breaks"):
            return
        if do in ("complete", "abort"):
            session.record -= context.fickle
            if not context.calm or reply is None or context.killed:
                session.lingers = True
        if reply is None or context.killed:
            session.uneven = True
        if reply is None:
            session.complete_open |= do == "complete"
            return
        clear = set(context.shared) & context.clear
        if do == "start" and reply.status == 200:
            session.sid = reply.json["sessionId"]
            session.record |= clear | self.named(reply, context)
        elif do == "upload" and reply.status == 200:
            self.learn_chunk(op, session, reply, context)
        elif do == "status" and reply.status == 200:
            session.record |= clear
            if reply.json["state"] == "completed":
                session.done |= clear | self.named(reply, context)
        elif do == "complete" and reply.status in (200, 201):
            self.learn_done(session, reply, context)
        elif do == "abort" and reply.status == 200:
            session.record |= clear
            session.gone |= clear
        if do == "complete":
            session.complete_open |= reply.status in (200, 201, 503, 507)
        if do == "upload" and reply.status in (400, 409, 413):
            self.learn_refusal(op, session, context)

    @staticmethod
    def named(reply, context):
        """The tier that the answer names, where that is worth something."""
        return {reply.tier} - context.fickle if reply.tier else set()

    def learn_chunk(self, op, session, reply, context):
        if context.copies > 1:
            session.record |= set(context.shared) & context.clear
            taken = set(context.shared) & context.clear
        else:
            taken = self.named(reply, context)
        session.where[op["i"]].update(dict.fromkeys(taken, op["alt"]))
        first = context.tiers[0]
        if first in context.clear and first in context.shared:
            session.record.add(first)

    @staticmethod
    def learn_refusal(op, session, context):
        """What was refused, and never taken before, is not there."""
        many = any(m["do"] == "upload" and m["i"] == op["i"]
                   and m["alt"] == op["alt"] for m in context.mates)
        if not op["was"] and not many:
            session.stored[op["i"]].discard(op["alt"])

    def learn_done(self, session, reply, context):
        named = self.named(reply, context)
        alone = not session.complete_open and not any(
            m["do"] == "complete" for m in context.mates)
        if alone:
            named |= set(context.shared) & context.clear
        session.done |= named
        session.record |= named
        if not session.first:
            session.first = (reply.status, reply.json)
            session.ended = self.now()
            if not session.pid:
                session.pid = reply.json["persistentId"]
