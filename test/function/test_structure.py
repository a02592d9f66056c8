# SPDX-License-Identifier: MIT
"""What a process costs, where that is structure and not speed: its memory,
and the libraries that it loads."""

import hashlib
import os
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from place import Place
from server import FUNCTIONS, maps, memory_of
from upload import unique_id
from wire.row import MAX_CHUNK, MIB

KIB = 1 << 10
SIZES = [64 * KIB, 128 * KIB, 256 * KIB, 512 * KIB]


def send_many(place, count):
    """`count` chunks of mixed sizes, raw and text in turn."""
    block = os.urandom(512 * KIB)
    for first in range(0, count, 100):
        up = place.upload(*[b""] * 100, sent=(), totalSize=100 * 256 * KIB)
        for index in range(100):
            size = SIZES[index % len(SIZES)]
            if index % 8:
                data = bytes([index]) + block[1:size]
                answer = place.client.upload_raw(up.sid, index, data)
            else:
                data = chr(64 + index) * size
                answer = place.client.upload_text(up.sid, index, data)
            assert answer.status == 200, answer
        assert up.status().json["receivedChunks"] == 100
        assert up.abort().status == 200


@pytest.mark.memory
@pytest.mark.parametrize("setting, count, most", [
    ("embedded", 1000, 10), ("redis+mongodb", 1000, 10),
    ("redis-invalid", 200, 20)])
def test_resident(clean, setting, count, most):
    """MiB of a process of upload after so many chunks: on memory, on Redis,
    and with libmongoc."""
    with Place(setting) as place:
        send_many(place, count)
        pids = place.serve.processes("upload")
        assert pids
        for pid in pids:
            assert memory_of(pid, "VmRSS") <= most * MIB


def test_libraries(clean):
    """Each is loaded by a process that needs it, and by no other."""
    loaded = {"embedded": (), "redis+mongodb": ("tranche-redis",),
              "redis-invalid": ("tranche-mongodb", "libmongoc")}
    for setting, wanted in loaded.items():
        with Place(setting) as place:
            for _ in range(20):
                up = place.upload()
                up.put_all()
                assert up.client.send("GET", "status").status == 200
            pids = place.serve.processes("upload")
            for library in ("tranche-redis", "tranche-mongodb", "libmongoc"):
                has = [pid for pid in pids if maps(pid, library)]
                if library in wanted:
                    assert has, (setting, library)
                else:
                    assert not has, (setting, library)
            if setting == "embedded":
                up.completes()
                for pid in place.serve.processes(*FUNCTIONS):
                    assert not maps(pid, "libmongoc")
                    assert not maps(pid, "tranche-redis")


def test_complete_of_a_gibibyte(clean):
    """Into a file within two chunks of memory; and while it is at work
    others are told so."""
    with Place("embedded", {"TRANCHE_MEMORY_MAX": str(2048 * MIB)}) as place:
        for _ in range(12):    # each process of complete has been at work
            place.upload().completes()
        pids = place.serve.processes("complete")
        before = max(memory_of(pid, "VmHWM") for pid in pids)
        name, sid, digest = send_gibibyte(place)
        with ThreadPoolExecutor(1) as pool, place.client.again() as other:
            completing = pool.submit(other.complete, sid)
            seen = set()
            while not completing.done():
                seen.add(place.client.status(sid).json["state"])
                time.sleep(0.05)
            answer = completing.result()
        assert answer.status == 201, answer
        assert answer.json["sha256"] == digest
        assert (place.sink / name).stat().st_size == 1024 * MIB
        assert "completing" in seen
        assert place.serve.processes("complete") == pids
        after = max(memory_of(pid, "VmHWM") for pid in pids)
        assert after - before <= 2 * MAX_CHUNK


def send_gibibyte(place):
    block = os.urandom(MAX_CHUNK - 8)
    name = unique_id()
    whole = hashlib.sha256()
    started = place.client.start(totalChunks=256, totalSize=1024 * MIB,
                                 persistentId=name)
    assert started.status == 200, started
    sid = started.json["sessionId"]
    for index in range(256):
        data = index.to_bytes(8, "big") + block
        whole.update(data)
        answer = place.client.upload_raw(sid, index, data)
        assert answer.status == 200, answer
    return name, sid, whole.hexdigest()
