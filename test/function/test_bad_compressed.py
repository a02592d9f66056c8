# SPDX-License-Identifier: MIT
"""isCompressed: what is whole is inflated, what is broken is said, and what
only looks like it passes through."""

import base64
import gzip
import hashlib
import random
import zlib

import pytest

from conftest import TWO
from server import memory_of
from wire.row import MIB

PLAIN = ("route " * 500 + "😀").encode()
NOISE = random.Random(1).randbytes(3000)
GZIP = gzip.compress(PLAIN)
ZLIB = zlib.compress(PLAIN)


def base64_of(data):
    return base64.b64encode(data)


def lines(text, end):
    return end.join(text[at:at + 76] for at in range(0, len(text), 76)) + end


def raw_deflate(data):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


WHOLE = {
    "gzip": (GZIP, PLAIN),
    "gzip of nothing": (gzip.compress(b""), b""),
    "gzip of noise": (gzip.compress(NOISE), NOISE),
    "gzip with a name": (b"\x1f\x8b\x08\x08" + GZIP[4:10] + b"name\0"
                         + GZIP[10:], PLAIN),
    "two gzip members": (GZIP + gzip.compress(b"more"), PLAIN + b"more"),
    **{"zlib at level %d" % level: (zlib.compress(PLAIN, level), PLAIN)
       for level in (0, 1, 2, 5, 6, 9)},
    "base64 of gzip": (base64_of(GZIP), PLAIN),
    "base64 of zlib": (base64_of(ZLIB), PLAIN),
    "base64 without padding": (base64_of(GZIP).rstrip(b"="), PLAIN),
    "base64 in lines": (lines(base64_of(gzip.compress(NOISE)), b"\n"), NOISE),
    "base64 in CRLF lines": (lines(base64_of(gzip.compress(NOISE)), b"\r\n"),
                             NOISE),
    "base64 of two members": (base64_of(GZIP + GZIP), PLAIN + PLAIN),
    # Inflated once; what that gives is the content.
    "gzip in gzip": (gzip.compress(GZIP), GZIP),
    "base64 in gzip": (gzip.compress(base64_of(GZIP)), base64_of(GZIP)),
}

PASSES = {
    "plain text": PLAIN,
    "JSON": b'{"name":"x"}',
    "base64 of text": base64_of(PLAIN),
    "raw deflate": raw_deflate(PLAIN),
    "one byte of gzip": b"\x1f",
    "gzip with another magic": b"\x1f\x8c" + GZIP[2:],
    "zlib with another header": b"\x78\x02" + ZLIB[2:],
    "text before base64": b"!" + base64_of(GZIP),
    "base64 of base64": base64_of(base64_of(GZIP)),
    "noise": b"\x80" + NOISE,
}


def flipped(data, at):
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1:]


BROKEN = {
    "only the magic": b"\x1f\x8b",
    "only the header": GZIP[:10],
    **{"gzip less %d" % n: GZIP[:-n] for n in (1, 4, 8, 9, 20)},
    **{"zlib less %d" % n: ZLIB[:-n] for n in (1, 4, 5, 20)},
    "gzip of noise cut": gzip.compress(NOISE)[:1500],
    "wrong length": flipped(GZIP, len(GZIP) - 1),
    "wrong CRC": flipped(GZIP, len(GZIP) - 8),
    "wrong Adler": flipped(ZLIB, len(ZLIB) - 1),
    "wrong byte": flipped(gzip.compress(NOISE, 9), 1000),
    "wrong method": b"\x1f\x8b\x07" + GZIP[3:],
    "noise behind the magic": b"\x1f\x8b\x08\0\0\0\0\0\0\3" + NOISE,
    "more behind gzip": GZIP + b"more",
    "more behind zlib": ZLIB + b"more",
    "second member cut": GZIP + GZIP[:-3],
    "base64 with garbage": base64_of(GZIP)[:20] + b"!?*" + base64_of(GZIP),
    "base64 with a byte over 7f": base64_of(GZIP)[:20] + b"\xc3\xa5"
                                  + base64_of(GZIP)[20:],
    "base64 cut": base64_of(GZIP)[:-8],
    "base64 of one character too many": base64_of(GZIP + b"")[:21],
    "base64 of zlib cut": base64_of(ZLIB[:-4]),
    "more behind base64": base64_of(GZIP) + b"====more",
}


def chunked(data, size):
    return [data[at:at + size] for at in range(0, len(data), size)] or [b""]


