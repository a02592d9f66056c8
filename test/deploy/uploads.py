# SPDX-License-Identifier: MIT
"""A short upload, by the client that the tests of the functions have."""

from client import Client

PARTS = [b"one, ", b"two, ", b"three"]


def begin(url):
    """The id of an upload whose first part has been sent."""
    with Client(url) as client:
        answer = client.start(totalChunks=len(PARTS),
                              totalSize=sum(map(len, PARTS)))
        assert answer.status == 200, answer
        sid = answer.json["sessionId"]
        put(client, sid, 0)
    return sid


def finish(url, sid):
    """Sends the other parts; the name under which it is stored."""
    with Client(url) as client:
        for index in range(1, len(PARTS)):
            put(client, sid, index)
        answer = client.complete(sid)
        assert answer.status == 201, answer
        return answer.json["persistentId"]


def put(client, sid, index):
    answer = client.upload_raw(sid, index, PARTS[index])
    assert answer.status == 200, answer


def works(url, sink):
    """An upload from its start to the sink."""
    name = finish(url, begin(url))
    assert (sink / name).read_bytes() == b"".join(PARTS)
    return name
