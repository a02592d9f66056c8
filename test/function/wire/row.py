# SPDX-License-Identifier: MIT
"""A row of the wire table, and what several files of rows need."""

import re
from datetime import datetime, timezone
from typing import Callable, NamedTuple, Optional

MIB = 1 << 20
MAX_CHUNK = 4 * MIB
UNKNOWN = "Upload session not found or expired"


class Row(NamedTuple):
    name: str
    # Gets an upload under way (upload.py), gives the last answer.
    request: Callable
    status: int
    code: Optional[str] = None
    # Words that an error's text must have.
    says: str = ""
    # More that must hold: check(up, answer).
    check: Callable = lambda up, answer: None
    # The upload afterwards: "completes", "done", "gone", or not looked at.
    then: Optional[str] = "completes"
    # The id is one that a silent tier may know: then 503.
    young: bool = False
    tier: bool = True    # a success says which tier served it


def limit(name, most):
    def check(_, answer):
        assert answer.json["limit"] == name
        assert answer.json["max"] == most
    return check


def is_time(text):
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text), text
    return datetime.fromisoformat(text[:-1]).replace(tzinfo=timezone.utc)


def has(answer, **fields):
    for name, value in fields.items():
        assert answer.json[name] == value


def after_abort(request):
    def aborted(up):
        assert up.abort().status == 200
        return request(up)
    return aborted


def after_complete(request):
    def completed(up):
        up.completes()
        return request(up)
    return completed
