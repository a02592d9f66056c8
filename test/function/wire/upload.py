# SPDX-License-Identifier: MIT
"""upload"""

import ids
from client import digest_header
from upload import Upload
from wire.row import (MAX_CHUNK, Row, UNKNOWN, after_abort, after_complete,
                      limit)


def counts(received):
    def check(up, answer):
        assert answer.json == {"success": True, "receivedChunks": received,
                               "totalChunks": len(up.parts)}
    return check


def text(index, data, **headers):
    return lambda up: up.client.upload_text(
        up.sid, index, up.parts[index] if data is None else data,
        {k.replace("_", "-"): v for k, v in headers.items()})


def raw(index, data, method="PUT", **headers):
    return lambda up: up.client.upload_raw(
        up.sid, index, up.parts[index].encode() if data is None else data,
        {k.replace("_", "-"): v for k, v in headers.items()}, method)


def query(question, data=b"x"):
    return lambda up: up.client.send("PUT", "upload?" + question % up.sid,
                                     data)


def digested_text(up):
    body = b'{"sessionId":"%s","chunkIndex":1,"data":"tv\\u00e5 "}'
    body %= up.sid.encode()
    return up.client.post("upload", body,
                          {"Content-Digest": digest_header(body)})


def over_three_times(up):
    """10 bytes said, 20 held, and 11 more."""
    more = Upload(up.place, [b"a" * 20, b"b" * 11], totalSize=10)
    return up.client.upload_raw(more.sid, 1, more.parts[1])


def three_times(up):
    """10 bytes said, 20 held, and 10 more, twice."""
    more = Upload(up.place, [b"a" * 20, b"b" * 10], totalSize=10, sent=(0, 1))
    return up.client.upload_raw(more.sid, 1, more.parts[1])


def other_bytes_over_three_times(up):
    more = Upload(up.place, [b"a" * 20, b"b" * 10], totalSize=10)
    return up.client.upload_raw(more.sid, 0, b"c" * 31)


WRONG = digest_header(b"something else")

