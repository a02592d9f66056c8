# SPDX-License-Identifier: MIT
"""Copies of what a tier holds, but for claims: a backup, and its return."""

import os
import shutil

COLLECTIONS = ("chunkeduploadsessions", "chunkeduploadchunks")


def take(world, tier):
    if tier == "redis":
        keys = [k for k in world.redis.keys("*") if not k.endswith(b":claim")]
        return [(k, world.redis.pttl(k), world.redis.dump(k)) for k in keys]
    if tier == "mongodb":
        return {name: list(world.database[name].find())
                for name in COLLECTIONS}
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
