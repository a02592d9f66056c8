# SPDX-License-Identifier: MIT
"""What was found: rows of figures with what they aim at."""

import sys
from typing import NamedTuple, Optional

from figures import median, spread


class Aim(NamedTuple):
    """At most, or at least, a value."""
    sign: str
    value: float

    def reached(self, figure):
        if self.sign == "<=":
            return figure <= self.value
        return figure >= self.value

    def __str__(self):
        return "%s %s" % ({"<=": "≤", ">=": "≥"}[self.sign],
                          number(self.value))


def at_most(value):
    return Aim("<=", value)


def at_least(value):
    return Aim(">=", value)


class Row(NamedTuple):
    case: str
    what: str
    unit: str
    samples: list
    aim: Optional[Aim] = None
    note: str = ""

    @property
    def median(self):
        return median(self.samples)

    @property
    def spread(self):
        return spread(self.samples)

    @property
    def reached(self):
        return self.aim.reached(self.median) if self.aim else None


def number(value):
    """Three digits that count, and no more zeros than those."""
    if value == 0:
        return "0"
    if abs(value) >= 100:
        return "{:,.0f}".format(value)
    return "%.3g" % value


class Report:
    def __init__(self):
        self.rows = []
        self.settings = []      # (what, value)
        self.missing = []       # what could not be had, and why

    def add(self, case, what, unit, samples, aim=None, note=""):
        row = Row(case, what, unit, list(samples), aim, note)
        self.rows.append(row)
        say("  %-52s %9s %s%s" % (what, number(row.median), unit,
                                  "  [%s]" % str(aim) if aim else ""))
        return row

    def setting(self, what, value):
        if (what, value) not in self.settings:
            self.settings.append((what, value))

    def lacks(self, what):
        if what not in self.missing:
            self.missing.append(what)
            say("  without: " + what)

    def find(self, what):
        """The row of that name, or None."""
        return next((row for row in self.rows if row.what == what), None)


def say(text):
    """How far it is; the table comes at the end."""
    print(text, file=sys.stderr, flush=True)
