# SPDX-License-Identifier: MIT
"""Every row of the wire table, in every setting; and as CGI."""

import pytest

from conftest import SETTINGS
from wire import ROWS


@pytest.mark.parametrize("place", [*SETTINGS, "embedded-cgi"], indirect=True)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_row(place, row):
    up = place.upload()
    answer = row.request(up)
    waits = row.young and place.setting.silent
    status, code = (503, "unavailable") if waits else (row.status, row.code)
    assert answer.status == status, answer
    if code:
        assert answer.code == code, answer
    if not waits:
        assert not row.says or row.says.lower() in answer.words.lower()
        row.check(up, answer)
    if status < 300 and row.tier:
        assert answer.headers["Tranche-Tier"] == place.setting.tier, answer
    {"completes": up.completes, "done": up.is_done, "gone": up.is_gone,
     None: lambda: None}[row.then]()


def test_names_differ():
    names = [row.name for row in ROWS]
    assert len(names) == len(set(names))
