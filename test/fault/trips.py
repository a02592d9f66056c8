# SPDX-License-Identifier: MIT
"""A fault proxy whose fault begins with the n-th thing that is said."""

from proxy import Fault, Proxy

FAULTS = {
    # It never comes to the server.
    "cut": Fault(request_bytes=0),
    # It comes when all is over, also of who has gone since.
    "late": Fault(holds_requests=True, holds_answers=True),
    # It is done, and nobody hears of it.
    "lost answer": Fault(holds_answers=True),
    "half an answer": Fault(answer_bytes=1),
}


class TripProxy(Proxy):
    """at(n, name) has one of FAULTS begin with the n-th block from now; begun
    says whether it has."""

    def __init__(self, url):
        super().__init__(url)
        self.left = 0
        self.waiting = None
        self.begun = False

    def at(self, n, name):
        self.open()
        self.begun = False
        self.left = n
        self.waiting = FAULTS[name]

    def open(self):
        self.waiting = None
        super().open()

    def heard(self, data):
        if self.waiting is None:
            return
        self.left -= 1
        if self.left == 0:
            self.begun = True
            self.fault, self.waiting = self.waiting, None
            for pair in list(self.pairs):
                pair.passed = [0, 0]
