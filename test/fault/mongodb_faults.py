# SPDX-License-Identifier: MIT
"""What happens to the MongoDB-protocol server, and to the storage under it. By
the real servers where it can be had, else by the proxy before them."""

import contextlib
import os
import signal
import struct
from pathlib import Path

import bson

from matrix import FUNCTIONS, Fault

NOT_START = tuple(f for f in FUNCTIONS if f != "start")
# FerretDB takes seconds to start: not in every setting.
SLOW = ("mongodb", "redis+mongodb")
FAULTS = []


def fault(name, kind, begin, end=None, **more):
    FAULTS.append(Fault("mongodb " + name, "mongodb", kind, begin, end,
                        **more))


# The network, and a server that says nothing or nonsense.

def proxy(name, kind="silent", how=None, *arguments, **more):
    fault(name, kind,
          lambda bench: getattr(bench.mongodb_proxy, how)(*arguments),
          lambda bench: bench.mongodb_proxy.open(), **more)


proxy("refuses connections", how="shut")
proxy("packets dropped", how="deaf", short=False)
proxy("accepts and says nothing", how="hold", short=False)
proxy("hears, and its answers are lost", how="hold_answers")
proxy("slower than its timeout", "silent", "slow", 2.0, short=False)
proxy("slow", "harmless", "slow", 0.005, short=False)
proxy("connections cut once", "harmless", "cut")
for _n in (1, 20, 100):
    proxy("cut %d bytes into a command" % _n, "silent", "cut_request", _n,
          short=_n == 20)
    # All that start is answered may be less than 100.
    proxy("cut %d bytes into an answer" % _n, "silent", "cut_answer", _n,
          short=_n == 20, functions=FUNCTIONS if _n < 100 else NOT_START)


def message(document, op=2013, length=None):
    body = struct.pack("<IB", 0, 0) + bson.encode(document)
    size = 16 + len(body) if length is None else length
    return struct.pack("<iiii", size, 1, 1, op) + body


def refusal(code, **more):
    return message({"ok": 0.0, "errmsg": "no", "code": code, **more})


GARBAGE = {
    "binary": b"\0\xff\x80\r\n" * 20,
    "HTTP": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "a length below zero": message({"ok": 1.0}, length=-1),
    "a length of nothing": message({"ok": 1.0}, length=0),
    "a huge length": message({"ok": 1.0}, length=2 ** 31 - 1),
    "another opcode": message({"ok": 1.0}, op=9999),
    "BSON that breaks off": struct.pack("<iiiiIBi", 25, 1, 1, 2013, 0, 0, 99),
    "no document": struct.pack("<iiiiI", 20, 1, 1, 2013, 0),
    "yes, and nothing else": message({"ok": 1.0}),
    "other types": message({"ok": "yes", "n": "one", "cursor": 1,
                            "value": [1]}),
    "no ok": message({"cursor": {"firstBatch": "none", "id": 0}}),
}
for _name, _data in GARBAGE.items():
    proxy("answers " + _name, "silent", "garbage", _data, short=_name in (
        "binary", "a huge length", "another opcode", "other types",
        "no document"))
for _code in (1, 13, 18, 50, 91, 112, 189, 10107, 11600, 13436):
    proxy("answers code %d" % _code, "silent", "garbage", refusal(_code),
          short=_code in (13, 10107))


# The processes.

def stop(bench):
    bench.servers.signal("mongodb", signal.SIGSTOP)


def go_on(bench):
    bench.servers.signal("mongodb", signal.SIGCONT)


def storage_processes(bench):
    """PostgreSQL's: the first one, and one for each connection and task."""
    first = bench.servers.pid("mongodb-storage")
    found = [first]
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            pid, rest = int(stat.parent.name), stat.read_text()
        except OSError:
            continue
        if int(rest.rpartition(")")[2].split()[1]) == first:
            found.append(pid)
    return found


def signal_storage(number):
    def send(bench):
        for pid in storage_processes(bench):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
    return send


def run(*words):
    return lambda bench: bench.servers.run(*words)


fault("hung", "silent", stop, go_on)
fault("killed", "silent", run("stop", "mongodb"), run("start", "mongodb"),
      settings=SLOW[:1])
fault("killed, with redis", "silent", run("stop", "mongodb"),
      run("start", "mongodb"), settings=SLOW[1:], short=False)


def restart(bench):
    bench.servers.run("stop", "mongodb")
    bench.servers.run("start", "mongodb")


fault("restarted", "harmless", restart, settings=SLOW, short=False)
fault("storage hung", "silent", signal_storage(signal.SIGSTOP),
      signal_storage(signal.SIGCONT))
