# SPDX-License-Identifier: MIT
"""The peers in Node: node/ and the packages that its lock names, in the cache.

The scripts are copied beside the packages, for Node looks for packages in the
folders above a script. A change of any file of node/ makes another folder.
"""

import hashlib
import json
import shutil
from pathlib import Path

import built
from spawned import Spawned

SOURCE = Path(__file__).resolve().parent / "node"
READY = r"serves on (\d+)"
OLDEST = (20, 19)


def folder(cache):
    digest = hashlib.sha256()
    for path in files():
        digest.update(str(path.relative_to(SOURCE)).encode() + b"\0")
        digest.update(path.read_bytes() + b"\0")
    return cache / ("node-" + digest.hexdigest()[:16])


def files():
    return sorted(path for path in SOURCE.rglob("*")
                  if path.suffix in (".js", ".json")
                  and "node_modules" not in path.parts)


def install(cache):
    final = folder(cache)
    with built.folder(cache, final.name) as aside:
        if not aside:
            return
        npm = built.need("npm", "nodejs npm", "the peers in Node")
        built.at_least("the peers in Node need Node", built.run(
            "node", ["node", "--version"], aside), OLDEST)
        for path in files():
            copy = aside / path.relative_to(SOURCE)
            copy.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, copy)
        built.run("npm ci", [npm, "ci", "--omit=dev", "--omit=optional",
                                "--ignore-scripts", "--no-audit", "--no-fund"],
                     aside)


def version(package):
    """As package.json pins it."""
    pinned = json.loads((SOURCE / "package.json").read_bytes())
    return pinned["dependencies"][package]


def spawned(cache, script, arguments, env, log):
    return Spawned(["node", folder(cache) / script, *arguments],
                   dict(env, NODE_ENV="production"), log, ready=READY)
