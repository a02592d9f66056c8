# SPDX-License-Identifier: MIT
"""The settings in which the functions are tested: which tiers they are given.

Real servers come from the environment as ./test/servers prints it. Each setting
has a database of its own there, so that settings do not meet.
"""

import atexit
import os
import socket
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

import pymongo
import redis

# For the tests' own questions: a server that hangs fails them, in the end.
SOCKET_MS = 20000


class Setting(NamedTuple):
    name: str
    redis: str      # "none", "real", "invalid", "refused"
    mongodb: str    # "none", "real", "refused"
    tier: str       # the one that serves
    silent: bool    # a configured tier does not answer


SETTINGS = {s.name: s for s in (
    Setting("embedded", "none", "none", "memory", False),
    Setting("redis+mongodb", "real", "real", "redis", False),
    Setting("redis-invalid", "invalid", "real", "mongodb", False),
    Setting("redis-refused", "refused", "real", "mongodb", True),
    Setting("mongodb-refused", "real", "refused", "redis", True),
    Setting("both-refused", "refused", "refused", "memory", True),
)}


def real_url(variable):
    """A URL of test/servers; without it the test fails."""
    url = os.environ.get(variable)
    if not url:
        raise RuntimeError(
            variable + ' is not set: eval "$(./test/servers up DIR)" first')
    return url


def with_path(url, path):
    return urlunsplit(urlsplit(url)._replace(path="/" + path))


def redis_url(setting):
    number = 1 + list(SETTINGS).index(setting.name)
    return with_path(real_url("REDIS_URL"), str(number))


def mongodb_uri(setting):
    return with_path(real_url("MONGODB_URI"), mongodb_name(setting))


def mongodb_name(setting):
    return "tranche_function_" + setting.name.replace("+", "_")


def closed_port():
    """A port that refuses: bound, so nobody else gets it, and not listened
    on."""
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    atexit.register(holder.close)
    return holder.getsockname()[1]


def environment(setting):
    """REDIS_URL and MONGODB_URI as the setting has them."""
    env = {}
    if setting.redis == "real":
        env["REDIS_URL"] = redis_url(setting)
    elif setting.redis == "invalid":
        env["REDIS_URL"] = "invalid"
    elif setting.redis == "refused":
        env["REDIS_URL"] = "redis://127.0.0.1:%d" % closed_port()
    if setting.mongodb == "real":
        env["MONGODB_URI"] = mongodb_uri(setting)
    elif setting.mongodb == "refused":
        env["MONGODB_URI"] = "mongodb://127.0.0.1:%d/none" % closed_port()
    return env


def redis_client(setting):
    return redis.Redis.from_url(redis_url(setting))


def mongodb_client():
    return pymongo.MongoClient(real_url("MONGODB_URI"), tz_aware=True,
                               socketTimeoutMS=SOCKET_MS)


def forget(setting):
    """Empties the setting's databases of what an earlier run left."""
    if setting.redis == "real":
        redis_client(setting).flushdb()
    if setting.mongodb == "real":
        with mongodb_client() as client:
            client.drop_database(mongodb_name(setting))
