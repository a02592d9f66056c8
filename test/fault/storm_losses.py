# SPDX-License-Identifier: MIT
"""What happens to what a tier holds, by a back door: it is lost, it rots, it
is what it was before. Only this part knows how tiers keep things."""

import contextlib
import os
import random
import shutil

import redis

SESSIONS = "chunkeduploadsessions"
CHUNKS = "chunkeduploadchunks"
CLAIMS = "chunkeduploadclaims"
FOREIGN_SECONDS = 3600


def lose_all(world, tier):
    if tier == "redis":
        world.redis.flushdb()
    elif tier == "mongodb":
        for name in (SESSIONS, CHUNKS, CLAIMS):
            world.database[name].delete_many({})
    else:
        for host in world.hosts:
            empty(host.memory)


def lose_redis(world, step, rng):
    key = "chunked:{%s}:" % step["sid"]
    names = [key + {"record": "info", "chunks": "chunks",
                    "claim": "claim"}.get(step["what"], "")]
    if step["what"] == "chunk":
        names = world.redis.keys(_glob(key) + "chunk:%d:*" % step["i"])
    for name in filter(world.redis.exists, names):
        try:
            lose_key(world, name, step, rng)
        except redis.RedisError:
            world.redis.delete(name)     # it takes no writes


def lose_key(world, name, step, rng):
    what, rots = step["what"], step.get("rot")
    if rots == "foreign":
        world.redis.delete(name)
        if what == "chunk" or what == "claim":
            world.redis.rpush(name, "foreign")
        else:
            world.redis.set(name, "foreign")
        world.redis.expire(name, FOREIGN_SECONDS)
    elif rots and what == "record":
        world.redis.hset(name, "record", "rotten")
    elif rots and what == "chunk":
        data = world.redis.get(name)
        world.redis.set(name, rot(data, rng), keepttl=True)
    elif rots and what == "claim":
        world.redis.set(name, "rotten", keepttl=True)
    else:
        world.redis.delete(name)


def lose_mongodb(world, step, rng):
    what, rots = step["what"], step.get("rot")
    one = {"sessionId": step["sid"]}
    name = {"record": SESSIONS, "claim": CLAIMS}.get(what, CHUNKS)
    if what == "chunk":
        one["chunkIndex"] = step["i"]
    if not rots:
        world.database[name].delete_many(one)
    elif what == "record":
        world.database[name].update_many(
            one, {"$set": {"totalChunks": "rotten"}})
    elif rots == "foreign":
        world.database[name].update_many(one, {"$set": {"data": 1}})
    else:
        for found in world.database[name].find(one):
            data = found["data"]
            data = (rot(data.encode(), rng).decode(errors="replace")
                    if isinstance(data, str) else rot(bytes(data), rng))
            world.database[name].update_one(
                {"_id": found["_id"]}, {"$set": {"data": data}})


def lose_memory(world, step, rng):
    what, rots = step["what"], step.get("rot")
    for host in world.hosts:
        folder = host.memory / step["sid"]
        if what == "chunks":
            for path in folder.glob("[0-9]*"):
                path.unlink()
            continue
        path = folder / {"chunk": str(step.get("i"))}.get(what, what)
        with contextlib.suppress(FileNotFoundError):
            if rots == "foreign" or rots and what == "record":
                path.write_bytes(b"foreign")
            elif rots:
                data, size = path.read_bytes(), step["size"]
                path.write_bytes(rot(data[:size], rng) + data[size:])
            else:
                path.unlink()


def lose(world, step):
    """What step says of the session step["sid"]."""
    rng = random.Random(step["s"])
    {"redis": lose_redis, "mongodb": lose_mongodb, "memory": lose_memory}[
        step["tier"]](world, step, rng)


def rot(data, rng):
    """As many bytes, of which one is another; ASCII stays ASCII."""
    if not data:
        return data
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]


def empty(folder):
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            with contextlib.suppress(FileNotFoundError):
                path.unlink()


def _glob(text):
    return "".join("[%s]" % c if c in "{}*?[]" else c for c in text)


# Copies of what a tier holds, but for claims: a backup, and its return.

def take(world, tier):
    if tier == "redis":
        keys = [k for k in world.redis.keys("*") if not k.endswith(b":claim")]
        return [(k, world.redis.pttl(k), world.redis.dump(k)) for k in keys]
    if tier == "mongodb":
        return {name: list(world.database[name].find())
                for name in (SESSIONS, CHUNKS)}
    folders = []
    for host in world.hosts:
        copy = host.root / "kept"
        shutil.rmtree(copy, ignore_errors=True)
        # Who is at work there may take away what is being copied.
        copy.mkdir()
        for path in host.memory.glob("*-*"):
            copy_folder(path, copy / path.name)
        folders.append(copy)
    return folders


def copy_folder(path, to):
    to.mkdir(mode=0o700)
    for each in path.iterdir():
        if each.name != "claim":
            shutil.copy2(each, to / each.name)
            own_as(each, to / each.name)
    own_as(path, to)


def own_as(path, other):
    there = path.stat()
    os.chown(other, there.st_uid, there.st_gid)
    other.chmod(there.st_mode & 0o7777)


def put_back(world, tier, copy):
    if tier == "redis":
        for key, left, value in copy:
            if left > 0 and value is not None:
                world.redis.restore(key, left, value, replace=True)
    elif tier == "mongodb":
        for name, documents in copy.items():
            if documents:
                world.database[name].insert_many(documents)
    else:
        for host, folder in zip(world.hosts, copy):
            for path in folder.iterdir():
                copy_folder(path, host.memory / path.name)
