# SPDX-License-Identifier: MIT
"""What happens to Redis. By the real server where it can be had, else by the
proxy before it."""

import os
import signal

from bench import Redis
from matrix import FUNCTIONS, Fault

NOT_START = tuple(f for f in FUNCTIONS if f != "start")
FAULTS = []


def fault(name, kind, begin, end=None, **more):
    FAULTS.append(Fault("redis " + name, "redis", kind, begin, end, **more))


# The network, and a server that says nothing or nonsense.

def proxy(name, kind="silent", how=None, *arguments, **more):
    fault(name, kind,
          lambda bench: getattr(bench.redis_proxy, how)(*arguments),
          lambda bench: bench.redis_proxy.open(), **more)


proxy("refuses connections", how="shut")
proxy("packets dropped", how="deaf")
proxy("accepts and says nothing", how="hold")
proxy("hears, and its answers are lost", how="hold_answers")
proxy("slower than its timeout", "silent", "slow", 1.0, short=False)
proxy("slow", "harmless", "slow", 0.01)
proxy("connections cut once", "harmless", "cut")
for _n in (1, 4, 60):
    proxy("cut %d bytes into a command" % _n, "silent", "cut_request", _n,
          short=_n == 4)
for _n in (1, 3):
    proxy("cut %d bytes into an answer" % _n, "silent", "cut_answer", _n,
          short=_n == 3)

GARBAGE = {
    "binary": b"\0\xff\x80\r\n" * 20,
    "empty lines": b"\r\n\r\n",
    "HTTP": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "a status": b"+OK\r\n" * 4,
    "an unknown error": b"-ERR something\r\n" * 4,
    "an error without words": b"-\r\n" * 4,
    "a long error": b"-" + b"E" * 5000 + b"\r\n",
    "an array": b"*2\r\n$1\r\n0\r\n*0\r\n" * 4,
    "arrays in arrays": b"*1\r\n" * 100 + b":1\r\n",
    "a huge length": b"$999999999999\r\n",
    "a huge array": b"*2147483647\r\n",
    "a length below zero": b"$-5\r\n",
    "a length that is no number": b"$x\r\n",
    "another string": b"$5\r\nhello\r\n" * 4,
    "RESP3": b"%1\r\n+a\r\n:1\r\n" * 4,
    "a nil array": b"*-1\r\n" * 4,
    "half an answer": b"$100\r\nhello",
}
for _name, _data in GARBAGE.items():
    proxy("answers " + _name, "silent", "garbage", _data,
          short=_name in ("binary", "a status", "a huge array",
                          "another string"))
# A record that is written is answered 0: from who says 0 to everything, start
# cannot tell.
proxy("answers an integer", "silent", "garbage", b":0\r\n" * 4,
      functions=NOT_START)
for _name, _data in {
        "LOADING": b"-LOADING Redis is loading the dataset in memory\r\n",
        "BUSY": b"-BUSY Redis is busy running a script.\r\n",
        "CLUSTERDOWN": b"-CLUSTERDOWN The cluster is down\r\n",
        "MOVED": b"-MOVED 3999 127.0.0.1:6381\r\n"}.items():
    proxy("answers " + _name, "silent", "garbage", _data * 4,
          short=_name == "MOVED")


# The process.

def kill(bench):
    bench.redis.kill()


def restart_empty(bench):
    bench.redis.forget_snapshot()
    bench.redis.restart()


def stop(bench):
    os.kill(bench.redis.process.pid, signal.SIGSTOP)


def go_on(bench):
    os.kill(bench.redis.process.pid, signal.SIGCONT)


fault("killed", "silent", kill, restart_empty, keeps=False)
fault("restarted empty", "forgets all", restart_empty, keeps=False)
fault("hung", "silent", stop, go_on)


def snapshot(bench):
    bench.redis.snapshot()


def restart_old(bench):
    bench.redis.restart()
    bench.redis.forget_snapshot()


fault("restarted with old data", "forgets chunks", restart_old,
      snapshot=snapshot, lost=(1, 2), keeps=False)


class Loading:
    """A second server, which takes its time to load what the first had."""

    def begin(self, bench):
        bench.redis.client().set("ballast", "x")
        bench.redis.snapshot()
        self.port = bench.redis.port
        self.first = bench.redis
        bench.redis = Redis(bench.folder).start(
            "--key-load-delay", "1000000",
            "--loading-process-events-interval-bytes", "1024", loads=True)
        bench.redis_proxy.back = ("127.0.0.1", bench.redis.port)
        bench.redis_proxy.cut()

    def end(self, bench):
        bench.redis.kill()
        bench.redis = self.first
        bench.redis_proxy.back = ("127.0.0.1", self.port)
        bench.redis_proxy.cut()
        bench.redis.forget_snapshot()


_loading = Loading()
fault("loading", "silent", _loading.begin, _loading.end)


# What it is told.

def config(name, kind, key, value, before, cut=False, **more):
    """`before` is the value that it has else. Only new connections notice
    some: `cut` makes them new."""
    def set_to(bench, this):
        bench.admin.config_set(key, this)
        if cut:
            bench.redis_proxy.cut()
    fault(name, kind, lambda bench: set_to(bench, value),
          lambda bench: set_to(bench, before), **more)


