# SPDX-License-Identifier: MIT
"""Makes the script of a history from its seed: a list of steps, each a dict.

    start, upload, status, complete, abort      a request of session `s` to `host`
        kill: ms after which the process is killed; breaks: the client dies in
        mid-body; stranger: of another owner
    burst: ops      requests at once; mid: faults `at` ms after they began
    link, server, host, lose, heal      faults, see storm_world
    keep, old       a copy of what a tier holds, and its return
    settle          waits until the tiers that have no fault are in use again
"""

import random

LINK = ("shut", "shut", "hold", "hold_answers", "deaf", "slow", "cut",
        "cut_request", "cut_answer", "garbage")
SERVER = {"redis": ("full", "evict", "readonly", "pause"),
          "mongodb": ("pause",)}
# How often a host is chosen: by what a request costs there.
WEIGHTS = {"fastcgi": 3, "nginx": 2, "cgi": 1}
RESTART_CHANCE = {"redis": 0.1, "mongodb": 0.03}    # they take a second
STORAGE_CHANCE = 0.01                               # and this several


class Maker:
    def __init__(self, seed, setting):
        self.rng = random.Random("%s %s" % (seed, setting.name))
        self.setting = setting
        self.weights = [WEIGHTS[kind] for kind, _ in setting.hosts]
        self.tiers = sorted({t for _, tiers in setting.hosts for t in tiers})
        self.shared = [t for t in self.tiers if t != "memory"]
        self.is_json = setting.sink == "mongodb"
        self.sessions = []
        self.steps = []

    def make(self):
        queues = self.uploads()
        while any(queues):
            queue = self.rng.choice([q for q in queues if q])
            self.steps += queue.pop(0)
            if self.rng.random() < 0.22:
                self.steps += self.trouble()
        if self.rng.random() < 0.5:
            self.steps += [{"do": "heal"}, {"do": "settle"}]
        return self.steps

    def chance(self, p):
        return self.rng.random() < p

    def host(self):
        return self.rng.choices(range(len(self.weights)), self.weights)[0]

    # Sessions.

    def start(self, **more):
        rng = self.rng
        text = self.chance(0.5)
        compress = None
        if self.chance(0.2):
            compress = rng.choice(("gzip", "zlib")) + rng.choice(
                ("", " base64")) + (" broken" if self.chance(0.15) else "")
        plan = {"do": "start", "s": len(self.sessions), "host": self.host(),
                "seed": rng.randrange(10 ** 6),
                "chunks": rng.choice((1, 2, 2, 3, 3, 4, 5, 6, 12)),
                "size": rng.choice((1, 3, 10, 10, 60, 60, 400, 20000)),
                "text": text, "compress": compress,
                "sha256": self.chance(0.25), "units": self.chance(0.5)}
        if not compress and not self.is_json and self.chance(0.06):
            plan.update(greedy=True, chunks=12, size=10, sha256=False)
        plan.update(more)
        if not (compress or self.is_json) and self.chance(0.25):
            plan["alts"] = [rng.randrange(plan["chunks"])]
        self.sessions.append(plan)
        return plan

    def uploads(self):
        """A list of step lists for each session; what of several sessions
        comes in an order does so by being in one list."""
        queues = []
        for _ in range(self.rng.choice((1, 1, 2, 2, 3))):
            kind = self.rng.random()
            if kind < 0.2:
                queues.append(self.updates())
            elif kind < 0.3:
                queues.append(self.rivals())
            elif kind < 0.6:
                queues.append(self.story())
            else:
                queues.append(self.session(self.start()))
        return queues

    def updates(self):
        pid = "p%d" % len(self.sessions)
        steps = self.session(self.start(pid=pid), ends="complete")
        for _ in range(self.rng.choice((1, 2, 2))):
            plan = self.start(pid=pid, update=True)
            steps += self.session(plan, ends="complete")
            if self.chance(0.5):
                # An earlier one once more.
                earlier = self.rng.choice(
                    [s for s in self.sessions if s.get("pid") == pid])
                steps += self.ending(earlier, "complete")
        return steps

    def rivals(self):
        """Two uploads that want the same name."""
        pid = "p%d" % len(self.sessions)
        first = self.session(self.start(pid=pid))
        second = self.session(self.start(pid=pid))
        mixed = []
        while first or second:
            queue = self.rng.choice([q for q in (first, second) if q])
            mixed.append(queue.pop(0))
        return mixed

    def session(self, plan, ends=None):
        rng = self.rng
        steps = [[plan]]
        ops = []
        for i in range(plan["chunks"]):
            if self.chance(0.04):
                continue    # it is never sent, until the end
            ops += [self.upload(plan, i)] * (2 if self.chance(0.2) else 1)
        for i in plan.get("alts", ()):
            ops += [self.upload(plan, i, alt=1)] * rng.choice((1, 2))
        rng.shuffle(ops)
        while ops:
            n = rng.choice((1, 1, 2, 4, 8))
            steps.append(self.together(ops[:n]))
            ops = ops[n:]
            if self.chance(0.15):
                steps.append([self.op("status", plan)])
            if self.chance(0.05):
                steps.append([self.op("complete", plan)])
        ends = ends or rng.choice(("complete",) * 5 + ("abort", "both", ""))
        if ends:
            steps += self.ending(plan, ends)
        if self.chance(0.1):
            steps.append([{**self.op(rng.choice(
                ("status", "complete", "abort")), plan), "stranger": True}])
        return steps

    def ending(self, plan, how):
        """Complete, abort or both, often more than once."""
        kinds = {"complete": ("complete",) * 3, "abort": ("abort",) * 2,
                 "both": ("complete", "abort", "complete")}[how]
        steps = []
        for _ in range(self.rng.choice((1, 1, 2))):
            ops = [self.op(self.rng.choice(kinds), plan)
                   for _ in range(self.rng.choice((1, 1, 2, 3)))]
            if how == "both":
                ops.append(self.op("abort", plan))
            if self.chance(0.15):
                ops.append(self.upload(plan, 0))
            steps.append(self.together(ops))
            if self.chance(0.3):
                steps.append([self.op("status", plan)])
        return steps

    def op(self, do, plan, **more):
        made = {"do": do, "s": plan["s"], "host": self.host(), **more}
        if self.chance(0.05):
            made["kill"] = round(self.rng.uniform(0, 25), 1)
        return made

    def upload(self, plan, index, alt=0):
        made = self.op("upload", plan, i=index, alt=alt)
        if self.chance(0.03):
            made["breaks"] = True
        return made

    def together(self, ops):
        """Steps for these requests: at once, and perhaps with a fault that
        comes or goes meanwhile."""
        mid = []
        if self.chance(0.12) and self.shared:
            mid = [{**step, "at": round(self.rng.uniform(0, 20), 1)}
                   for step in (self.trouble() or [{"do": "heal"}])
                   if step["do"] not in ("settle",)][:2]
        if len(ops) == 1 and not mid:
            return list(ops)
        return [{"do": "burst", "ops": list(ops), "mid": mid}]

    # Faults.

    def trouble(self):
        """One fault or its end."""
        kind = self.rng.random()
        if kind < 0.35:
            return [{"do": "heal"}, {"do": "settle"}]
        if kind < 0.42:
            return [{"do": "heal"}]
        if kind < 0.65 and self.shared:
            return [self.link(self.rng.choice(self.shared))]
        if kind < 0.72 and self.shared:
            return [self.server(self.rng.choice(self.shared))]
        if kind < 0.77:
            return [{"do": "host", "host": self.host(),
                     "how": self.rng.choice(("sink", "state"))}]
        return [self.loss(self.rng.choice(self.tiers))]

    def link(self, tier, how=None):
        made = {"do": "link", "tier": tier,
                "how": how or self.rng.choice(LINK)}
        if self.chance(0.5):
            made["host"] = self.host()
        if made["how"].startswith("cut_"):
            made["n"] = self.rng.choice((0, 1, 30, 100, 300, 1000))
        return made

    def server(self, tier):
        how = self.rng.choice(SERVER[tier])
        if self.chance(RESTART_CHANCE[tier]):
            how = "restart"
        elif tier == "mongodb" and self.chance(STORAGE_CHANCE):
            how = "storage"
        return {"do": "server", "tier": tier, "how": how}

    def loss(self, tier):
        what = self.rng.choice(("all", "all", "record", "record", "chunks",
                                "chunk", "chunk", "chunk"))
        made = {"do": "lose", "tier": tier, "what": what}
        if what == "all" or not self.sessions:
            return {"do": "lose", "tier": tier, "what": "all"}
        made["s"] = self.rng.choice(self.sessions)["s"]
        if what == "chunk":
            made["i"] = self.rng.randrange(
                self.sessions[made["s"]]["chunks"])
        if what in ("chunk", "record") and self.chance(0.6):
            made["rot"] = True
        if what != "record" or tier == "redis":
            if self.chance(0.15):
                made["rot"] = "foreign"
        return made

    # Stories: what only seldom comes about by chance.

    def story(self):
        kinds = [self.rotten, self.early, self.old_data]
        if len(self.shared) > 1:
            kinds += [self.one_tier, self.one_tier, self.unrecorded]
        elif self.shared:
            kinds += [self.unrecorded]
        return self.rng.choice(kinds)()

    def one_tier(self):
        """Started while a tier is away; then that one is back, and the other
        one forgets, or is away."""
        rng = self.rng
        plan = self.start()
        away, other = rng.sample(self.shared, 2)
        both = [self.upload(plan, i) for i in range(plan["chunks"])]
        steps = [[{"do": "heal"}, {"do": "settle"},
                  {"do": "link", "tier": away, "how": "shut"}, plan,
                  both[0], {"do": "heal"}, {"do": "settle"}]]
        if self.chance(0.6):
            steps.append([self.op(rng.choice(("status", "status", "complete")),
                                  plan)])
        steps.append([rng.choice((
            {"do": "lose", "tier": other, "what": "all"},
            {"do": "lose", "tier": other, "what": "record", "s": plan["s"]},
            {"do": "link", "tier": other,
             "how": rng.choice(("shut", "hold", "deaf"))}))])
        steps.append([self.op(rng.choice(("status", "complete", "abort")),
                              plan)])
        steps.append(self.together(both))
        return steps + self.ending(plan, "complete")

    def rotten(self):
        """Chunks that turn bad between upload and complete."""
        plan = self.start()
        tier = self.rng.choice(self.tiers)
        steps = [[plan], self.together(
            [self.upload(plan, i) for i in range(plan["chunks"])])]
        steps.append([{"do": "lose", "tier": each, "what": "chunk",
                       "s": plan["s"], "rot": True,
                       "i": self.rng.randrange(plan["chunks"])}
                      for each in {tier, self.rng.choice(self.tiers)}])
        if self.chance(0.3):
            steps.append([self.upload(plan, 0)])
        return steps + self.ending(plan, "complete")

    def early(self):
        """Completed before all is there, and again."""
        plan = self.start(chunks=self.rng.choice((2, 3, 5)))
        steps = [[plan], [self.upload(plan, 0)]]
        steps += self.ending(plan, "complete")
        steps.append(self.together(
            [self.upload(plan, i) for i in range(plan["chunks"])]))
        return steps + self.ending(plan, "complete")

    def old_data(self):
        """Completed, or aborted, and then every tier is what it was before."""
        rng = self.rng
        pid = "p%d" % len(self.sessions)
        steps = []
        is_update = self.chance(0.5)
        if is_update:
            steps = self.session(self.start(pid=pid), ends="complete")
        plan = self.start(pid=pid, update=is_update)
        steps += [[plan], self.together(
            [self.upload(plan, i) for i in range(plan["chunks"])])]
        steps.append([{"do": "keep", "tier": t} for t in self.tiers])
        steps += self.ending(plan, rng.choice(("complete",) * 3 + ("abort",)))
        if self.chance(0.4):
            steps += self.session(self.start(pid=pid, update=True),
                                  ends="complete")
        steps.append([{"do": "old", "tier": t} for t in self.tiers])
        return steps + self.ending(plan, rng.choice(
            ("complete", "complete", "both")))

    def unrecorded(self):
        """The sink has it and no tier was told, or none knows any more."""
        rng = self.rng
        pid = "p%d" % len(self.sessions)
        steps = self.session(self.start(pid=pid), ends="complete")
        plan = self.start(pid=pid, update=self.chance(0.7))
        tier = rng.choice(self.shared)
        steps += [[plan], self.together(
            [self.upload(plan, i) for i in range(plan["chunks"])])]
        ops = [self.op("complete", plan) for _ in range(rng.choice((1, 2)))]
        steps.append([{"do": "burst", "ops": ops, "mid": [
            {**self.link(tier), "at": round(rng.uniform(0, 15), 1)}]},
            {"do": "heal"}, {"do": "settle"}])
        if self.chance(0.5):
            steps.append([{"do": "lose", "tier": tier, "what": "record",
                           "s": plan["s"]}])
        if self.chance(0.5):
            steps += self.session(self.start(pid=pid, update=True),
                                  ends="complete")
        return steps + self.ending(plan, "complete")


def make(seed, setting):
    return Maker(seed, setting).make()
