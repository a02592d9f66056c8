# SPDX-License-Identifier: MIT
"""Runs one history in a world, and judges it."""

import threading
import time

import storm_wire as wire
from storm_hosts import COMPLETE_MS, MONGODB_MS, REDIS_MS, REQUEST_MS
from storm_end import End
from storm_model import Context, Model, Unsettled, Violation
from storm_world import RECOVERY_SECONDS

OPS = ("start", "upload", "status", "complete", "abort")
TIMEOUT_SECONDS = {"redis": REDIS_MS / 1000, "mongodb": MONGODB_MS / 1000,
                   "memory": 1}
# Over its own deadline, for giving claims back (2 s) and a busy machine.
GRACE_SECONDS = 4
TRIES_MAX = 6       # for an answer that a slow moment may explain


class Run(End):
    """One history. `script` is a list of steps as storm_script makes them."""

    def __init__(self, world, script, mark, trace=None):
        self.world = world
        self.script = script
        self.model = Model(mark, world.setting.sink == "mongodb",
                           world.setting.copies)
        self.trace = trace or (lambda *_: None)
        self.clear = {h.number: set(h.tiers) for h in world.hosts}
        self.touched = set()
        self.requests = 0
        self.retried = 0
        self.kills = 0
        self.codes = {}

    def go(self):
        """Raises the Violation that it finds."""
        self.world.forget()
        for host in self.world.hosts:
            self.settle(host.number)
        for step in self.script:
            self.trace(step)
            if step["do"] == "burst":
                self.burst(step["ops"], step.get("mid", ()))
            elif step["do"] in OPS:
                self.burst([step], step.get("mid", ()))
            elif step["do"] == "settle":
                self.settle_all()
            else:
                self.change(step)
        self.finish()

    # Faults.

    def change(self, step):
        """Returns what it touched and what is lost, as the model knows it."""
        step = dict(step)
        if "s" in step:
            session = self.model.sessions.get(step["s"])
            if not session or not session.sid or step.get("i", 0) >= \
                    session.total:
                return set(), set()
            step["sid"] = session.sid
            if "i" in step:
                step["size"] = len(session.content.bytes_of(step["i"], 0))
        touched, lost = self.world.apply(step)
        for number, tier in touched:
            self.touched.add(tier)
            # Who lost something goes on answering.
            if step["do"] != "lose":
                self.clear[number].discard(tier)
        self.lose(lost, step.get("what") == "chunks")
        return touched, lost

    def lose(self, lost, is_list=False):
        for tier, number, what in lost:
            self.model.lose(tier, number, what, is_list)

    def settle(self, number):
        clear = self.world.settle(number)
        if clear is None:
            raise Violation("I7", "host %d does not use its tiers %d s after "
                            "all faults" % (number, RECOVERY_SECONDS))
        self.clear[number] = clear & set(self.world.hosts[number].tiers)

    def settle_all(self):
        for host in self.world.hosts:
            if self.clear[host.number] != set(host.tiers) - \
                    self.world.faulty(host.number):
                self.settle(host.number)

    # Requests.

    def burst(self, ops, mid=()):
        """Requests at once, and faults that come between. The replies."""
        ops = [dict(op) for op in ops if self.can(op)]
        before = {n: set(c) for n, c in self.clear.items()}
        silent = {h.number: self.world.silent(h.number)
                  for h in self.world.hosts}
        fickle = self.fickle()
        for op in ops:
            self.model.begin(op)
        replies = [None] * len(ops)
        if len(ops) == 1 and not mid:
            replies[0] = self.ask(ops[0])
        else:
            threads = [threading.Thread(target=self.ask_into,
                                        args=(replies, i, op))
                       for i, op in enumerate(ops)]
            for thread in threads:
                thread.start()
            losses = self.between(mid, before, silent)
            fickle |= self.fickle()
            for thread in threads:
                thread.join()
            for lost, is_list in losses:
                self.lose(lost, is_list)
        for host in self.world.hosts:
            self.check_ended(host, ops)
        slow = self.note_slow(ops, replies, before)
        contexts = [self.context(op, ops, before, silent, fickle)
                    for op in ops]
        again = self.judge_all(ops, replies, contexts)
        if len(ops) > 1 or mid:
            for lost, is_list in losses:
                self.lose(lost, is_list)
        for number in slow:
            # While a tier is away that would only be slow once more.
            if self.world.faulty(number):
                self.clear[number].clear()
            else:
                self.settle(number)
        for i in again:
            replies[i] = self.ask_again(ops[i], replies[i])
        return replies

    def can(self, op):
        """A script of which steps were dropped has some that make no sense."""
        if op["do"] == "start":
            return op["s"] not in self.model.sessions
        session = self.model.sessions.get(op["s"])
        if op.get("stranger") and self.host(op).kind == "nginx":
            return False    # it has no passwords
        return bool(session and session.sid) and (
            op["do"] != "upload" or op["i"] < session.total
            and op["alt"] < len(session.content.variants[op["i"]]))

    def host(self, op):
        return self.world.hosts[op["host"] % len(self.world.hosts)]

    def fickle(self):
        return {t for t, how in self.world.server_faults.items()
                if how in ("full", "evict")}

    def between(self, mid, before, silent):
        """Faults while requests are at work."""
        began, losses = time.monotonic(), []
        for step in mid:
            time.sleep(max(0, step["at"] / 1000
                           - (time.monotonic() - began)))
            touched, lost = self.change(step)
            losses.append((lost, step.get("what") == "chunks"))
            for number, tier in touched:
                if step["do"] != "lose":
                    before[number].discard(tier)
                silent[number].discard(tier)
        for number in before:
            # What was healed meanwhile was not there from the beginning.
            silent[number] &= self.world.silent(number)
        return losses

    def check_ended(self, host, ops):
        killed = {op["do"] for op in ops if "kill" in op}
        for function, code in host.mend():
            if function not in killed:
                raise Violation("crash", "%s of host %d ended with %d"
                                % (function, host.number, code))

    def ask_into(self, replies, i, op):
        replies[i] = self.ask(op)

    def request(self, op):
        session = self.model.sessions[op["s"]]
        owner = "stranger" if op.get("stranger") else ""
        do = op["do"]
        if do == "start":
            return wire.post("start", **start_fields(session))
        if do == "status":
            return wire.get_status(session.sid, owner)
        if do != "upload":
            return wire.post(do, owner, sessionId=session.sid)
        part = session.content.variants[op["i"]][op["alt"]]
        if isinstance(part, str):
            return wire.post("upload", owner, sessionId=session.sid,
                             chunkIndex=op["i"], data=part)
        return wire.put_raw(session.sid, op["i"], part, owner)

    def ask(self, op):
        host = self.host(op)
        kill = op["kill"] / 1000 if "kill" in op else None
        reply, op["seconds"] = wire.timed(
            host.ask, self.request(op), bool(op.get("breaks")), kill)
        self.requests += 1
        self.kills += kill is not None
        code = reply.status if reply else None
        self.codes[code] = self.codes.get(code, 0) + 1
        self.trace("  ", {k: v for k, v in op.items() if k != "seconds"},
                   "%.3f" % op["seconds"], reply)
        limit = (COMPLETE_MS if op["do"] == "complete" else
                 REQUEST_MS) / 1000 + GRACE_SECONDS
        if op["seconds"] > limit:
            raise_later(op, Violation("I5", "%s took %.1f s"
                                      % (op["do"], op["seconds"])))
        return reply

    def note_slow(self, ops, replies, before):
        """Hosts on which a tier may have been slower than its timeout: of
        those nothing is certain until they have settled."""
        slow = set()
        for op in ops:
            number = self.host(op).number
            if op["seconds"] > 0.95 * min(TIMEOUT_SECONDS[t] for t in
                                          before[number] or {"memory"}):
                slow.add(number)
        for number in slow:
            before[number].clear()
            self.touched |= set(self.world.hosts[number].tiers)
        return slow

    def context(self, op, ops, before, silent, fickle):
        host = self.host(op)
        clear = before[host.number]
        killed = any("kill" in each and each["do"] == op["do"]
                     and each["host"] % len(self.world.hosts) == host.number
                     for each in ops)
        sink_clear = (not self.world.sink_fault
                      if self.world.setting.sink == "file" else
                      "mongodb" not in self.world.faulty(host.number)
                      and bool(clear))
        return Context(
            tiers=host.tiers, copies=self.world.setting.copies,
            clear=frozenset(clear),
            silent=frozenset(silent[host.number] & set(host.tiers)),
            fickle=frozenset(fickle), sink_clear=sink_clear,
            touched=frozenset(self.touched),
            mates=tuple(o for o in ops if o is not op and o["s"] == op["s"]
                        and not o.get("stranger") and not o.get("breaks")),
            killed=killed)

    def judge_all(self, ops, replies, contexts):
        """Which are to be asked again."""
        again = []
        for i, (op, reply, context) in enumerate(zip(ops, replies, contexts)):
            if "failed" in op:
                raise op["failed"]
            try:
                self.model.judge(op, reply, context)
            except Unsettled:
                again.append(i)
            except Violation as v:
                raise describe(v, op, reply, context) from None
        for op, reply, context in zip(ops, replies, contexts):
            self.model.learn(op, reply, context)
        return again

    def ask_again(self, op, reply):
        """Until the answer is right, all being well: a machine may be slow
        for a moment, not for ever. A kill is not repeated."""
        op.pop("kill", None)
        number = self.host(op).number
        for _ in range(TRIES_MAX):
            self.retried += 1
            self.settle(number)
            if op["do"] == "start":
                return reply
            self.model.begin(op)
            reply = self.ask(op)
            before = {n: set(c) for n, c in self.clear.items()}
            silent = {h.number: self.world.silent(h.number)
                      for h in self.world.hosts}
            self.note_slow([op], [reply], before)
            context = self.context(op, [op], before, silent, self.fickle())
            try:
                self.model.judge(op, reply, context)
            except Unsettled as v:
                failure = describe(v, op, reply, context)
            except Violation as v:
                raise describe(v, op, reply, context) from None
            else:
                failure = None
            self.model.learn(op, reply, context)
            if not failure:
                return reply
        raise failure


def start_fields(session):
    fields = {"totalChunks": session.total,
              "totalSize": session.content.size}
    if session.pid:
        fields["persistentId"] = session.pid
    if session.is_update:
        fields["isUpdate"] = True
    if session.content.is_compressed:
        fields["isCompressed"] = True
    if session.content.sha256:
        fields["sha256"] = session.content.sha256
    return fields


def raise_later(op, failure):
    """Threads cannot raise to who started them."""
    op["failed"] = failure


def describe(violation, op, reply, context):
    """With what it is about."""
    said = {k: v for k, v in op.items() if k not in ("seconds", "was")}
    violation.args = ("%s\n  asked %s (%.3f s)\n  answered %s\n  clear %s of %s"
                      % (violation, said, op["seconds"], reply,
                         sorted(context.clear), list(context.tiers)),)
    return violation
