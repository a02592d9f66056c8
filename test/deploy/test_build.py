# SPDX-License-Identifier: MIT
"""The commands in a checkout where nothing has been built yet."""

import shutil
import signal

import pytest

SOURCES = ("deploy", "common", "functions", "meson.build",
           "meson_options.txt", "test/meson.build", "README.md")
SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.fixture
def fresh(shell):
    """A shell in a checkout without a build."""
    shell.checkout = shell.copy(*SOURCES)
    return shell


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("command", ["deploy/serve", "deploy/demo"])
def test_a_signal_ends_it_while_it_builds(fresh, command, number):
    started = fresh.start(command)
    started.says("building in %s" % (fresh.checkout / "build"))
    assert started.end(number) != 0
    assert started.out == ""
    fresh.is_quiet()
    assert not list(fresh.tmp.iterdir())


@pytest.mark.parametrize("command", ["deploy/serve", "deploy/demo"])
def test_a_build_that_fails_is_said_with_its_log(fresh, command):
    (fresh.checkout / "meson.build").write_text("nonsense(\n")
    done = fresh.run(command)
    assert done.code != 0
    assert done.out == ""
    log = fresh.checkout / "build" / "build.log"
    assert "building failed" in done.err
    assert str(log) in done.err
    assert "nonsense" in done.err or "meson.build:1" in done.err
    assert log.exists()
    assert not list(fresh.tmp.iterdir())


@pytest.mark.parametrize("command", ["deploy/serve", "deploy/demo"])
def test_who_may_not_install_is_told_what_is_missing(visitor, command):
    shutil.rmtree(visitor.checkout / "build")
    visitor.checkout.chmod(0o777)
    # A machine with none of the packages, as far as its records tell.
    tools = visitor.root / "tools"
    tools.mkdir()
    (tools / "dpkg-query").write_text("#!/bin/sh\nexit 1\n")
    (tools / "dpkg-query").chmod(0o755)
    done = visitor.run(command, PATH="%s:%s" % (
        tools, visitor.environment["PATH"]))
    assert done.code != 0
    assert done.out == ""
    first, typed = done.err.splitlines()[:2]
    assert first.startswith("would install ")
    for package in ("gcc", "meson", "libfcgi-dev", "libmongoc-dev"):
        assert " %s " % package in first
        assert package in typed.split()
    assert "needs root" in first
    assert typed.strip().startswith("apt-get update && apt-get install")
