# SPDX-License-Identifier: MIT
"""Every field of every body: absent, null, of each wrong type, out of range.
The answer names the field, and the upload can still be completed."""

import itertools
from urllib.parse import quote

import pytest

import ids
from conftest import TWO

pytestmark = pytest.mark.parametrize("place", TWO, indirect=True)

NO_INTEGERS = ['"2"', '""', "true", "false", "[2]", "[]", "{}", "1.5",
               "2.0000001", "-1", "-9223372036854775809", "-1e300", "1e-3"]
HUGE = ["9007199254740992", "9007199254740993", "18446744073709551615",
        "18446744073709551616", "18446744073709551618", "4294967298", "1e300",
        "1" * 30]
NO_STRINGS = ["5", "0", "true", "[]", '["x"]', "{}"]
NO_BOOLEANS = ['"true"', "1", "0", "[]", "{}"]
NO_SHA256 = ['""', '"%s"' % ("0" * 63), '"%s"' % ("0" * 65),
             '"%s"' % ("g" * 64), '"sha-256=:AAAA:"']
NO_PERSISTENT_IDS = ['""', '"../x"', '".x"', '"."', '".."', '"x.json"',
                     '"x.JSON"', '"x.jSoN"', '"a/b"', '"/x"', r'"a\\b"',
                     '"a b"', '"é"', r'"x\u0000"', r'"x\n"', '"x%"', '"$x"',
                     '"%s"' % ("x" * 129)]

START = [
    ("totalChunks", ["null", "0", *NO_INTEGERS]),
    ("totalSize", ["null", *NO_INTEGERS]),
    ("persistentId", NO_STRINGS + NO_PERSISTENT_IDS),
    ("isUpdate", NO_BOOLEANS),
    ("isCompressed", NO_BOOLEANS),
    ("fileName", [*NO_STRINGS, '"%s"' % ("x" * 10000), r'"x\u0000"']),
    ("contentType", [*NO_STRINGS, '"%s"' % ("x" * 10000), r'"x\r\ny: z"']),
    ("sha256", NO_STRINGS + NO_SHA256),
]


def pairs(table):
    return [(name, value) for name, values in table for value in values]


def body(**fields):
    """A body of fields given as JSON text; None takes one away."""
    return ("{%s}" % ",".join('"%s":%s' % each for each in fields.items()
                              if each[1] is not None)).encode()


def start(place, **fields):
    fields = {"totalChunks": "2", "totalSize": "10",
              "persistentId": '"never"', **fields}
    return place.client.post("start", body(**fields))


def refused(answer, name, status=400, code="bad_request"):
    assert (answer.status, answer.code) == (status, code), answer
    assert name in answer.words, answer


@pytest.mark.parametrize("name, value", pairs(START))
def test_start(place, name, value):
    refused(start(place, **{name: value}), name)


@pytest.mark.parametrize("value", HUGE)
@pytest.mark.parametrize("name, limit, most", [
    ("totalChunks", "maxChunks", 10000), ("totalSize", "maxSize", 1 << 30)])
def test_start_huge(place, name, value, limit, most):
    """An integer, whatever its size, and over a limit."""
    answer = start(place, **{name: value})
    refused(answer, limit, 413, "too_large")
    assert answer.json["limit"] == limit
    assert answer.json["max"] == most


@pytest.mark.parametrize("good", [
    {"totalChunks": "2.0"}, {"totalChunks": "2e0"}, {"totalSize": "1e1"},
    {"totalSize": "10.000"}, {"totalChunks": "0.2E+1"},
    {"persistentId": '"%s"' % ("x" * 128)}, {"persistentId": '"x.jso"'},
    {"persistentId": '"x.json.gz"'}, {"persistentId": '"json"'},
    {"persistentId": '"-_:."'}, {"sha256": '"%s"' % ("aF" * 32)},
    {"isUpdate": "true"}, {"isUpdate": "null", "persistentId": "null"},
    {"isCompressed": "true"}, {"unknown": '{"a":[1,{"b":null}]}'}])
def test_start_good(place, good):
    """What is allowed beside what is not."""
    answer = start(place, **good)
    assert answer.status == 200, answer


