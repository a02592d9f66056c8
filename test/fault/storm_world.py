# SPDX-License-Identifier: MIT
"""The world of a history: hosts, real servers, a sink, and every fault that
can be done to them. It lives on from history to history."""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pymongo
import redis

import server
import storm_losses
import storm_wire as wire
from storm_hosts import COOLDOWN_MS, Host, new_folder, own
from storm_losses import CHUNKS, CLAIMS, SESSIONS, empty
from storm_settings import SETTINGS

SINK = "documents"
# From a fault's end until a tier must be in use again on every host.
RECOVERY_SECONDS = 10
SHARED = ("redis", "mongodb")
RESTART_SECONDS = 60
# For the storm's own questions: a server that hangs fails it, in the end.
SOCKET_MS = 20000


SILENT = {"shut", "deaf", "hold", "hold_answers"}   # nothing gets an answer


class World:
    """From `with` to its end. `servers` is the folder of test/servers."""

    def __init__(self, setting, build, servers):
        self.setting = setting
        self.servers = Path(servers)
        self.name = "tranche_storm_%d_%s" % (
            os.getpid(), setting.name.replace("+", "_").replace("/", "_"))
        number = 1 + list(SETTINGS).index(setting.name) % 15
        self.redis_url = _with_path(os.environ["REDIS_URL"], str(number))
        self.mongodb_uri = _with_path(os.environ["MONGODB_URI"], self.name)
        self.build = build
        self.fired = Counter()
        self.link_faults = {}       # (host, tier): how
        self.server_faults = {}     # tier: how
        self.sink_fault = False
        self.kept = {}
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        self.root = Path(tempfile.mkdtemp(prefix="storm-", dir=server.TMPFS))
        own(self.root)
        self.sink = new_folder(self.root, "sink")
        env = {"TRANCHE_COPIES": str(self.setting.copies),
               "TRANCHE_SINK": "file:%s" % self.sink
               if self.setting.sink == "file" else "mongodb:" + SINK}
        self.tiers = {t for _, tiers in self.setting.hosts for t in tiers}
        self.redis = redis.Redis.from_url(self.redis_url)
        self.mongo = pymongo.MongoClient(self.mongodb_uri, tz_aware=True,
                                         socketTimeoutMS=SOCKET_MS)
        self.database = self.mongo[self.name]
        self.hosts = []
        try:
            for number, (kind, tiers) in enumerate(self.setting.hosts):
                urls = {t: self.url(t) for t in tiers if t != "memory"}
                if self.setting.sink == "mongodb":
                    urls["mongodb"] = self.mongodb_uri
                self.hosts.append(self.stack.enter_context(
                    Host(number, kind, tiers, urls, env, self.build)))
            self.forget()
        except BaseException:
            self.__exit__()
            raise
        return self

    def url(self, tier):
        return self.redis_url if tier == "redis" else self.mongodb_uri

    def __exit__(self, *_):
        self.heal()
        self.forget()
        self.mongo.drop_database(self.name)
        self.stack.close()
        self.mongo.close()
        self.redis.close()
        shutil.rmtree(self.root)
        said = [line for host in self.hosts for line in host.last_words]
        if said:
            raise RuntimeError("a sanitizer said at the end: %s" % said[:3])

    def forget(self):
        """Nothing is left of the histories before."""
        self.kept.clear()
        if "redis" in self.tiers:
            self.redis.flushdb()
        for name in (SESSIONS, CHUNKS, CLAIMS, SINK):
            self.database[name].delete_many({})
        for folder in [self.sink, *(h.memory for h in self.hosts)]:
            empty(folder)

    # What is done to it.

    def apply(self, step):
        """One step of a script that is no request. Which tiers it has touched
        on which hosts, as a set of (host, tier), and whether what they held
        may be lost, as a set of (tier, session or None, index or None)."""
        self.fired[name_of(step)] += 1
        return getattr(self, "do_" + step["do"])(step)

    def do_link(self, step):
        """A link or, without a host, all links of a tier."""
        tier, how = step["tier"], step["how"]
        hosts = [h for h in self.hosts if tier in h.proxies
                 and step.get("host") in (None, h.number)]
        for host in hosts:
            proxy = host.proxies[tier]
            arguments = {"slow": (0.02,), "cut_request": (step.get("n", 40),),
                         "cut_answer": (step.get("n", 40),),
                         "garbage": (b"HTTP/1.1 400 Bad Request\r\n\r\n",)}
            getattr(proxy, how)(*arguments.get(how, ()))
            if how not in ("open", "cut"):
                self.link_faults[host.number, tier] = how
        return {(h.number, tier) for h in hosts}, set()

    def do_server(self, step):
        """A server that all hosts share."""
        tier, how = step["tier"], step["how"]
        lost = set()
        if self.server_faults.get(tier) or tier not in SHARED:
            return set(), lost
        if how == "pause":
            os.kill(self.pid(tier), signal.SIGSTOP)
        elif how == "full":
            self.redis.config_set("maxmemory-policy", "noeviction")
            self.redis.config_set("maxmemory", 1)
        elif how == "evict":
            self.redis.config_set("maxmemory-policy", "allkeys-lru")
            self.redis.config_set("maxmemory", 1)
            with contextlib.suppress(redis.RedisError):
                self.redis.set("x", "x")
            lost.add(("redis", None, None))
        elif how == "readonly":
            self.redis.execute_command("REPLICAOF", "127.0.0.1", "1")
        elif how == "restart":
            self.command("stop", tier)
            self.command("start", tier)
            if tier == "redis":
                lost.add((tier, None, None))
        elif how == "storage":
            self.command("stop", "mongodb-storage")
            self.command("start", "mongodb-storage")
        if how in ("restart", "storage"):
            self.wait_back()
        if how in ("pause", "full", "evict", "readonly"):
            self.server_faults[tier] = how
        return {(h.number, tier) for h in self.hosts}, lost

    def command(self, what, name):
        subprocess.run([str(server.REPO / "test" / "servers"), what,
                        str(self.servers), name], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def wait_back(self):
        """Until what was restarted takes writes again."""
        end = time.monotonic() + RESTART_SECONDS
        while True:
            try:
                self.redis.ping()
                self.database[CLAIMS].delete_many({"sessionId": "none"})
                return
            except (redis.RedisError, pymongo.errors.PyMongoError):
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def pid(self, name):
        return int((self.servers / (name + ".pid")).read_text())

    def do_lose(self, step):
        """What a tier holds is lost: all of it, a session's record, its list
        of chunks, a chunk; or rots: it is there with other bytes, or something
        foreign in its place. Of a session its sid must be in the step, of a
        chunk its size."""
        tier, what = step["tier"], step["what"]
        if self.server_faults.get(tier) in ("pause", "readonly"):
            return set(), set()     # nobody can
        touched = {(h.number, tier) for h in self.hosts}
        if what == "all":
            storm_losses.lose_all(self, tier)
            return touched, {(tier, None, None)}
        number = step["s"]
        storm_losses.lose(self, step)
        if what == "claim":
            return set(), set()
        index = step["i"] if what == "chunk" else None
        return touched, {(tier, number,
                          "record" if what == "record" else index)}

    def do_keep(self, step):
        """What a tier holds now is kept, for do_old."""
        if not self.server_faults.get(step["tier"]):
            self.kept[step["tier"]] = storm_losses.take(self, step["tier"])
        return set(), set()

    def do_old(self, step):
        """The tier is what it was when it was kept, as if restored from a
        backup. Claims are not: their lease would be over."""
        tier = step["tier"]
        if tier not in self.kept or self.server_faults.get(tier):
            return set(), set()
        storm_losses.lose_all(self, tier)
        storm_losses.put_back(self, tier, self.kept[tier])
        return ({(h.number, tier) for h in self.hosts}, {(tier, None, None)})

    def do_host(self, step):
        """A folder of a host, or of all of them."""
        how = step["how"]
        if how == "sink":
            if self.setting.sink == "file" and os.access(self.sink, os.W_OK):
                self.sink_fault = True
                for folder in (self.sink, self.sink / ".tranche"):
                    if folder.exists():
                        folder.chmod(0o500)
            return set(), set()
        host = self.hosts[step["host"] % len(self.hosts)]
        if how == "state":
            shutil.rmtree(host.state, ignore_errors=True)
            new_folder(host.root, "state")
        return set(), set()

    def do_heal(self, step):
        """One tier, or everything."""
        tier = step.get("tier")
        touched = {(h, t) for h, t in self.link_faults if tier in (None, t)}
        touched |= {(h.number, t) for t in self.server_faults
                    if tier in (None, t) for h in self.hosts}
        lost = {(t, None, None) for t, how in self.server_faults.items()
                if how == "evict" and tier in (None, t)}
        self.heal(tier)
        return touched, lost

    def heal(self, tier=None):
        for number, t in list(self.link_faults):
            if tier in (None, t):
                self.hosts[number].proxies[t].open()
                del self.link_faults[number, t]
        for t, how in list(self.server_faults.items()):
            if tier not in (None, t):
                continue
            if how == "pause":
                os.kill(self.pid(t), signal.SIGCONT)
            elif how == "readonly":
                self.redis.execute_command("REPLICAOF", "NO", "ONE")
            else:
                self.redis.config_set("maxmemory", 0)
                self.redis.config_set("maxmemory-policy", "noeviction")
            del self.server_faults[t]
        if tier is None and self.sink_fault:
            for folder in (self.sink, self.sink / ".tranche"):
                if folder.exists():
                    folder.chmod(0o700)
            self.sink_fault = False

    # What is known of it.

    def faulty(self, number):
        """The tiers that a host sees with a fault."""
        return ({t for h, t in self.link_faults if h == number}
                | set(self.server_faults))

    def silent(self, number):
        """Those of them that say nothing at all."""
        return ({t for (h, t), how in self.link_faults.items()
                 if h == number and how in SILENT}
                | {t for t, how in self.server_faults.items()
                   if how == "pause"})

    def settle(self, number):
        """Waits until the host asks every tier again that has no fault. Says
        which have none, or None when it does not in time."""
        host = self.hosts[number]
        clear = set(host.tiers) - self.faulty(number)
        time.sleep(COOLDOWN_MS / 1000 + 0.03)
        end = time.monotonic() + RECOVERY_SECONDS
        while True:
            reply = host.ask(wire.get_status(unknown_id()))
            # Absent is said when every tier has said so.
            if reply and reply.status == 404 or clear != set(host.tiers):
                return clear
            if time.monotonic() > end:
                return None
            time.sleep(COOLDOWN_MS / 1000)


def name_of(step):
    """Of a fault, for the totals."""
    if step["do"] == "lose":
        how = {True: "rots", "foreign": "is foreign"}.get(step.get("rot"),
                                                          "lost")
        return "%s: %s %s" % (step["tier"], step["what"], how)
    if step["do"] == "heal":
        return "heal"
    if step["do"] in ("keep", "old"):
        return "%s: %s" % (step["tier"], {"keep": "kept", "old": "old data"}[
            step["do"]])
    if step["do"] == "host":
        return "host: " + step["how"]
    where = "link" if step["do"] == "link" else "server"
    return "%s %s: %s" % (step["tier"], where, step["how"])


def unknown_id():
    """An id of the right shape that nobody has."""
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    return "%d-%s" % (time.time() * 1000, random.choice("01234567") + "".join(
        random.choice(alphabet) for _ in range(25)))


def _with_path(url, path):
    return urlunsplit(urlsplit(url)._replace(path="/" + path))
