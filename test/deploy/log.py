# SPDX-License-Identifier: MIT
"""The functions' log, as machines read it."""

import json
import re

from server import wait_until

SECONDS = 5
FIELD = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|[^\s"]+)(?: |$)')
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def logfmt(line):
    found, at = {}, 0
    while at < len(line):
        field = FIELD.match(line, at)
        assert field, "not logfmt from %d on: %s" % (at, line)
        name, value = field.groups()
        assert name not in found, line
        if value.startswith('"'):
            value = json.loads(value)
        elif name in ("status", "bytes", "ms"):
            value = int(value)
        found[name] = value
        at = field.end()
    return found


FORMATS = {"logfmt": logfmt, "json": json.loads}


class Log:
    """What the functions have logged. Each of its lines is of the format."""

    def __init__(self, shell, style):
        self.path = shell.state / "log" / "functions.log"
        self.parse = FORMATS[style]

    def lines(self):
        return [self.parse(line)
                for line in self.path.read_text().splitlines()]

    def of(self, answer):
        """The one line of the request."""
        def found():
            return [line for line in self.lines()
                    if line.get("id") == answer.headers["X-Request-Id"]]
        wait_until(found, SECONDS, "its line in the log")
        line, = found()
        assert line["event"] == "request"
        assert re.fullmatch(TIME, line["time"])
        assert line["status"] == answer.status
        assert isinstance(line["ms"], int) and line["ms"] >= 0
        assert line.get("tier") == answer.headers["Tranche-Tier"]
        return line
