#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""usage: test/bench/peers/check.py [NAME...]

Starts each peer with each of its counts of workers, stores three chunks and
three small uploads, reads them back, and sees that all is gone at the end.
Servers are taken from REDIS_URL and MONGODB_URI where they are set; a database
named there is emptied. Without names: all that are built or quickly built
(not rustus).
"""

import base64
import http.client
import json
import os
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE.parent / "lib"), str(HERE)]

import built                            # noqa: E402
from host import family                 # noqa: E402
import peer                             # noqa: E402
from spawned import accepts             # noqa: E402

QUICK = ("tusd", "tus_node", "original")
CHUNK = 512 * 1024
SMALL = 4096
N = 3
TMPFS = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


class Wrong(Exception):
    pass


def settings(name):
    """What a peer may use: the original is asked on each tier."""
    if name != "original":
        return {"": {}}
    found = {"memory": {}}
    for tier, variable in (("redis", "REDIS_URL"), ("mongodb", "MONGODB_URI")):
        if os.environ.get(variable):
            found[tier] = {variable: os.environ[variable]}
    return found


def body_file(folder, name, size):
    path = folder / name
    path.write_bytes(base64.b64encode(os.urandom(size))[:size])
    return path


def sent(request, captured):
    """Path and body as the generator sends them."""
    def text(part):
        if isinstance(part, Path):
            return part.read_bytes()
        return part.replace("@captured@", captured).encode()

    body = request["body"]
    if body is not None:
        body = b"".join(map(text, body if isinstance(body, list) else [body]))
    return request["path"].replace("@captured@", captured), body


def ask(connection, requests):
    """Sends a list of requests; what was captured last."""
    captured = ""
    for request in requests:
        path, body = sent(request, captured)
        connection.request(request["method"], path, body, request["headers"])
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != request["status"]:
            raise Wrong("%s %s: %d %s" % (request["method"], path,
                                          answer.status, content.decode()))
        capture = request.get("capture", {})
        if "header" in capture:
            captured = urlsplit(answer.headers[capture["header"]]).path
        elif "json" in capture:
            captured = json.loads(content)[capture["json"]]
    return captured


def check(server, folder):
    body = body_file(folder, "chunk", CHUNK)
    small = body_file(folder, "small", SMALL)
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc,
                                            timeout=30)
    for request in server.chunk_requests(N, CHUNK, body):
        ask(connection, [request])
    for n in range(N):
        if server.stored(n) != body.read_bytes():
            raise Wrong("chunk %d is not what was sent" % n)
    for requests in server.small_requests(N, small):
        if server.uploaded(ask(connection, requests)) != small.read_bytes():
            raise Wrong("a small upload is not what was sent")
    connection.close()
    pids = server.processes()["server"]
    server.clear()
    return pids


def check_one(Peer, count, env):
    with tempfile.TemporaryDirectory(dir=TMPFS) as root:
        folder = Path(root) / "peer"
        folder.mkdir()
        with Peer(built.default(), folder, count, env) as server:
            pids = check(server, Path(root))
        if left := family(pids):
            raise Wrong("processes are left: %s" % sorted(left))
        if accepts(urlsplit(server.url).port):
            raise Wrong("the port is still open")
    return pids


def main():
    names = sys.argv[1:] or QUICK
    if "-h" in names or "--help" in names:
        print(__doc__.strip())
        return
    failed = 0
    for name in names:
        try:
            Peer = peer.find(name)
            Peer.install(built.default())
        except peer.Missing as missing:
            failed += 1
            print("%s: %s" % (name, missing))
            continue
        for tier, env in settings(name).items():
            for count in peer.counts(Peer):
                what = " ".join(("%s, %d workers %s" % (
                    name, count, tier)).split())
                try:
                    pids = check_one(Peer, count, env)
                    print("%s: good, %d processes" % (what, len(pids)))
                except (Wrong, RuntimeError, OSError,
                        http.client.HTTPException) as wrong:
                    failed += 1
                    print("%s: %s" % (what, wrong))
    sys.exit(1 if failed else 0)


main()
