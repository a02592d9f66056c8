# SPDX-License-Identifier: MIT
"""Bodies that are no JSON, or hardly: 400 to each, and the upload can still
be completed."""

import pytest

from conftest import TWO

pytestmark = pytest.mark.parametrize("place", TWO, indirect=True)

DEPTH = 10000

NO_JSON = {
    "empty": b"",
    "white space": b" \n",
    "BOM": b"\xef\xbb\xbf%s",
    "UTF-16": "{}".encode("utf-16"),
    "trailing text": b"%s x",
    "trailing object": b"%s{}",
    "trailing comma": b"%s,",
    "trailing NUL": b"%s\0",
    "leading NUL": b"\0%s",
    "array": b"[%s]",
    "string": b'"x"',
    "number": b"1",
    "null": b"null",
    "form": b"sessionId=1&chunkIndex=1",
}
# Values of an unknown field, which is ignored only when it is JSON.
NO_VALUES = {
    "nothing": b"",
    "raw NUL": b'"\0"',
    "raw newline": b'"\n"',
    "raw tab": b'"\t"',
    "byte ff": b'"\xff"',
    "overlong NUL": b'"\xc0\x80"',
    "overlong slash": b'"\xe0\x80\xaf"',
    "surrogate half in UTF-8": b'"\xed\xa0\xbd"',
    "surrogate pair in UTF-8": b'"\xed\xa0\xbd\xed\xb8\x80"',
    "over U+10FFFF": b'"\xf4\x90\x80\x80"',
    "cut character": b'"\xe2\x82"',
    "lone continuation": b'"\x80"',
    "escape x": rb'"\x41"',
    "escape of 3 digits": rb'"\u123"',
    "escape of no digits": rb'"\u12g4"',
    "escape at the end": b'"\\"',
    "NaN": b"NaN",
    "Infinity": b"-Infinity",
    "01": b"01",
    "+1": b"+1",
    ".5": b".5",
    "1.": b"1.",
    "1e": b"1e",
    "0x1": b"0x1",
    "single quotes": b"'x'",
    "comment": b"/* x */ 1",
    "True": b"True",
    "array with a comma": b"[1,]",
    "object with a comma": b'{"a":1,}',
    "key without quotes": b"{a:1}",
    "key without value": b'{"a"}',
    "unclosed": b"[1",
    "wrongly closed": b"[1}",
    "too deep": b"[" * DEPTH + b"]" * DEPTH,
    "deep and unclosed": b'{"a":' * DEPTH,
}


def bodies(up):
    """A good body for each endpoint."""
    sid = up.sid.encode()
    return {
        "start": b'{"totalChunks":2,"totalSize":10}',
        "upload": b'{"sessionId":"%s","chunkIndex":1,"data":"tv\xc3\xa5 "}'
                  % sid,
        "complete": b'{"sessionId":"%s"}' % sid,
        "abort": b'{"sessionId":"%s"}' % sid,
    }


def refused(answer):
    assert (answer.status, answer.code) == (400, "bad_request"), answer
    # It says that it is about the body as a whole.
    assert "json" in answer.words.lower() or "body" in answer.words.lower()


@pytest.mark.parametrize("name", NO_JSON)
def test_no_json(place, name):
    up = place.upload()
    for endpoint, good in bodies(up).items():
        refused(place.client.post(endpoint,
                                  NO_JSON[name].replace(b"%s", good)))
    up.completes()


@pytest.mark.parametrize("name", NO_VALUES)
def test_no_value(place, name):
    """In each body, before and behind the good fields."""
    up = place.upload()
    for endpoint, good in bodies(up).items():
        for body in (b'{"unknown":%s,%s' % (NO_VALUES[name], good[1:]),
                     good[:-1] + b',"unknown":%s}' % NO_VALUES[name]):
            refused(place.client.post(endpoint, body))
    up.completes()


@pytest.mark.parametrize("name", [
    name for name, value in NO_VALUES.items() if value[:1] == b'"'])
def test_no_data(place, name):
    """The value that is cut from the body is read as strictly, and before it
    and behind it the rest is."""
    up = place.upload()
    start = b'{"sessionId":"%s","chunkIndex":1,' % up.sid.encode()
    refused(place.client.post("upload", start + b'"data":%s}'
                              % NO_VALUES[name]))
    refused(place.client.post("upload", start + b'"data":"x%s}'
                              % NO_VALUES[name][1:]))
    refused(place.client.post("upload", start + b'"data":"x",%s:1}'
                              % NO_VALUES[name]))
    up.completes()


def test_deepest(place):
    """As deep as a body of a chunk may be."""
    up = place.upload()
    start = b'{"sessionId":"%s","chunkIndex":1,"data":' % up.sid.encode()
    for body in (start + b"[" * (10 << 20), start + b'"x","a":' +
                 b"[" * (10 << 20) + b"]" * (10 << 20) + b"}",
                 b'{"":' * (5 << 20)):
        refused(place.client.post("upload", body))
    up.completes()


def test_truncated(place):
    """Every body cut at every byte."""
    up = place.upload()
    for endpoint, good in bodies(up).items():
        for size in range(len(good)):
            refused(place.client.post(endpoint, good[:size]))
    up.completes()


@pytest.mark.parametrize("change", [
    b" \t\r\n%s \t\r\n", b'{"a":{"sessionId":"x","data":[]},', b'{"":null,',
    b'{"sessionid":1,"SESSIONID":2,', b'{"__proto__":{"a":1},',
    b'{"$where":"1","a.b":1,', b'{"a":%s,' % (b"[" * 20 + b"]" * 20),
    b'{"a":"\\ud83d","\\udc00":1,'])
def test_good(place, change):
    """What is strange, and is JSON; unknown fields are ignored."""
    up = place.upload()
    for endpoint, good in bodies(up).items():
        if endpoint == "abort":
            continue
        if endpoint == "complete":
            up.put(2)
        body = (change.replace(b"%s", good) if b"%s" in change
                else change + good[1:])
        answer = place.client.post(endpoint, body)
        assert answer.status in (200, 201), (endpoint, answer)
    up.is_done()


@pytest.mark.parametrize("order", ["sid,index,data", "data,sid,index",
                                   "index,data,sid", "data,index,sid"])
def test_any_order(place, order):
    """`data` before sessionId in the body, after it and in between; also when
    the data looks like the fields that are looked for."""
    data = r'\",\"sessionId\":\"x\",\"data\":\"\\'
    up = place.upload('","sessionId":"x","data":"\\', "b", sent=())
    fields = {"sid": '"sessionId":"%s"' % up.sid, "index": '"chunkIndex":0',
              "data": '"data":"%s"' % data}
    body = "{%s}" % ",".join(fields[name] for name in order.split(","))
    answer = place.client.post("upload", body.encode())
    assert answer.status == 200, answer
    assert up.status().json["missing"] == [[1, 1]]
    up.completes()


def test_escaped_names(place):
    """Names of fields are what they are after their escapes."""
    up = place.upload()
    body = (r'{"\u0073essionId":"%s","chunk\u0049ndex":1,"d\u0061ta":"tv\u00e5 "}'
            % up.sid)
    answer = place.client.post("upload", body.encode())
    assert answer.status == 200, answer
    assert up.status().json["missing"] == [[2, 2]]
    up.completes()
