# SPDX-License-Identifier: MIT
"""Things measured in turns, so that what the machine does meets all alike."""

from host import OTHERS_MAX


class Busy(Exception):
    """A sample that is none: a process ended while it was taken."""


class Rounds:
    """{name: [sample of each round]} in .samples. Rounds in which others used
    the machine are repeated, at most half as many as there are."""

    def __init__(self, watch, number):
        self.watch = watch
        self.number = number
        self.samples = {}
        self.repeated = 0
        self.busy = 0       # rounds that were busy and are counted

    def run(self, things, before=None, in_order=False):
        """things: {name: function that takes a sample}. before: called ahead of
        each. One round more than asked for is run: it warms up. Every second
        round is backwards, unless in_order."""
        names = list(things)
        self.samples = {name: [] for name in names}
        number, repeats = -1, (self.number + 1) // 2
        while number < self.number:
            order = names if in_order or number % 2 else names[::-1]
            taken, busy = self.one(order, things, before)
            if taken is None or (busy and number >= 0):
                if repeats > 0:
                    repeats -= 1
                    self.repeated += 1
                    continue
                if taken is None:
                    raise RuntimeError("no round in which no process ended")
                self.busy += 1
            if number >= 0:
                for name, sample in taken.items():
                    self.samples[name].append(sample)
            number += 1
        return self

    def one(self, order, things, before):
        taken = {}
        try:
            self.watch.start()
            for name in order:
                if before:
                    before(name)
                taken[name] = things[name]()
        except Busy:
            return None, True
        return taken, self.watch.others() > OTHERS_MAX

    def of(self, name, value=None):
        """The samples of one, or of each what the function value takes of it."""
        return [value(s) if value else s for s in self.samples[name]]

    @property
    def note(self):
        """What is to be said of these rounds beside their figures."""
        if self.busy:
            return "busy: %d of %d" % (self.busy, self.number)
        return ""