fault("storage stopped", "silent", run("stop", "mongodb-storage"),
      run("start", "mongodb-storage"), settings=SLOW[:1], short=False)
fault("storage stopped, with redis", "silent", run("stop", "mongodb-storage"),
      run("start", "mongodb-storage"), settings=SLOW[1:], short=False)


def drop_database(bench):
    bench.mongodb().client.drop_database(bench.database)


fault("dropped", "forgets all", drop_database, keeps=False)


# One document of a session: deleted, or another in its place.

SESSIONS, CHUNKS, CLAIMS = ("chunkeduploadsessions", "chunkeduploadchunks",
                            "chunkeduploadclaims")


def each(name, kind, begin, **more):
    fault(name, kind, begin, each=True, functions=NOT_START, keeps=False,
          **more)


def of(history, collection):
    """The record, the claim, or the chunk at index 0."""
    found = {"sessionId": history.sid}
    return {**found, "chunkIndex": 0} if collection == CHUNKS else found


def delete(collection):
    return lambda bench, history: bench.mongodb()[collection].delete_one(
        of(history, collection))


def change(collection, operator="$set", /, **fields):
    return lambda bench, history: bench.mongodb()[collection].update_one(
        of(history, collection), {operator: fields})


def replace(collection, new):
    """new: from what data is to what it becomes."""
    def begin(bench, history):
        held = bench.mongodb()[collection].find_one(of(history, collection))
        if held:
            bench.mongodb()[collection].update_one(
                of(history, collection), {"$set": new(held)})
    return begin


def flip(held):
    data = held["data"]
    return {"data": bytes(b ^ 1 for b in data) if isinstance(data, bytes)
            else data.swapcase()}


def delete_chunks(bench, history):
    bench.mongodb()[CHUNKS].delete_many({"sessionId": history.sid})


def claim_of(**fields):
    """There is one only once complete or abort was asked for."""
    def begin(bench, history):
        record = bench.mongodb()[SESSIONS].find_one(of(history, SESSIONS))
        if record:
            bench.mongodb()[CLAIMS].replace_one(
                {"_id": record["_id"]},
                {"sessionId": history.sid, "purgeAt": record["purgeAt"],
                 **fields}, upsert=True)
    return begin


ONE = {"lost": (0,)}
each("record deleted", "forgets records", delete(SESSIONS))
each("record: its state a string", "forgets records",
     change(SESSIONS, state="open"))
each("record: its chunks a string", "forgets records",
     change(SESSIONS, totalChunks="three"), short=False)
each("record: its size below zero", "forgets records",
     change(SESSIONS, totalSize=-1), short=False)
each("record: of another version", "forgets records",
     change(SESSIONS, version=99), short=False)
each("record: of another session", "forgets records",
     replace(SESSIONS, lambda held: {
         "persistentId": 7, "owner": ["x"]}), short=False)
each("record: a field is missing", "forgets records",
     change(SESSIONS, "$unset", totalSize=1))
each("record: its count a string", "harmless",
     change(SESSIONS, receivedChunks="two", bytesHeld="many"))
each("record: its count huge", "harmless",
     change(SESSIONS, receivedChunks=2 ** 40, bytesHeld=2 ** 62))
each("record: no count", "harmless",
     change(SESSIONS, "$unset", receivedChunks=1, bytesHeld=1), short=False)
each("record: its map garbage", "harmless", change(SESSIONS, chunks="x"))
each("record: no stamp", "harmless", change(SESSIONS, "$unset", stamp=1),
     short=False)
each("claim deleted", "harmless", delete(CLAIMS), short=False)
each("claim: garbage", "harmless", claim_of(token=7, until="x"))
each("claim: nothing in it", "harmless", claim_of(), short=False)
each("chunks deleted", "forgets chunks", delete_chunks)
each("chunk deleted", "forgets chunks", delete(CHUNKS), **ONE)
each("chunk: other bytes", "rots", replace(CHUNKS, flip), **ONE)
each("chunk: fewer bytes", "forgets chunks", replace(
    CHUNKS, lambda held: {"data": held["data"][:-1]}), **ONE)
each("chunk: its data a number", "forgets chunks", change(CHUNKS, data=7), **ONE)
each("chunk: its data missing", "forgets chunks",
     change(CHUNKS, "$unset", data=1), **ONE)
each("chunk: its digest garbage", "forgets chunks",
     change(CHUNKS, digest="garbage"), **ONE)
each("chunk: its size a string", "forgets chunks",
     change(CHUNKS, size="big"), short=False, **ONE)
each("chunk: another size", "rots", change(CHUNKS, size=1), short=False,
     **ONE)
each("chunk: its kind garbage", "forgets chunks",
     change(CHUNKS, kind="garbage"), short=False, **ONE)
