# SPDX-License-Identifier: MIT
"""The places in which tests run, and the count of what ran in each."""

import collections

import pytest

import settings
from place import Place

SETTINGS = list(settings.SETTINGS)
# Where what is tested hardly depends on the tiers.
TWO = ["embedded", "redis+mongodb"]
_ran = collections.Counter()


@pytest.fixture(scope="session")
def clean():
    """The real servers, without what an earlier run left there."""
    for setting in settings.SETTINGS.values():
        settings.forget(setting)


@pytest.fixture(scope="session", params=SETTINGS)
def place(request, clean):
    """Every setting, behind nginx. A test that asks for more parametrizes
    this with names like embedded-cgi."""
    setting, _, server = request.param.partition("-cgi")
    with Place(setting, server="cgi" if _ else "nginx") as made:
        yield made


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """What takes time by itself is begun first and looked at last."""
    def place_of(item):
        return (0 if item.get_closest_marker("first")
                else 2 if item.get_closest_marker("last") else 1)
    items.sort(key=place_of)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if report.when == "call" and not report.skipped:
        params = getattr(item, "callspec", None)
        _ran[params.params.get("place", "other") if params else "other"] += 1


def pytest_terminal_summary(terminalreporter):
    """For test/lib/count-cases, which compares it with the list in the
    tree."""
    terminalreporter.write_line("cases " + " ".join(
        "%s=%d" % each for each in sorted(_ran.items())))
