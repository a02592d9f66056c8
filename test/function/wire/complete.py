# SPDX-License-Identifier: MIT
"""complete, with the file sink"""

import gzip
import hashlib
import re

import ids
from upload import Upload, unique_id
from wire.row import MIB, Row, UNKNOWN, after_abort, has, is_time, limit


def completes(parts, **fields):
    """An upload of these parts, completed."""
    def complete(up):
        more = Upload(up.place, parts, sent=range(len(parts)), **fields)
        return tried(more)
    return complete


def tried(up):
    """Completes; what fails leaves all as it was."""
    answer = up.complete()
    if answer.status >= 400:
        has(up.status(), state="open", missing=[])
        assert not up.place.has(up.persistent_id)
    return answer


def is_stored(up, answer):
    said = answer.json
    assert set(said) == {"persistentId", "name", "type", "size", "sha256",
                         "createdAt", "updatedAt"}
    assert said["persistentId"] == up.persistent_id
    assert said["name"] == up.persistent_id
    assert said["type"] == "application/octet-stream"
    assert said["size"] == len(up.content)
    assert said["sha256"] == hashlib.sha256(up.content).hexdigest()
    assert is_time(said["createdAt"]) == is_time(said["updatedAt"])


def is_derived(answer):
    assert re.fullmatch("[A-Za-z0-9_.:-]{16,128}",
                        answer.json["persistentId"])


def misses(received, total, missing):
    def check(up, answer):
        said = answer.json
        assert said["error"] == "Not all chunks received"
        assert said["receivedChunks"] == received
        assert said["totalChunks"] == total
        assert said["missing"] == missing
        # A tier that is silent may hold them: a client had better wait.
        assert (answer.retry_after > 0) == up.place.setting.silent
    return check


def update(up):
    first = up.completes().json
    again = Upload(up.place, ["four ", "five"], isUpdate=True,
                   persistentId=up.persistent_id, fileName="five.txt",
                   contentType="text/plain")
    answer = again.completes(200)
    said = answer.json
    assert (said["name"], said["type"]) == ("five.txt", "text/plain")
    assert said["createdAt"] == first["createdAt"]
    assert is_time(said["updatedAt"]) >= is_time(first["updatedAt"])
    assert up.complete().json == first
    return answer


def update_nothing(up):
    return tried(Upload(up.place, [b"x"], isUpdate=True, sent=(0,),
                        persistentId=unique_id()))


def taken(up):
    up.completes()
    return Upload(up.place, [b"other"], sent=(0,),
                  persistentId=up.persistent_id).complete()


def again(up):
    first = up.completes()
    second = up.complete()
    assert second.json == first.json
    return second


def with_holes(up):
    return Upload(up.place, [b"a", b"b", b"c", b"d", b"e"],
                  sent=(0, 2)).complete()


def zeros(size):
    return gzip.compress(bytes(size), 9)


COMPLETE = [
    Row("complete", lambda up: up.put_all().complete(), 201, check=is_stored,
        then="done"),
    Row("complete again", again, 201, check=is_stored, then="done"),
    Row("complete with a name and a type",
        completes([b"x"], fileName="ä.gpx", contentType="text/x"), 201,
        check=lambda _, answer: has(answer, name="ä.gpx", type="text/x")),
    Row("complete without a persistentId",
        completes([b"x"], persistentId=None), 201,
        check=lambda _, answer: is_derived(answer)),
    Row("complete one empty chunk", completes([b""]), 201,
        check=lambda _, answer: has(answer, size=0)),
    Row("complete an update", update, 200, then=None),
    Row("complete what has the sha256 said",
        completes(["å", b"x"], sha256=hashlib.sha256("åx".encode())
                  .hexdigest()), 201),
    Row("complete what has the size said in UTF-16 units",
        completes(["😀å"], totalSize=3), 201,
        check=lambda _, answer: has(answer, size=6)),
    Row("complete early", lambda up: up.complete(), 400, "missing_chunks",
        check=misses(1, 3, [[1, 2]])),
    Row("complete with holes", with_holes, 400, "missing_chunks",
        check=misses(2, 5, [[1, 1], [3, 4]])),
    Row("complete gzip", completes([gzip.compress(b"x" * 1000)],
                                   isCompressed=True), 201,
        check=lambda _, answer: has(answer, size=1000)),
    Row("complete broken gzip",
        completes([gzip.compress(b"x" * 1000)[:-9]], isCompressed=True), 400,
        "bad_data", "Failed to decompress data",
        check=lambda _, answer: answer.json["details"]),
    Row("complete gzip of too much",
        completes([zeros(64 * MIB + 1)], isCompressed=True), 413, "too_large",
        check=limit("maxInflated", 64 * MIB)),
    Row("complete without sessionId",
        lambda up: up.client.post("complete", {}), 400, "bad_request",
        "sessionId"),
    Row("complete no JSON", lambda up: up.client.post("complete", b"no"), 400,
        "bad_request"),
    Row("complete an unknown session",
        lambda up: up.client.complete(ids.young()), 404, "not_found", UNKNOWN,
        young=True),
    Row("complete an old session",
        lambda up: up.client.complete(ids.old()), 404, "not_found", UNKNOWN),
    Row("complete what is no id",
        lambda up: up.client.complete("*"), 404, "not_found", UNKNOWN),
    Row("complete after abort", after_abort(lambda up: up.complete()), 404,
        "not_found", UNKNOWN, then="gone"),
    Row("complete an update of what is not there", update_nothing, 404,
        "no_route", "Route not found"),
    Row("complete with a persistentId that is taken", taken, 409, "taken",
        then="done"),
    Row("complete what has another size",
        completes([b"xyz"], totalSize=4), 422, "mismatch", "totalSize"),
    Row("complete what has another sha256",
        completes([b"xyz"], sha256="0" * 64), 422, "mismatch", "sha-256"),
]
