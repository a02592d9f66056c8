# SPDX-License-Identifier: MIT
"""The end of a history: faults are over, clients retry, nobody restarts
anything; and what is then in the sink and the tiers."""

import storm_sink
from storm_losses import CHUNKS, CLAIMS, SESSIONS, lose
from storm_model import Violation
from storm_world import SINK

ROUNDS_MAX = 8      # of a client that retries


class End:
    """The part of a Run that ends it."""

    def finish(self):
        self.change({"do": "heal"})
        for host in self.world.hosts:
            self.settle(host.number)
        most = max(len(h.tiers) for h in self.world.hosts)
        self.last = [h.number for h in self.world.hosts
                     if len(h.tiers) == most]
        self.aborted = set()
        for session in list(self.model.sessions.values()):
            if not session.sid:
                continue
            self.free(session)
            if session.abort_started or session.plan.get("greedy"):
                self.abort(session)
            else:
                self.complete(session)
        self.check_sink()
        self.check_left()
        for host in self.world.hosts:
            said = host.complaints()
            if said:
                raise Violation("sanitizer", said[0])

    def free(self, session):
        """A claim of a process that was killed, or that could not give it
        back, would last for a minute."""
        if session.lingers:
            for tier in self.world.tiers:
                lose(self.world, {"tier": tier, "what": "claim",
                                  "sid": session.sid, "s": session.number})
            session.lingers = False

    def one(self, do, session, **more):
        """A request at the end, judged; its reply."""
        host = self.last[session.number % len(self.last)]
        return self.burst([{"do": do, "s": session.number, "host": host,
                            **more}])[0]

    def patiently(self, do, session):
        """As one(), but 503 may come of a slow moment."""
        for _ in range(ROUNDS_MAX):
            said = self.one(do, session)
            if said.status != 503:
                break
            self.settle_all()
        return said

    def complete(self, session):
        for _ in range(ROUNDS_MAX):
            said = self.one("status", session)
            if said.status == 404:
                return      # judged: every tier lost it
            if said.status != 200:
                self.settle_all()
                continue
            if said.json["state"] == "completed" and session.first:
                break
            for first, last in said.json["missing"]:
                for index in range(first, last + 1):
                    self.one("upload", session, i=index, alt=0)
            said = self.one("complete", session)
            if said.status in (200, 201):
                break
            if said.code in ("bad_data", "mismatch", "taken", "no_route"):
                session.doomed = said.code
                return      # judged: it can never be completed
        else:
            raise Violation("I7", "session %d cannot be completed: %s"
                            % (session.number, said))
        again = self.patiently("complete", session)
        if again.status not in (200, 201):
            raise Violation("I3", "completed, and then %s" % again)

    def abort(self, session):
        for _ in range(ROUNDS_MAX):
            said = self.one("abort", session)
            if said.code == "completed" if said.status == 409 else False:
                self.complete(session)
                return
            if said.status == 404:
                return
            if said.status == 200:
                break
        else:
            raise Violation("I7", "session %d cannot be aborted: %s"
                            % (session.number, said))
        self.aborted.add(session.number)
        for do in ("status", "complete"):
            after = self.patiently(do, session)
            if after.status != 404:
                raise Violation("I4", "aborted, and then %s" % after)

    def check_sink(self):
        if self.world.setting.sink == "file":
            storm_sink.check_file(self.world.sink, self.model, self.aborted)
        else:
            storm_sink.check_mongodb(self.world.database[SINK], self.model,
                                     self.aborted)

    def check_left(self):
        """I8: what is left expires; of who was aborted no chunk is left, nor
        a claim of anybody."""
        sids = {s.sid: s for s in self.model.sessions.values() if s.sid}
        gone = {s.sid for s in sids.values() if s.number in self.aborted}
        world = self.world
        if "redis" in world.tiers:
            for key in map(bytes.decode, world.redis.keys("*")):
                if world.redis.pttl(key) == -1:
                    raise Violation("I8", "%s never expires" % key)
                sid = key.partition("{")[2].partition("}")[0]
                # Bytes whose entry was taken away are nobody's: they expire.
                if (":chunk" in key and sid in gone
                        and "redis" not in sids[sid].robbed):
                    raise Violation("I8", "aborted, and %s is left" % key)
        if "mongodb" in world.tiers:
            for name in (SESSIONS, CHUNKS, CLAIMS):
                for found in world.database[name].find({}, {"data": 0}):
                    if "purgeAt" not in found:
                        raise Violation("I8", "%s never expires" % found)
                    if name == CHUNKS and found["sessionId"] in gone:
                        raise Violation("I8", "aborted, and %s is left"
                                        % found)
        for host in world.hosts:
            for sid in gone:
                left = list((host.memory / sid).glob("[0-9]*"))
                if left and "memory" in host.tiers:
                    raise Violation("I8", "aborted, and %s is left" % left)
        ended = {s.pid for s in sids.values()
                 if s.first or s.number in self.aborted}
        if self.world.setting.sink == "file":
            storm_sink.check_left(self.world.sink, ended, bool(self.kills))
