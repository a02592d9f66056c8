# SPDX-License-Identifier: MIT
"""status and abort"""

import ids
from wire.row import (MAX_CHUNK, MIB, Row, UNKNOWN, after_abort,
                      after_complete, has)


def is_open(up, answer):
    said = answer.json
    assert said == {"sessionId": up.sid, "state": "open", "totalChunks": 3,
                    "receivedChunks": 1, "receivedBytes": len("one "),
                    "missing": [[1, 2]],
                    "expiresAt": up.started.json["expiresAt"]}
    assert (answer.retry_after > 0) == up.place.setting.silent


def is_completed(up, answer):
    said = answer.json
    assert said["sessionId"] == up.sid
    assert said["state"] == "completed"
    assert said["receivedChunks"] == said["totalChunks"] == 3
    assert said["missing"] == []
    assert said["result"]["persistentId"] == up.persistent_id
    assert answer.retry_after == 0


def is_limits(_, answer):
    assert answer.json == {"maxChunkSize": MAX_CHUNK, "maxChunks": 10000,
                           "maxSize": 1024 * MIB, "ttl": ids.TTL_SECONDS}
    assert answer.headers["Tranche-Tier"] is None    # asks none


def is_empty(_, answer):
    assert answer.body == b""


def is_success(_, answer):
    assert answer.json == {"success": True}


STATUS = [
    Row("status", lambda up: up.status(), 200, check=is_open),
    Row("status of all chunks", lambda up: up.put_all().status(), 200,
        check=lambda up, answer: has(answer, receivedChunks=3, missing=[],
                                     receivedBytes=len(up.content))),
    Row("status after complete", after_complete(lambda up: up.status()), 200,
        check=is_completed, then="done"),
    Row("status by HEAD",
        lambda up: up.client.send("HEAD", "status?sessionId=" + up.sid), 200,
        check=is_empty),
    Row("status of nothing", lambda up: up.client.send("GET", "status"), 200,
        check=is_limits, tier=False),
    Row("status of an unknown session",
        lambda up: up.client.status(ids.young()), 404, "not_found", UNKNOWN,
        young=True),
    Row("status of an old session",
        lambda up: up.client.status(ids.old()), 404, "not_found", UNKNOWN),
    Row("status of what is no id",
        lambda up: up.client.status("../../etc/passwd"), 404, "not_found",
        UNKNOWN),
    Row("status after abort", after_abort(lambda up: up.status()), 404,
        "not_found", UNKNOWN, then="gone"),
]

ABORT = [
    Row("abort", lambda up: up.abort(), 200, check=is_success, then="gone"),
    Row("abort again", after_abort(lambda up: up.abort()), 200,
        check=is_success, then="gone"),
    Row("abort by DELETE",
        lambda up: up.client.send("DELETE", "abort?sessionId=" + up.sid), 200,
        check=is_success, then="gone"),
    Row("abort after complete", after_complete(lambda up: up.abort()), 409,
        "completed", then="done"),
    Row("abort an unknown session",
        lambda up: up.client.abort(ids.young()), 404, "not_found", UNKNOWN,
        young=True),
    Row("abort an old session", lambda up: up.client.abort(ids.old()), 404,
        "not_found", UNKNOWN),
    Row("abort without sessionId", lambda up: up.client.post("abort", {}),
        400, "bad_request", "sessionId"),
    Row("abort by DELETE without sessionId",
        lambda up: up.client.send("DELETE", "abort"), 400, "bad_request",
        "sessionId"),
]