UPLOAD = [
    Row("upload text", text(1, None), 200, check=counts(2)),
    Row("upload raw", raw(1, None), 200, check=counts(2)),
    Row("upload raw by POST", raw(1, None, "POST"), 200, check=counts(2)),
    Row("upload text again", text(0, None), 200, check=counts(1)),
    Row("upload the bytes of a text again as raw", raw(0, None), 200,
        check=counts(1)),
    Row("upload text with its digest", digested_text, 200, check=counts(2)),
    Row("upload raw with its digest",
        raw(1, None, Content_Digest=digest_header("två ".encode())), 200,
        check=counts(2)),
    Row("upload what is three times the size said", three_times, 200),
    Row("upload no JSON", lambda up: up.client.post("upload", b'{"data":'),
        400, "bad_request"),
    Row("upload without a body", lambda up: up.client.send("POST", "upload"),
        400, "bad_request"),
    Row("upload without sessionId",
        lambda up: up.client.post("upload", {"chunkIndex": 1, "data": "x"}),
        400, "bad_request", "sessionId"),
    Row("upload without chunkIndex",
        lambda up: up.client.post("upload", {"sessionId": up.sid,
                                             "data": "x"}),
        400, "bad_request", "chunkIndex"),
    Row("upload without data",
        lambda up: up.client.post("upload", {"sessionId": up.sid,
                                             "chunkIndex": 1}),
        400, "bad_request", "data"),
    Row("upload text at an index out of range",
        lambda up: up.client.upload_text(up.sid, 3, "x"),
        400, "bad_request", "chunkIndex"),
    Row("upload raw at an index out of range",
        lambda up: up.client.upload_raw(up.sid, 3, b"x"),
        400, "bad_request", "chunkIndex"),
    Row("upload raw without chunkIndex", query("sessionId=%s"), 400,
        "bad_request", "chunkIndex"),
    Row("upload raw at 0x1", query("sessionId=%s&chunkIndex=0x1"), 400,
        "bad_request", "chunkIndex"),
    Row("upload empty text", text(1, ""), 400, "bad_request"),
    Row("upload empty raw", raw(1, b""), 400, "bad_request"),
    Row("upload text with a digest of something else",
        text(1, None, Content_Digest=WRONG), 400, "bad_request", "digest"),
    Row("upload raw with a digest of something else",
        raw(1, None, Content_Digest=WRONG), 400, "bad_request", "digest"),
    Row("upload raw with a digest that is none",
        raw(1, None, Content_Digest="sha-256=abc"), 400, "bad_request",
        "digest"),
    Row("upload other text", text(0, "ONE "), 409, "conflict"),
    Row("upload other raw", raw(0, b"ONE "), 409, "conflict"),
    Row("upload the same and more", raw(0, b"one  "), 409, "conflict"),
    Row("upload text to an unknown session",
        lambda up: up.client.upload_text(ids.young(), 0, "x"), 404,
        "not_found", UNKNOWN, young=True),
    Row("upload raw to an unknown session",
        lambda up: up.client.upload_raw(ids.young(), 0, b"x"), 404,
        "not_found", UNKNOWN, young=True),
    Row("upload to an old session",
        lambda up: up.client.upload_text(ids.old(), 0, "x"), 404,
        "not_found", UNKNOWN),
    Row("upload to a future session",
        lambda up: up.client.upload_text(ids.future(), 0, "x"), 404,
        "not_found", UNKNOWN),
    Row("upload to what is no id",
        lambda up: up.client.upload_text("../x", 0, "x"), 404, "not_found",
        UNKNOWN),
    Row("upload to a number",
        lambda up: up.client.upload_text(1, 0, "x"), 404, "not_found",
        UNKNOWN),
    Row("upload after complete", after_complete(text(0, None)), 409,
        "completed", then="done"),
    Row("upload after complete of other bytes out of range",
        after_complete(lambda up: up.client.upload_raw(up.sid, 9, b"?")), 409,
        "completed", then="done"),
    Row("upload after abort", after_abort(text(1, None)), 404, "not_found",
        UNKNOWN, then="gone"),
    Row("upload raw of a whole chunk", lambda up: largest(up), 200),
    Row("upload raw over a chunk", raw(1, bytes(MAX_CHUNK + 1)), 413,
        "too_large", check=limit("maxChunkSize", MAX_CHUNK)),
    Row("upload text over a chunk", text(1, "é" * (MAX_CHUNK // 2) + "e"),
        413, "too_large", check=limit("maxChunkSize", MAX_CHUNK)),
    Row("upload more than three times the size said", over_three_times, 413,
        "too_large"),
    Row("upload other bytes and too many", other_bytes_over_three_times, 409,
        "conflict"),
    # The order of the checks.
    Row("upload no JSON to an old session",
        lambda up: up.client.post("upload", b'{"sessionId":"%s",' %
                                  ids.old().encode()),
        400, "bad_request"),
    Row("upload raw at no number to an old session",
        lambda up: up.client.send(
            "PUT", "upload?chunkIndex=-1&sessionId=" + ids.old(), b"x"),
        400, "bad_request", "chunkIndex"),
    Row("upload with a digest that is none to an old session",
        lambda up: up.client.upload_raw(ids.old(), 0, b"x",
                                        {"Content-Digest": "?"}),
        400, "bad_request", "digest"),
    Row("upload with a wrong digest to an old session",
        lambda up: up.client.upload_raw(ids.old(), 0, b"x",
                                        {"Content-Digest": WRONG}),
        404, "not_found", UNKNOWN),
    Row("upload raw over a chunk to an old session",
        lambda up: up.client.upload_raw(ids.old(), 0, bytes(MAX_CHUNK + 1)),
        413, "too_large", check=limit("maxChunkSize", MAX_CHUNK)),
    Row("upload other bytes with a wrong digest",
        raw(0, b"ONE ", Content_Digest=WRONG), 400, "bad_request", "digest"),
]


def largest(up):
    part = b"\xff" * MAX_CHUNK
    more = Upload(up.place, [part], sent=())
    return up.client.upload_raw(more.sid, 0, part)