@pytest.mark.parametrize("value", ["null", *NO_INTEGERS, *HUGE, "3", None])
def test_upload_index(place, value):
    up = place.upload()
    refused(place.client.post("upload", body(
        sessionId='"%s"' % up.sid, chunkIndex=value, data='"x"')),
        "chunkIndex")
    up.completes()


@pytest.mark.parametrize("value", ["null", *NO_STRINGS, None])
def test_upload_data(place, value):
    up = place.upload()
    refused(place.client.post("upload", body(
        sessionId='"%s"' % up.sid, chunkIndex="1", data=value)), "data")
    up.completes()


@pytest.mark.parametrize("index", [
    "", "-1", "+1", "%2B1", "1.0", "1e0", "0x1", "%201", "1%20", "one",
    "1%00", "3", "4294967297", "18446744073709551617", "1" * 30, "%D9%A1"])
def test_query_index(place, index):
    up = place.upload()
    refused(place.client.send(
        "PUT", "upload?sessionId=%s&chunkIndex=%s" % (up.sid, index), b"x"),
        "chunkIndex")
    up.completes()


BODIES = {"upload": {"chunkIndex": "0", "data": '"x"'}, "complete": {},
          "abort": {}}


@pytest.mark.parametrize("endpoint", BODIES)
@pytest.mark.parametrize("value", ["null", None])
def test_id_absent(place, endpoint, value):
    refused(place.client.post(endpoint, body(sessionId=value,
                                             **BODIES[endpoint])),
            "sessionId")


@pytest.mark.parametrize("endpoint", BODIES)
@pytest.mark.parametrize("value", [
    "5", "1e300", "true", "{}", "[]", '["%s"]', '{"$ne":null}',
    '{"$gt":""}', '{"sessionId":"%s"}'])
def test_id_of_other_type(place, endpoint, value):
    up = place.upload()
    value = value.replace("%s", up.sid)
    answer = place.client.post(endpoint, body(sessionId=value,
                                              **BODIES[endpoint]))
    refused(answer, "Upload session not found or expired", 404, "not_found")
    up.completes()


@pytest.mark.parametrize("endpoint", BODIES)
@pytest.mark.parametrize("number", range(len(ids.misshapen())))
def test_id_misshapen(place, endpoint, number):
    fields = {"sessionId": ids.misshapen()[number], "chunkIndex": 0,
              "data": "x"}
    refused(place.client.post(endpoint, fields),
            "Upload session not found or expired", 404, "not_found")


@pytest.mark.parametrize("number", range(len(ids.misshapen())))
def test_query_id_misshapen(place, number):
    misshapen = ids.misshapen()[number].replace("\0", "\1")
    for answer in (
            place.client.status(misshapen),
            place.client.upload_raw(misshapen, 0, b"x"),
            place.client.send("DELETE", "abort?sessionId="
                              + quote(misshapen))):
        refused(answer, "Upload session not found or expired", 404,
                "not_found")


@pytest.mark.parametrize("query", [
    "sessionId=%00", "sessionId=%", "sessionId=%zz", "sessionId=a&sessionId=b",
    "sessionId=%ff%fe", "sessionId", "sessionId&", "sessionId=" + "x" * 5000])
def test_query_malformed(place, query):
    """400 or 404: no session, and nobody is hurt."""
    for method, path in (("GET", "status?"), ("DELETE", "abort?"),
                         ("PUT", "upload?chunkIndex=0&")):
        answer = place.client.send(method, path + query, b"x")
        assert (answer.status, answer.code) in (
            (400, "bad_request"), (404, "not_found")), answer


def test_key_twice(place):
    """Also where one of the two is written with an escape, null or the same
    value."""
    up = place.upload()
    sid = '"sessionId":"%s"' % up.sid
    once = {"start": ['"totalChunks":2', '"totalSize":10'],
            "upload": [sid, '"chunkIndex":1', '"data":"två "'],
            "complete": [sid], "abort": [sid]}
    for endpoint, fields in once.items():
        for twice, before in itertools.product(fields, (True, False)):
            name, value = twice.split(":")
            for again in (twice, name + ":null",
                          r'"\u%04x%s:%s' % (ord(name[1]), name[2:], value)):
                all_fields = ([again, *fields] if before
                              else [*fields, again])
                text = "{%s}" % ",".join(all_fields)
                answer = place.client.post(endpoint, text.encode())
                refused(answer, "twice")
    up.completes()
