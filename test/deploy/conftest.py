# SPDX-License-Identifier: MIT
"""The commands as a user meets them."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).resolve().parents[1] / "function"))

import family                       # noqa: E402
from shell import Shell             # noqa: E402

SERVERS = ["nginx", "cgi"]


@pytest.fixture(scope="session", autouse=True)
def built():
    """No test has to build, but one that is about it."""
    family.take_in()
    with Shell() as shell:
        shell.serve()


@pytest.fixture
def shell(built):
    with Shell() as made:
        yield made


@pytest.fixture
def visitor(built):
    """The shell of somebody with no rights here."""
    with Shell("nobody") as made:
        yield made


@pytest.fixture(params=SERVERS)
def server(request):
    return request.param
