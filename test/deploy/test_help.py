# SPDX-License-Identifier: MIT
"""What each command says of itself, and of what it does not understand."""

import pytest

COMMANDS = ("deploy/serve", "deploy/demo", "test/servers", "test/run",
            "test/bench/run")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_is_on_stdout_from_any_folder(shell, command, option):
    done = shell.run(command, option, cwd="/")
    assert done.code == 0, done.err
    assert done.err == ""
    usage = done.out.splitlines()
    assert usage[0].startswith("usage: "), usage
    assert command.rpartition("/")[2] in usage[0]
    assert len(usage) > 5


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unknown_option_is_named(shell, command):
    done = shell.run(command, "--frobnicate", cwd="/")
    assert done.code != 0
    assert done.out == ""
    assert "--frobnicate" in done.err
    # To the point: a screen of text hides it.
    assert len(done.err.splitlines()) < 5, done.err


@pytest.mark.parametrize("words, named", [
    (("deploy/serve", "stray"), "stray"),
    (("deploy/serve", "--port"), "--port"),
    (("deploy/serve", "--port="), "--port"),
    (("deploy/serve", "--port", "http"), "http"),
    (("deploy/serve", "--port", "65536"), "65536"),
    (("deploy/serve", "--port", "-1"), "-1"),
    (("deploy/serve", "--state"), "--state"),
    (("deploy/serve", "--state="), "--state"),
    (("deploy/serve", "--server", "apache"), "apache"),
    (("deploy/serve", "--workers", "0"), "--workers"),
    (("deploy/serve", "--workers", "many"), "many"),
    (("deploy/serve", "--htpasswd", "/no/such/file"), "/no/such/file"),
    (("deploy/demo", "--port"), "--port"),
    (("deploy/demo", "--port", "http", "--once"), "http"),
    (("test/run", "frobnicate"), "frobnicate"),
    (("test/bench/run", "frobnicate"), "frobnicate"),
    (("test/servers", "sideways", "x"), "usage"),
    (("test/servers", "up"), "usage"),
    (("test/servers", "stop", "/nonexistent", "redis"), "/nonexistent"),
    (("test/servers", "start", "x", "postgres"), "usage"),
])
def test_a_word_that_does_not_fit_is_named(shell, words, named):
    done = shell.run(*words)
    assert done.code != 0
    assert done.out == ""
    assert named in done.err
    assert not list(shell.work.iterdir())
