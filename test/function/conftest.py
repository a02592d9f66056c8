# SPDX-License-Identifier: MIT
"""The places in which tests run, and which test runs in which setting."""

import pytest

import settings
from place import Place

SETTINGS = list(settings.SETTINGS)
# Where what is tested hardly depends on the tiers.
TWO = ["embedded", "redis+mongodb"]
# The one on which the functions are also run with sanitizers.
SANITIZED = "redis+mongodb"


@pytest.fixture(scope="session")
def clean():
    """The real servers, without what an earlier run left there."""
    for setting in settings.SETTINGS.values():
        settings.forget(setting)


@pytest.fixture(scope="session", params=SETTINGS)
def place(request, clean):
    """Every setting, behind nginx. A test that asks for more parametrizes
    this with names like embedded-cgi."""
    server = "cgi" if request.param.endswith("-cgi") else "nginx"
    with Place(request.param.removesuffix("-cgi"), server=server) as made:
        yield made


def setting_of(item):
    """The one that a parameter of the test names, whatever fixture it is
    for; "-" when it has none, or several."""
    params = getattr(item, "callspec", None)
    for value in params.params.values() if params else ():
        if isinstance(value, str) and value.removesuffix("-cgi") in SETTINGS:
            return value
    return "-"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """For test/lib/tally, which compares how many ran in each setting with
    the list in the tree; and what takes time by itself is begun first and
    looked at last."""
    def place_of(item):
        return (0 if item.get_closest_marker("first")
                else 2 if item.get_closest_marker("last") else 1)

    for item in items:
        item.user_properties.append(("setting", setting_of(item)))
    items.sort(key=place_of)


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item):
    if setting_of(item) == SANITIZED and not item.get_closest_marker("memory"):
        item.add_marker("sanitize")