def upload(place, data, size=997):
    parts = chunked(data, size)
    return place.upload(*parts, sent=range(len(parts)), isCompressed=True)


@pytest.mark.parametrize("place", TWO, indirect=True)
@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("size", [7, 997])
def test_whole(place, name, size):
    data, plain = WHOLE[name]
    up = upload(place, data, size if len(data) < 1000 else 997)
    answer = up.complete()
    assert answer.status == 201, answer
    assert answer.json["size"] == len(plain)
    assert place.stored(up.persistent_id) == plain


@pytest.mark.parametrize("place", TWO, indirect=True)
def test_text_chunks(place):
    """base64 as a browser sends it, cut anywhere; also one character a
    chunk at its start."""
    text = base64_of(GZIP).decode()
    parts = [*text[:4], *chunked(text[4:], 50)]
    up = place.upload(*parts, sent=range(len(parts)), isCompressed=True)
    assert up.complete().status == 201
    assert place.stored(up.persistent_id) == PLAIN


@pytest.mark.parametrize("place", TWO, indirect=True)
@pytest.mark.parametrize("name", PASSES)
def test_passes(place, name):
    up = upload(place, PASSES[name])
    up.completes()


@pytest.mark.parametrize("place", TWO, indirect=True)
def test_not_said(place):
    """Without isCompressed nothing is inflated."""
    for data in (GZIP, ZLIB, base64_of(GZIP), GZIP[:-3]):
        place.upload(data).completes()


@pytest.mark.parametrize("place", TWO, indirect=True)
@pytest.mark.parametrize("name", BROKEN)
def test_broken(place, name):
    """400, and nothing is lost or half done."""
    up = upload(place, BROKEN[name])
    for _ in range(2):
        answer = up.complete()
        assert (answer.status, answer.code) == (400, "bad_data"), answer
        assert answer.json["error"] == "Failed to decompress data"
        assert answer.json["details"]
    said = up.status().json
    assert (said["state"], said["missing"]) == ("open", [])
    assert not place.has(up.persistent_id)
    assert up.abort().status == 200


@pytest.mark.parametrize("place", TWO, indirect=True)
def test_sizes_are_of_what_was_sent(place):
    """totalSize and sha256 are of the upload as it came; the answer's are of
    what the sink stores."""
    up = place.upload(GZIP, isCompressed=True, sent=(0,),
                      sha256=sha256(GZIP), totalSize=len(GZIP))
    answer = up.complete()
    assert answer.status == 201, answer
    assert answer.json["sha256"] == sha256(PLAIN)
    up = place.upload(GZIP, isCompressed=True, sent=(0,),
                      sha256=sha256(PLAIN))
    answer = up.complete()
    assert (answer.status, answer.code) == (422, "mismatch"), answer
    assert not place.has(up.persistent_id)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def members(total, each=64 * MIB):
    """A whole gzip file that inflates to `total` zeros."""
    return gzip.compress(bytes(each), 9) * (total // each)


def one_stream(total, each=64 * MIB):
    """The same within one member; its CRC is never reached."""
    packer = zlib.compressobj(9, wbits=31)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    packer = zlib.compressobj(9, wbits=-15)
    block = packer.compress(bytes(each)) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + block * (total // each) + b"\3\0" + bytes(8)


@pytest.mark.parametrize("place", ["embedded"], indirect=True)
@pytest.mark.parametrize("make", [
    members, one_stream, lambda total: base64_of(one_stream(total))],
    ids=["members", "stream", "base64"])
def test_bomb(place, make):
    """10 GB of zeros in 10 MB: 413 at the limit, in little memory."""
    up = upload(place, make(10 << 30), 4 * MIB)
    answer = up.complete()
    assert (answer.status, answer.code) == (413, "too_large"), answer
    assert answer.json["limit"] == "maxInflated"
    assert answer.json["max"] == 64 * MIB
    assert not place.has(up.persistent_id)
    assert up.status().json["missing"] == []
    assert up.abort().status == 200
    for pid in place.serve.processes("complete"):
        assert memory_of(pid, "VmHWM") < 64 * MIB


@pytest.mark.parametrize("place", ["embedded"], indirect=True)
def test_bomb_in_gzip(place):
    """Inflated once: what is stored is the bomb, 10 MB, not set off."""
    bomb = members(10 << 30)
    up = upload(place, gzip.compress(bomb), MIB)
    answer = up.complete()
    assert (answer.status, answer.json["size"]) == (201, len(bomb)), answer
    assert place.stored(up.persistent_id) == bomb