config("wants a password", "silent", "requirepass", "secret", "", cut=True)
config("has no room", "full", "maxmemory", 1, 0)
config("has too many clients", "silent", "maxclients", 1, 10000, cut=True)


def evict_all(bench):
    bench.admin.config_set("maxmemory-policy", "allkeys-lru")
    bench.admin.config_set("maxmemory", 1)


def keep_all(bench):
    bench.admin.config_set("maxmemory", 0)
    bench.admin.config_set("maxmemory-policy", "noeviction")


fault("evicts all and has no room", "forgets all, full", evict_all, keep_all,
      keeps=False)


def command(name, kind, begin, end=None, **more):
    fault(name, kind, lambda bench: bench.admin.execute_command(*begin),
          (lambda bench: bench.admin.execute_command(*end)) if end else None,
          **more)


command("flushed", "forgets all", ("FLUSHALL",), keeps=False)
command("forgets its scripts", "harmless", ("SCRIPT", "FLUSH"))
command("is a replica", "refuses writes", ("REPLICAOF", "127.0.0.1", "1"),
        ("REPLICAOF", "NO", "ONE"))
command("lets nobody write", "refuses writes",
        ("ACL", "SETUSER", "default", "-@write", "-eval", "-evalsha"),
        ("ACL", "SETUSER", "default", "+@all"))
command("lets nobody do anything", "silent",
        ("ACL", "SETUSER", "default", "-@all", "+acl", "+select"),
        ("ACL", "SETUSER", "default", "+@all"), short=False)


# One key of a session: evicted, or something else in its place.

def key(history, name):
    return "chunked:{%s}:%s" % (history.sid, name)


def bytes_key(bench, history, index):
    for found in bench.admin.scan_iter(key(history, "chunk:%d:*" % index)):
        return found
    return None


def each(name, kind, change, **more):
    """`change` gets the client and the key, or None when it is not there."""
    fault(name, kind, change, each=True, functions=NOT_START, keeps=False,
          **more)


def on(name, change):
    def begin(bench, history):
        where = (bytes_key(bench, history, 0) if name == "bytes"
                 else key(history, name))
        if where is not None:
            change(bench.admin, where)
    return begin


def entry(new):
    """Another entry of chunk 0 in the chunks hash."""
    def begin(bench, history):
        where = key(history, "chunks")
        held = bench.admin.hget(where, 0)
        if held:
            bench.admin.hset(where, 0, new(held))
    return begin


def become(value):
    """A string, or a list, of the same time to live."""
    def change(client, where):
        ttl = client.pttl(where)
        client.delete(where)
        if isinstance(value, list):
            client.rpush(where, *value)
        else:
            client.set(where, value)
        if ttl > 0:
            client.pexpire(where, ttl)
    return change


def rewrite(new):
    def change(client, where):
        client.set(where, new(client.get(where)), keepttl=True)
    return change


def field(name, value):
    return lambda client, where: client.hset(where, name, value)


def cut_record(client, where):
    client.hset(where, "record", client.hget(where, "record")[:40])


def delete(client, where):
    client.delete(where)


ONE = {"lost": (0,)}
each("record evicted", "forgets records", on("info", delete))
each("record: a string", "forgets records", on("info", become(b"x")))
each("record: a list", "forgets records", on("info", become(["x"])),
     short=False)
each("record: garbage", "forgets records",
     on("info", field("record", b"\0garbage")))
each("record: cut short", "forgets records", on("info", cut_record))
each("record: its state garbage", "harmless",
     on("info", field("state", "garbage")))
each("claim evicted", "harmless", on("claim", delete))
each("claim of another", "claimed",
     on("claim", lambda client, where: client.set(where, "x", px=60000)))
each("claim without an end", "harmless",
     on("claim", lambda client, where: client.set(where, "x")))
each("claim: a list", "harmless", on("claim", become(["x"])))
each("list evicted", "forgets chunks", on("chunks", delete))
each("list: a string", "forgets chunks", on("chunks", become(b"x")))
each("list: its count garbage", "harmless",
     on("chunks", field("bytes", "garbage")))
each("list: its count huge", "harmless",
     on("chunks", field("bytes", str(2 ** 62))))
each("list: a field too many", "harmless", on("chunks", field("x", "y")))
each("entry: garbage", "forgets chunks", entry(lambda _: b"garbage"), **ONE)
each("entry: another digest", "forgets chunks",
     entry(lambda held: b"xxh3-128:" + b"0" * 32 + held[41:]), **ONE)
each("entry: another size", "forgets chunks",
     entry(lambda held: held[:42] + b"1" + held[42:]), **ONE)
each("entry: another kind", "forgets chunks",
     entry(lambda held: held.rsplit(b" ", 1)[0] + b" other"), **ONE)
each("bytes evicted", "forgets chunks", on("bytes", delete), **ONE)
each("bytes: others", "rots",
     on("bytes", rewrite(lambda held: bytes(b ^ 1 for b in held))), **ONE)
each("bytes: fewer", "forgets chunks", on("bytes", rewrite(
    lambda held: held[:-1])), **ONE)
each("bytes: more", "forgets chunks", on("bytes", rewrite(
    lambda held: held + b"x")), **ONE)
each("bytes: none", "forgets chunks", on("bytes", rewrite(
    lambda _: b"")), **ONE)
each("bytes: a list", "forgets chunks", on("bytes", become(["x"])), **ONE)
