# SPDX-License-Identifier: MIT
"""The commands as a user meets them."""

import pytest

import family
from shell import Shell

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
