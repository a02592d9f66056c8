# SPDX-License-Identifier: MIT
"""Eight connections, chunks shuffled, half of them twice: the count is exact
at the end and the bytes are right, in every setting."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

CONNECTIONS, CHUNKS, ROUNDS = 8, 64, 5


def send_all(up, indexes):
    """Each connection takes the next; the answers."""
    local = threading.local()
    clients = []

    def put(index):
        if not hasattr(local, "client"):
            local.client = up.client.again()
            clients.append(local.client)
        return up.put(index, local.client)

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        answers = list(pool.map(put, indexes))
    for client in clients:
        client.connection.close()
    return answers


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_parallel(place, turn):
    chance = random.Random(turn)
    parts = [chance.randbytes(4000 + turn) if chance.random() < .5
             else "%d 😀" % index * 300 for index in range(CHUNKS)]
    up = place.upload(*parts, sent=())
    indexes = list(range(CHUNKS)) + chance.sample(range(CHUNKS), CHUNKS // 2)
    chance.shuffle(indexes)
    answers = send_all(up, indexes)
    counts = [answer.json["receivedChunks"] for answer in answers]
    assert max(counts) == CHUNKS
    assert min(counts) >= 1
    said = up.status().json
    assert (said["receivedChunks"], said["missing"]) == (CHUNKS, [])
    assert said["receivedBytes"] == len(up.content)
    assert up.put(0).json["receivedChunks"] == CHUNKS
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        completes = list(pool.map(
            lambda _: complete(up), range(CONNECTIONS)))
    done = [answer for answer in completes if answer.status == 201]
    assert done, completes
    assert all(answer.json == done[0].json for answer in done)
    assert all(answer.status == 201 or answer.code == "claimed"
               for answer in completes), completes
    up.is_done()
    assert up.complete().json == done[0].json


def complete(up):
    with up.client.again() as client:
        return client.complete(up.sid)


@pytest.mark.parametrize("turn", range(ROUNDS))
def test_one_index(place, turn):
    """Eight different contents for one index at once: one is kept, the
    others are told, and what is kept is what the sink gets."""
    up = place.upload(b"", b"end", sent=(1,), totalSize=100)
    contents = [bytes([65 + n]) * 97 for n in range(CONNECTIONS)]

    def put(content):
        with up.client.again() as client:
            return client.upload_raw(up.sid, 0, content)

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        answers = list(pool.map(put, contents))
    kept = [content for content, answer in zip(contents, answers)
            if answer.status == 200]
    assert len(kept) == 1, answers
    assert all(answer.status == 200 or answer.code == "conflict"
               for answer in answers), answers
    up.parts[0] = kept[0]
    up.completes()
