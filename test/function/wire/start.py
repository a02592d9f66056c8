# SPDX-License-Identifier: MIT
"""start"""

import re
from datetime import datetime

import ids
from wire.row import MAX_CHUNK, MIB, Row, is_time, limit


def starts(**fields):
    """start with these fields over good ones; None takes a field away."""
    fields = {"totalChunks": 2, "totalSize": 10, **fields}
    return lambda up: up.client.start(
        **{k: v for k, v in fields.items() if v is not None})


def is_started(_, answer):
    said = answer.json
    assert re.fullmatch(ids.SHAPE, said["sessionId"])
    end = is_time(said["expiresAt"]).timestamp()
    made = int(said["sessionId"][:13]) / 1000
    assert abs(end - made - ids.TTL_SECONDS) < 1
    assert abs(made - datetime.now().timestamp()) < 60
    assert said["maxChunkSize"] == MAX_CHUNK


EVERYTHING = {"persistentId": "a:B_1.2-3", "isUpdate": False,
              "isCompressed": False, "fileName": "ångström/..\\x.gpx",
              "contentType": "application/gpx+xml", "sha256": "0" * 64}

START = [
    Row("start", starts(), 200, check=is_started),
    Row("start with every field", starts(**EVERYTHING), 200,
        check=is_started),
    Row("start with null for every optional field",
        lambda up: up.client.start(totalChunks=2, totalSize=10,
                                   **dict.fromkeys(EVERYTHING)),
        200, check=is_started),
    Row("start with an unknown field", starts(colour={"a": [1]}), 200,
        check=is_started),
    Row("start with 2.0 for 2", starts(totalChunks=2.0), 200,
        check=is_started),
    Row("start of one empty chunk", starts(totalChunks=1, totalSize=0), 200,
        check=is_started),
    Row("start twice makes two sessions",
        lambda up: up.client.start(totalChunks=3, totalSize=10), 200,
        check=lambda up, answer: is_different(up, answer)),
    Row("start without totalChunks", starts(totalChunks=None), 400,
        "bad_request", "totalChunks"),
    Row("start without totalSize", starts(totalSize=None), 400,
        "bad_request", "totalSize"),
    Row("start with text for totalChunks", starts(totalChunks="2"), 400,
        "bad_request", "totalChunks"),
    Row("start of no chunks", starts(totalChunks=0), 400, "bad_request",
        "totalChunks"),
    Row("start of a negative size", starts(totalSize=-1), 400, "bad_request",
        "totalSize"),
    Row("start of an update of nothing named", starts(isUpdate=True), 400,
        "bad_request", "Missing route ID"),
    Row("start with a path for persistentId", starts(persistentId="../x"),
        400, "bad_request", "persistentId"),
    Row("start with half a sha256", starts(sha256="0" * 32), 400,
        "bad_request", "sha256"),
    Row("start of more chunks than bytes", starts(totalChunks=11), 400,
        "bad_request", "totalChunks"),
    Row("start of two empty chunks", starts(totalSize=0), 400, "bad_request",
        "totalChunks"),
    Row("start of more bytes than the chunks can hold",
        starts(totalSize=2 * MAX_CHUNK + 1), 400, "bad_request",
        "totalSize"),
    Row("start of as many bytes as the chunks can hold",
        starts(totalSize=2 * MAX_CHUNK), 200, check=is_started),
    Row("start of too many chunks",
        starts(totalChunks=10001, totalSize=20000), 413, "too_large",
        check=limit("maxChunks", 10000)),
    Row("start of too many bytes",
        starts(totalChunks=1000, totalSize=1024 * MIB + 1), 413, "too_large",
        check=limit("maxSize", 1024 * MIB)),
    Row("start of no JSON", lambda up: up.client.post("start", b"{"), 400,
        "bad_request"),
]


def is_different(up, answer):
    assert answer.json["sessionId"] != up.sid
