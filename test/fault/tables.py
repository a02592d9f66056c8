#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The tables of README.md that the matrix makes; prints them."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import mongodb_faults
import redis_faults
from bench import SETTINGS
from matrix import EXPECTED, FUNCTIONS, cells, share

FAULTS = redis_faults.FAULTS + mongodb_faults.FAULTS
PLACES = ("only", "beside memory", "first", "second", "copy", "sink")


def table(heads, rows):
    return "\n".join("| %s |" % " | ".join(row) for row in [
        heads, ["---"] * len(heads), *rows])


def kinds():
    return list(dict.fromkeys(kind for kind, _ in EXPECTED))


def answers():
    """What each function answers, places with the same answers together."""
    rows = []
    for kind in kinds():
        same = {}
        for place in PLACES:
            if (kind, place) in EXPECTED:
                said = tuple(EXPECTED[kind, place][f] for f in FUNCTIONS)
                same.setdefault(said, []).append(place)
        rows += [[kind, ", ".join(places), *said]
                 for said, places in same.items()]
    return table(["class", "where", *FUNCTIONS], rows)


def faults():
    """Which faults there are, by server and class."""
    rows = []
    for server in ("redis", "mongodb"):
        for kind in kinds():
            names = [fault.name.removeprefix(server + " ")
                     for fault in FAULTS
                     if (fault.server, fault.kind) == (server, kind)]
            if names:
                rows.append([server, kind, "; ".join(names)])
    return table(["server", "class", "faults"], rows)


def counts():
    """Cells by setting: of ./test/run, and all."""
    every = cells(FAULTS, SETTINGS)
    some = share(every)

    def count(which, **what):
        return str(sum(all(getattr(cell, k) == v for k, v in what.items())
                       for cell in which))
    rows = [[name, setting.tiers, count(some, setting=name),
             count(every, setting=name)]
            for name, setting in SETTINGS.items()]
    return table(["setting", "tiers", "`./test/run`", "`fault-full`"],
                 rows + [["all", "", str(len(some)), str(len(every))]])


if __name__ == "__main__":
    print(answers(), faults(), counts(), sep="\n\n")
