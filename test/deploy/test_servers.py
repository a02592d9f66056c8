# SPDX-License-Identifier: MIT
"""test/servers: real servers, which answer real clients."""

import os
import re
import subprocess
from urllib.parse import urlsplit

import pymongo
import pymongo.errors
import pytest
import redis
import redis.exceptions

import family

EXPORTS = re.compile(
    r"export REDIS_URL=(redis://127\.0\.0\.1:\d+/0)\n"
    r"export MONGODB_URI=(mongodb://127\.0\.0\.1:\d+/tranche)\n")

# Where MongoDB has been built for the other tests.
CACHE = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")


@pytest.fixture
def servers(shell):
    """Started, with what up has printed in `urls`; taken down after."""
    made = Servers(shell)
    made.up()
    yield made
    made.run("down")
    assert not made.folder.exists()
    assert not shell.processes()


class Servers:
    def __init__(self, shell):
        self.shell = shell
        self.folder = shell.root / "servers"

    def run(self, verb, *words):
        done = self.shell.run("test/servers", verb, self.folder, *words,
                              XDG_CACHE_HOME=CACHE)
        assert done.code == 0, done.err
        return done.out

    def up(self):
        self.printed = self.run("up")
        self.urls = EXPORTS.fullmatch(self.printed).groups()

    def redis(self):
        """A client's PING."""
        with redis.Redis.from_url(self.urls[0]) as client:
            return client.ping()

    def mongodb(self):
        """A client's ping."""
        with pymongo.MongoClient(
                self.urls[1], serverSelectionTimeoutMS=2000) as client:
            return client.tranche.command("ping")["ok"] == 1


def test_what_it_prints_is_for_eval(servers):
    said = subprocess.run(
        ["bash", "-c", 'eval "$1"; env', "bash", servers.printed],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    assert "REDIS_URL=%s\n" % servers.urls[0] in said
    assert "MONGODB_URI=%s\n" % servers.urls[1] in said
    assert servers.redis() and servers.mongodb()


def test_up_again_finds_them_running(servers):
    before = servers.printed, servers.shell.processes()
    servers.up()
    assert servers.printed == before[0]
    assert before[1] <= servers.shell.processes()


def test_each_can_be_stopped_and_started(servers):
    servers.run("stop", "redis")
    with pytest.raises(redis.exceptions.ConnectionError):
        servers.redis()
    assert servers.mongodb()
    servers.run("stop", "mongodb")
    with pytest.raises(pymongo.errors.ServerSelectionTimeoutError):
        servers.mongodb()
    for name in ("redis", "mongodb"):
        servers.run("start", name)
    assert servers.redis() and servers.mongodb()


def test_killed_they_start_again(servers):
    family.kill(servers.shell.processes())
    servers.up()
    assert servers.redis() and servers.mongodb()


def test_two_folders_are_two_sets(servers):
    other = Servers(servers.shell)
    other.folder = servers.shell.root / "others"
    other.up()
    ports = [urlsplit(url).port for url in servers.urls + other.urls]
    assert len(set(ports)) == 4
    other.run("down")
    assert servers.redis() and servers.mongodb()


def test_down_of_what_is_not_there_is_done(shell):
    assert shell.run("test/servers", "down", shell.root / "none").code == 0
    assert not (shell.root / "none").exists()
