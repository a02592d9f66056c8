# SPDX-License-Identifier: MIT
"""Many histories, one after the other; what they came to; what failed, made
short."""

import json
import time
from collections import Counter

import storm_script
from storm_model import Violation
from storm_run import Run
from storm_settings import SETTINGS
from storm_world import World

SHRINK_SECONDS = 60
# What depends on when a process is killed does not fail every time.
SHRINK_TRIES = 2


class Totals:
    def __init__(self):
        self.histories = Counter()
        self.seconds = Counter()
        self.fired = Counter()
        self.codes = Counter()
        self.requests = self.retried = self.kills = 0
        self.failures = []

    def add(self, setting, run, seconds):
        self.histories[setting] += 1
        self.seconds[setting] += seconds
        self.requests += run.requests
        self.retried += run.retried
        self.kills += run.kills
        self.codes.update(run.codes)

    def lines(self):
        n, seconds = sum(self.histories.values()), sum(self.seconds.values())
        yield ("%d histories in %.0f s (%.2f s each), %d requests, %d asked "
               "again, %d killed, %d failed" % (
                   n, seconds, seconds / max(n, 1), self.requests,
                   self.retried, self.kills, len(self.failures)))
        yield "  answers: " + ", ".join(
            "%s %d" % (code or "none", count) for code, count in sorted(
                self.codes.items(), key=lambda c: str(c[0])))
        for name, count in sorted(self.fired.items()):
            yield "  %-32s %5d" % (name, count)


def say(*words):
    print(*words, flush=True)


_marks = iter(range(10 ** 9))


def run_once(world, script, trace=None):
    """The run, and the Violation that it found or None."""
    run = Run(world, script, "h%d" % next(_marks), trace)
    try:
        run.go()
    except Violation as violation:
        return run, violation
    finally:
        world.heal()
    return run, None


def plan(settings, histories, seed):
    """(setting, seeds) so that each world is made once."""
    each = {name: [] for name in settings}
    for i in range(histories):
        each[settings[i % len(settings)]].append(seed + i)
    return [(name, seeds) for name, seeds in each.items() if seeds]


def drive(options, servers):
    totals = Totals()
    settings = options.setting or list(SETTINGS)
    try:
        for name, seeds in plan(settings, options.histories, options.seed):
            drive_setting(name, seeds, options, servers, totals)
            if totals.failures and not options.keep_going:
                break
    finally:
        for line in totals.lines():
            say(line)
    return 1 if totals.failures else 0


def drive_setting(name, seeds, options, servers, totals):
    setting = SETTINGS[name]
    trace = say if options.trace else None
    with World(setting, options.build, servers) as world:
        for seed in seeds:
            began = time.monotonic()
            script = storm_script.make(seed, setting)
            run, violation = run_once(world, script, trace)
            totals.add(name, run, time.monotonic() - began)
            if not violation:
                continue
            totals.failures.append((name, seed, violation))
            say("FAILED seed %d on %s: %s" % (seed, name, violation))
            if not options.no_shrink:
                script = shrink(world, script, violation)
            show(name, seed, script)
            if not options.keep_going:
                break
        totals.fired.update(world.fired)
    say("%s: %d histories, %.0f s" % (name, totals.histories[name],
                                      totals.seconds[name]))


def show(name, seed, script):
    say("# storm --replay; seed %d" % seed)
    say(json.dumps({"do": "setting", "name": name}))
    for step in script:
        say(json.dumps(step, ensure_ascii=False))


def load(path):
    """The setting's name and the script of a printed history."""
    with open(path, encoding="utf-8") as lines:
        steps = [json.loads(line) for line in lines
                 if line.strip() and not line.startswith("#")]
    return steps[0]["name"], steps[1:]


def replay(options, servers):
    name, script = load(options.replay)
    with World(SETTINGS[name], options.build, servers) as world:
        _, violation = run_once(world, script, say)
    say("FAILED %s" % violation if violation else "passed")
    return 1 if violation else 0


# Shorter.

def shrink(world, script, violation):
    """Drops what is not needed for a violation of the same invariant."""
    end = time.monotonic() + SHRINK_SECONDS

    def fails(candidate):
        for _ in range(SHRINK_TRIES):
            if time.monotonic() > end:
                return False
            _, found = run_once(world, candidate)
            if found:
                return found.invariant == violation.invariant
        return False

    size = max(1, len(script) // 2)
    while True:
        script = drop_pieces(script, size, fails)
        if size == 1:
            break
        size //= 2
    return shrink_bursts(script, fails)


def drop_pieces(script, size, fails):
    at = 0
    while at < len(script):
        candidate = script[:at] + script[at + size:]
        if candidate and fails(candidate):
            script = candidate
        else:
            at += size
    return script


def shrink_bursts(script, fails):
    for at, step in enumerate(script):
        for key in ("ops", "mid"):
            kept = script[at].get(key, [])
            i = 0
            while step["do"] == "burst" and i < len(kept):
                fewer = {**script[at], key: kept[:i] + kept[i + 1:]}
                candidate = script[:at] + [fewer] + script[at + 1:]
                if fails(candidate):
                    script, kept = candidate, fewer[key]
                else:
                    i += 1
    return script
