# SPDX-License-Identifier: MIT
"""The mongodb sink: a JSON object becomes a document of a collection."""

import gzip
import json
import re
import time

import pytest

import settings
from place import Place
from server import memory_of
from upload import unique_id
from wire.row import MIB, is_time

COLLECTION = "documents"


@pytest.fixture(scope="module", params=["redis+mongodb", "redis-invalid"])
def shelf(request, clean):
    with Place(request.param,
               {"TRANCHE_SINK": "mongodb:" + COLLECTION}) as made:
        with settings.mongodb_client() as client:
            made.collection = client[settings.mongodb_name(
                made.setting)][COLLECTION]
            yield made


def send(shelf, document, **fields):
    """An upload of a document, as an object or as its text, all sent."""
    text = (document if isinstance(document, (str, bytes))
            else json.dumps(document, ensure_ascii=False))
    data = text if isinstance(text, bytes) else text.encode()
    size = max(len(data) // 3 + 1, 1)
    if len(data) > 3 * MIB:
        size = 4 * MIB
    parts = [data[at:at + size] for at in range(0, len(data), size)] or [b""]
    return shelf.upload(*parts, sent=range(len(parts)), **fields)


def found(shelf, persistent_id):
    return list(shelf.collection.find({"persistentId": persistent_id}))


def created(shelf, document, **fields):
    up = send(shelf, document, **fields)
    answer = up.complete()
    assert answer.status == 201, answer
    return up, answer.json


def refused(shelf, up, status, code, error=None):
    """And nothing is stored, and nothing of the upload is lost."""
    before = shelf.collection.count_documents({})
    for _ in range(2):
        answer = up.complete()
        assert (answer.status, answer.code) == (status, code), answer
        assert error is None or answer.json["error"] == error, answer
    assert shelf.collection.count_documents({}) == before
    said = up.status().json
    assert (said["state"], said["missing"]) == ("open", [])
    return answer


def test_create(shelf):
    up, said = created(shelf, {"name": "x", "n": [1, 2.5, None, True, "å"]})
    assert set(said) == {"_id", "name", "n", "persistentId", "createdAt",
                         "updatedAt"}
    assert re.fullmatch("[0-9a-f]+", said["_id"])
    assert said["persistentId"] == up.persistent_id
    assert is_time(said["createdAt"]) == is_time(said["updatedAt"])
    document, = found(shelf, up.persistent_id)
    assert document["name"] == "x"
    assert document["n"] == [1, 2.5, None, True, "å"]
    assert document["createdAt"] == is_time(said["createdAt"])
    assert up.complete().json == said
    assert len(found(shelf, up.persistent_id)) == 1
    assert up.status().json["result"] == said


def test_persistent_id_of_the_document(shelf):
    name = unique_id()
    _, said = created(shelf, {"name": "x", "persistentId": name},
                      persistentId=None)
    assert said["persistentId"] == name
    assert len(found(shelf, name)) == 1


def test_persistent_id_of_start_goes_first(shelf):
    up, said = created(shelf, {"name": "x", "persistentId": unique_id()})
    assert said["persistentId"] == up.persistent_id


def test_persistent_id_made(shelf):
    """The same one when the answer was lost, and not the session's id."""
    up, said = created(shelf, {"name": "x"}, persistentId=None)
    assert re.fullmatch("[A-Za-z0-9_.:-]{16,128}", said["persistentId"])
    assert said["persistentId"] not in up.sid
    assert up.complete().json == said


def test_update(shelf):
    """Sets the fields given; the others and persistentId stay."""
    first, before = created(shelf, {"name": "x", "a": 1, "b": {"c": 2}})
    time.sleep(0.002)
    up = send(shelf, {"a": [1], "b": {"d": 3}, "persistentId": "other",
                      "createdAt": "1970", "_id": 5},
              persistentId=first.persistent_id, isUpdate=True)
    answer = up.complete()
    assert answer.status == 200, answer
    said = answer.json
    assert is_time(said["updatedAt"]) > is_time(before["updatedAt"])
    assert said == {**before, "a": [1], "b": {"d": 3},
                    "updatedAt": said["updatedAt"]}
    document, = found(shelf, first.persistent_id)
    assert (document["name"], document["a"], document["b"]) == (
        "x", [1], {"d": 3})
    assert up.complete().json == said
    # The first session's answer is still to be had.
    assert first.complete().status == 201


def test_update_is_applied_once(shelf):
    """Also when its complete is repeated after another came between."""
    first, _ = created(shelf, {"name": "x", "n": 0})
    ups = [send(shelf, {"n": n}, persistentId=first.persistent_id,
                isUpdate=True) for n in (1, 2)]
    for up in ups:
        assert up.complete().status == 200
    assert ups[0].complete().status == 200
    document, = found(shelf, first.persistent_id)
    assert document["n"] == 2


def test_update_of_the_application_s_own(shelf):
    """A document that the application made itself."""
    name = unique_id()
    shelf.collection.insert_one({"persistentId": name, "name": "own", "a": 1})
    up = send(shelf, {"a": 2}, persistentId=name, isUpdate=True)
    answer = up.complete()
    assert (answer.status, answer.json["a"]) == (200, 2), answer
    assert found(shelf, name)[0]["name"] == "own"


def test_taken(shelf):
    first, said = created(shelf, {"name": "x"})
    up = send(shelf, {"name": "y"}, persistentId=first.persistent_id)
    refused(shelf, up, 409, "taken")
    name = unique_id()
    shelf.collection.insert_one({"persistentId": name, "name": "own"})
    refused(shelf, send(shelf, {"name": "y"}, persistentId=name), 409,
            "taken")
    assert found(shelf, first.persistent_id)[0]["name"] == "x"


def test_no_route(shelf):
    up = send(shelf, {"a": 2}, persistentId=unique_id(), isUpdate=True)
    refused(shelf, up, 404, "no_route", "Route not found")


@pytest.mark.parametrize("fields", [{"totalSize": 5}, {"sha256": "0" * 64}])
def test_mismatch(shelf, fields):
    refused(shelf, send(shelf, {"name": "x"}, **fields), 422, "mismatch")


def test_compressed(shelf):
    """What is stored is what it inflates to; what is broken is not."""
    text = b'{"name":"x","a":[1]}'
    up = send(shelf, gzip.compress(text), isCompressed=True)
    assert up.complete().json["a"] == [1]
    refused(shelf, send(shelf, gzip.compress(text)[:-1], isCompressed=True),
            400, "bad_data", "Failed to decompress data")
    refused(shelf, send(shelf, gzip.compress(gzip.compress(text)),
                        isCompressed=True),
            400, "bad_data", "Failed to parse reassembled data")


@pytest.mark.parametrize("text", [
    b"{", b"", b"\xff", b'{"name":"x"} y', b"\xef\xbb\xbf{\"name\":\"x\"}",
    b'{"name":"x",}', b'{"name":"\xed\xa0\x80"}', b'{"name":"x","a":01}',
    b'{"name":"x"\0}', b"H4sIAAAA"])
def test_no_json(shelf, text):
    answer = refused(shelf, send(shelf, text), 400, "bad_data",
                     "Failed to parse reassembled data")
    assert answer.json["details"]


@pytest.mark.parametrize("text", [
    "{}", "[]", '[{"name":"x"}]', "1", '"name"', "null", '{"name":1}',
    '{"name":null}', '{"Name":"x"}', '{"a":{"name":"x"}}', '{"name":["x"]}'])
def test_no_fields(shelf, text):
    refused(shelf, send(shelf, text), 400, "bad_data",
            "Missing required fields")


@pytest.mark.parametrize("key", [
    "", "$set", "$", "$oid", "a.b", ".", "a\0b", "\0"])
def test_keys(shelf, key):
    """Which a document cannot have; in an update neither."""
    refused(shelf, send(shelf, {"name": "x", key: 1}), 400, "bad_data")
    first, _ = created(shelf, {"name": "x"})
    refused(shelf, send(shelf, {key: 1}, isUpdate=True,
                        persistentId=first.persistent_id), 400, "bad_data")


def test_nul_in_a_deep_key(shelf):
    refused(shelf, send(shelf, {"name": "x", "a": [{"b\0": 1}]}), 400,
            "bad_data")


def test_key_given_twice(shelf):
    """The last one counts, as in JSON.parse."""
    up, said = created(shelf, '{"name":"x","a":1,"b":{"c":1,"c":2},"a":2}')
    for stored in (said, found(shelf, up.persistent_id)[0]):
        assert (stored["a"], stored["b"]) == (2, {"c": 2})


@pytest.mark.parametrize("value", [
    {"$oid": "0123456789abcdef01234567"}, {"$date": 0}, {"$numberLong": "1"},
    {"$gt": ""}, {"$where": "1"}, {"a.b": 1, "": 2, "$": 3, ".": {"..": 4}},
    [{"$undefined": True}], {"_id": 1, "_tranche": 2}])
def test_deep_keys(shelf, value):
    """Stored as they are: no Extended JSON, no operators."""
    up, said = created(shelf, {"name": "x", "value": value})
    assert said["value"] == value
    assert found(shelf, up.persistent_id)[0]["value"] == value


def test_reserved_fields_are_ignored(shelf):
    up, said = created(shelf, {
        "name": "x", "_id": "mine", "_tranche": {"session": "no"},
        "createdAt": "then", "updatedAt": 5})
    assert said["_id"] != "mine"
    assert "_tranche" not in said
    is_time(said["createdAt"])
    is_time(said["updatedAt"])
    assert up.complete().json == said


@pytest.mark.parametrize("sent, back", [
    ("0", "0"), ("-1", "-1"), ("2147483648", "2147483648"),
    ("9007199254740993", "9007199254740993"),
    ("9223372036854775807", "9223372036854775807"),
    ("-9223372036854775808", "-9223372036854775808"),
    ("1.5", "1.5"), ("0.1", "0.1"), ("1e-7", "1e-7"), ("1e21", "1e21"),
    ("-2.5e-3", "-0.0025"), ("5e-324", "5e-324"),
    ("1.7976931348623157e308", "1.7976931348623157e308"),
    ("18446744073709551616", "18446744073709552000"),
    ("0.30000000000000004", "0.30000000000000004")])
def test_numbers(shelf, sent, back):
    """The shortest text that reads as the same number."""
    up = send(shelf, '{"name":"x","n":%s}' % sent)
    answer = up.complete()
    assert answer.status == 201, answer
    text = re.search(rb'"n":\s*([^,}\s]+)', answer.body)[1].decode()
    stored = found(shelf, up.persistent_id)[0]["n"]
    assert len(text) <= max(len(back), len(repr(float(back))))
    assert float(text) == float(stored) == float(sent)
    if "." not in sent and "e" not in sent and len(sent) < 20:
        assert int(text) == stored == int(sent)    # no double between


@pytest.mark.parametrize("text", ["a\0b", "\u2028", "\ufffd", "😀",
                                  "\"\\/\b\f\n\r\t\x7f"])
def test_texts(shelf, text):
    up, said = created(shelf, {"name": text})
    assert said["name"] == text
    assert found(shelf, up.persistent_id)[0]["name"] == text


def nested(depth):
    """A document of so many levels."""
    return '{"name":"x","a":%s%s}' % ("[" * (depth - 1), "]" * (depth - 1))


def test_depth(shelf):
    created(shelf, nested(100))
    for depth in (101, 1000, 1_000_000):
        answer = refused(shelf, send(shelf, nested(depth)), 413, "too_large")
        assert answer.json["max"] == 100


def test_document_over_the_limit(clean):
    """TRANCHE_MAX_DOCUMENT, exactly and over by one byte."""
    most = 1000
    with Place("redis+mongodb", {
            "TRANCHE_SINK": "mongodb:" + COLLECTION,
            "TRANCHE_MAX_DOCUMENT": str(most)}) as place:
        for size, status in ((most, 201), (most + 1, 413)):
            text = '{"name":"%s"}' % ("x" * (size - len('{"name":""}')))
            answer = send(place, text).complete()
            assert answer.status == status, answer
        assert answer.code == "too_large"
        assert (answer.json["limit"], answer.json["max"]) == (
            "maxDocument", most)


def filled(unit, end="]}", start='{"name":"x","a":['):
    """16 MiB of one shape, to the byte."""
    room = 16 * MIB - len(start) - len(end)
    count = (room + 1) // (len(unit) + 1)
    text = ",".join([unit] * count)
    return start + text + " " * (room - len(text)) + end


@pytest.mark.memory
@pytest.mark.parametrize("shelf", ["redis+mongodb"], indirect=True)
@pytest.mark.parametrize("shape", [
    "0", "{}", "[[]]", "{\"a\":\"\"}"])
def test_costly_shapes(shelf, shape):
    """What costs a parser most: over 16 MB as BSON, said without a worker
    taking 512 MiB."""
    answer = send(shelf, filled(shape)).complete()
    assert (answer.status, answer.code) == (413, "too_large"), answer
    for pid in shelf.serve.processes("complete"):
        assert memory_of(pid, "VmHWM") < 512 * MIB


@pytest.mark.memory
@pytest.mark.parametrize("shelf", ["redis+mongodb"], indirect=True)
def test_no_object_of_costly_shape(shelf):
    for start, end in (("[", "]"), ("[[", "]]")):
        answer = send(shelf, filled("0", end, start)).complete()
        assert answer.status in (400, 413), answer
    for pid in shelf.serve.processes("complete"):
        assert memory_of(pid, "VmHWM") < 512 * MIB


@pytest.mark.parametrize("shelf", ["redis+mongodb"], indirect=True)
def test_too_much_bson(shelf):
    """Small as JSON, over 16 MB as BSON: the answer names the way out."""
    answer = send(shelf, '{"name":"x","a":[%s0]}'
                  % ("0," * 1_900_000)).complete()
    assert (answer.status, answer.code) == (413, "too_large"), answer
    assert "gridfs" in answer.words.lower(), answer


@pytest.mark.parametrize("shelf", ["redis+mongodb"], indirect=True)
def test_nearly_too_much(shelf):
    """15 MiB of text in one document."""
    up, said = created(shelf, {"name": "x", "text": "å" * (15 * MIB // 2)})
    assert said["text"] == "å" * (15 * MIB // 2)
    assert up.complete().json == said
