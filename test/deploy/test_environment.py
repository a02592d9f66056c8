# SPDX-License-Identifier: MIT
"""What deploy/serve says of an environment that the functions cannot use."""

import re

import pytest

import uploads
from log import Log

PASSWORD = "hunter2"

# Each kind; test/unit/config has every variable.
MISTAKES = [
    {"TRANCHE_TTL": "x"},
    {"TRANCHE_COPIES": "2"},
    {"TRANCHE_SINK": "gridfs:uploads"},
    {"TRANCHE_TIERS": "redis"},
    {"REDIS_URL": "rediss://user:%s@127.0.0.1:1" % PASSWORD},
]


@pytest.mark.parametrize("env", MISTAKES, ids=lambda env: next(iter(env)))
def test_a_mistake_is_said_with_its_variable(shell, env):
    serve = shell.start_serve(**env)
    assert serve.ended() != 0
    assert serve.out == ""
    said = serve.err.splitlines()
    assert len(said) == 2, said
    for name in env:
        assert re.match(r"tranche: %s \w+" % name, said[1]), said
    assert PASSWORD not in serve.err


def test_all_mistakes_are_said_at_once(shell, server):
    mistakes = {"TRANCHE_TTL": "x", "TRANCHE_MAX_CHUNKS": "0",
                "TRANCHE_LOG_LEVEL": "loud"}
    serve = shell.start_serve("--server", server, **mistakes)
    assert serve.ended() != 0
    for name in mistakes:
        assert name in serve.err
    assert not shell.processes()


def test_what_this_version_does_not_serve_is_refused_in_words(shell):
    serve = shell.start_serve(REDIS_URL="rediss://127.0.0.1:1")
    assert serve.ended() != 0
    assert "TLS is not served by this version" in serve.err


@pytest.mark.parametrize("variable, value", [
    ("REDIS_URL", "invalid"),
    ("REDIS_URL", "redis://127.0.0.1:port"),
    ("MONGODB_URI", "invalid"),
    # Only libmongoc knows what is wrong with this one.
    ("MONGODB_URI", "mongodb://127.0.0.1:port"),
])
def test_an_invalid_url_is_logged_and_the_others_serve(
        shell, server, variable, value):
    serve = shell.serve("--server", server, TRANCHE_LOG_FORMAT="json",
                        **{variable: value})
    uploads.works(serve.url, shell.state / "files")
    reasons = [line.get("reason", "") for line in Log(shell, "json").lines()]
    words = "REDIS_URL" if variable == "REDIS_URL" else "MONGODB_URI|mongodb:"
    assert [why for why in reasons if re.match(words, why)], reasons
