# SPDX-License-Identifier: MIT
"""Text comes back as it was: any string, cut anywhere, in any escapes."""

import hashlib
import json
import random

import pytest

import js
from conftest import TWO

HARD = ("a\0\x01\x1f\x7f\x80é\u07ff\u0800\u2028\ufeff\uffff"
        "\"\\/\b\f\n\r\t😀\U00010000\U0010ffff👩‍👩‍👧‍👦𠜎ไทยعربى"
        "\ud83d\udc00\ud83d\ud83d😀\udc00\udc00x\ud800")


def escaped_all(data):
    """Every unit as an escape, in upper and lower case."""
    units = data.encode("utf-16-be", "surrogatepass").hex()
    return '"%s"' % "".join(
        "\\u" + (units[i:i + 4].upper() if i % 8 else units[i:i + 4])
        for i in range(0, len(units), 4))


RENDERINGS = {
    "as JSON.stringify does": lambda data: js.stringify(data).decode(),
    "in ASCII": json.dumps,
    "all escaped": escaped_all,
}


def put(up, index, data, rendering):
    body = '{"sessionId":"%s","chunkIndex":%d,"data":%s}' % (up.sid, index,
                                                             data)
    answer = up.client.post("upload", body.encode())
    assert answer.status == 200, (rendering, answer)


@pytest.mark.parametrize("place", TWO, indirect=True)
@pytest.mark.parametrize("rendering", RENDERINGS)
@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_cut_everywhere(place, rendering, size):
    """Pairs cut at every border, halves that stay alone, and escapes; with
    the size in units, and the SHA-256 of what a JavaScript encoder makes."""
    parts = js.slices(HARD, size)
    whole = js.encode(HARD)
    up = place.upload(*parts, sent=(), totalSize=js.length(HARD),
                      sha256=hashlib.sha256(whole).hexdigest())
    indexes = list(range(len(parts)))
    random.Random(size).shuffle(indexes)
    for index in indexes:
        put(up, index, RENDERINGS[rendering](parts[index]), rendering)
    assert up.content == whole
    up.completes()


def test_cut_pair(place):
    """Every border of a pair and its neighbours, in every setting, in bytes
    and in units."""
    text = "x😀😀y"
    for at in range(1, js.length(text)):
        for size in (js.length(text), len(js.encode(text))):
            up = place.upload(js.cut(text, 0, at), js.cut(text, at, 99),
                              totalSize=size)
            assert up.content == text.encode()
            up.completes()


@pytest.mark.parametrize("place", TWO, indirect=True)
@pytest.mark.parametrize("parts, size", [
    (["\ud83d"], 1), (["\ud83d"], 3), (["\ude00", "\ud83d"], 2),
    (["\ud83d", "\ud83d", "\ude00"], 3), (["\ud83d", "x", "\ude00"], 3)])
def test_lone_halves(place, parts, size):
    """They become U+FFFD; the size counts them as it counts units, or as the
    bytes of U+FFFD."""
    place.upload(*parts, totalSize=size).completes()


@pytest.mark.parametrize("parts", [
    [b"\xf0\x9f", b"\x98\x80"], ["\ud83d", b"\xf0\x9f\x98\x80", "\ude00"],
    ["\ud83d", b"\xed\xb8\x80"], [b"\xed\xa0\xbd", "\ude00"],
    ["å", b"\0\xff", "\ud83d", "\ude00"], [b"\xef\xbb\xbf", "\ufeff"]])
def test_text_and_raw(place, parts):
    """Raw bytes are never changed, and halves meet only where text meets
    text."""
    place.upload(*parts, sent=range(len(parts))).completes()


@pytest.mark.parametrize("place", TWO, indirect=True)
def test_first_kind_stays(place):
    """The halves of a pair come as text, then one of them as the bytes that
    a tier keeps for it: still text, and they meet."""
    up = place.upload("\ud83d", "\ude00", sent=(0, 1))
    answer = up.client.upload_raw(up.sid, 0, b"\xed\xa0\xbd")
    assert answer.status == 200, answer
    up.completes()
    up = place.upload(b"\xed\xa0\xbd", b"\xed\xb8\x80", sent=(0, 1))
    answer = up.client.upload_text(up.sid, 0, "\ud83d")
    assert answer.status == 200, answer
    up.completes()


@pytest.mark.parametrize("place", TWO, indirect=True)
def test_same_text_in_other_escapes(place):
    """The same units are the same chunk, however they were written."""
    up = place.upload("é\0/😀", "x")
    for rendering, render in RENDERINGS.items():
        put(up, 0, render("é\0/😀"), rendering)
    answer = up.client.post("upload", (
        r'{"sessionId":"%s","chunkIndex":0,"data":"\u00e9\u0000\/😀"}'
        % up.sid).encode())
    assert answer.status == 200, answer
    up.completes()
