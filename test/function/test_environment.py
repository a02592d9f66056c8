# SPDX-License-Identifier: MIT
"""What is wrong in the environment: a URL that is invalid is done without,
anything else is said at once, all of it, and nothing is served."""

import subprocess

import pytest

from place import Place
from server import Serve

# Also when it looks right at first.
NO_REDIS = ["invalid", "http://127.0.0.1:6379", "redis:///x",
            "redis://127.0.0.1:99999", "redis://127.0.0.1:6379/x", "://", "ü"]
NO_MONGODB = ["invalid", "http://127.0.0.1", "mongodb://", "mongodb",
              "mongodb://127.0.0.1:99999/x"]


@pytest.mark.parametrize("variable, url", [
    *(("REDIS_URL", url) for url in NO_REDIS),
    *(("MONGODB_URI", url) for url in NO_MONGODB)])
def test_invalid_url(clean, variable, url):
    """The others serve, and no "not found" waits for a tier that is none."""
    with Place("embedded", {variable: url}) as place:
        up = place.upload()
        assert up.started.headers["Tranche-Tier"] == "memory"
        assert place.client.status(up.sid[:14] + "0" * 26).status == 404
        up.completes()
        tier = variable.split("_")[0].lower()
        assert [line for line in place.serve.logged().splitlines()
                if tier in line.lower() and "valid" in line]


@pytest.mark.parametrize("url", ["", None])
def test_no_url(clean, url):
    """Empty is as if it were not set."""
    env = {} if url is None else {"REDIS_URL": url, "MONGODB_URI": url}
    with Place("embedded", env) as place:
        place.upload().completes()


MISTAKES = {
    "TRANCHE_TTL": "soon", "TRANCHE_MAX_CHUNKS": "0",
    "TRANCHE_MAX_CHUNK_SIZE": "-1", "TRANCHE_MAX_SIZE": "1e99",
    "TRANCHE_TIERS": "redis,tape", "TRANCHE_SINK": "tape:x",
    "TRANCHE_SINK_MODE": "999", "TRANCHE_LOG_LEVEL": "loud",
    "TRANCHE_MAX_REQUESTS": "1.5", "TRANCHE_COOLDOWN": "5s",
    "TRANCHE_COPIES": "3",
}
# What is not served yet.
NOT_YET = {
    "REDIS_URL": "rediss://user:hunter2@127.0.0.1:1/0",
}


def refusal(env):
    """What deploy/serve says when it does not start."""
    serve = Serve(env)
    done = subprocess.run(serve.command, env=serve.env, timeout=120,
                          stdin=subprocess.DEVNULL, capture_output=True)
    assert done.returncode != 0
    assert done.stdout == b"", done.stdout
    assert serve.processes() == []
    serve.forget()
    return done.stderr.decode()


def test_mistakes():
    """All at once, each by its name."""
    said = refusal(MISTAKES)
    for name in MISTAKES:
        assert name in said, said


@pytest.mark.parametrize("name", NOT_YET)
def test_not_yet(name):
    said = refusal({name: NOT_YET[name]})
    assert name in said, said
    assert "hunter2" not in said
