# SPDX-License-Identifier: MIT
"""Bodies come to the functions as files on tmpfs, with the request where there
is none (TRANCHE_BODY_DIR), and under CGI in the server's own file: what is
stored is the same."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from client import digest_header
from conftest import TWO
from place import Place
from server import wait_until

KIB, MIB = 1 << 10, 1 << 20
PARTS = [b"x", os.urandom(4 * KIB), os.urandom(64 * KIB),
         os.urandom(64 * KIB + 1), os.urandom(MIB + 1), os.urandom(4 * MIB),
         "\u00e4\"\n\\" * (200 * KIB)]


@pytest.fixture(params=["file", "request", "cgi"])
def way(request):
    """What makes a Place one of the three ways."""
    if request.param == "cgi":
        yield {"server": "cgi"}
        return
    if request.param == "file":
        yield {}
        return
    # A disk: serve uses tmpfs alone.
    folder = tempfile.mkdtemp(prefix="tranche-", dir="/var/tmp")
    yield {"env": {"TRANCHE_MEMORY_DIR": os.path.join(folder, "memory")}}
    shutil.rmtree(folder)


def body_folders(place):
    return list(place.serve.root.glob("memory.bodies"))


@pytest.mark.parametrize("setting", TWO)
def test_bodies_of_every_size_and_kind(clean, setting, way):
    with Place(setting, **way) as place:
        assert len(body_folders(place)) == (0 if "env" in way else 1)
        up = place.upload(*PARTS, sent=()).put_all()
        answer = place.client.upload_raw(
            up.sid, 0, b"x", {"Content-Digest": digest_header(b"x")})
        assert answer.status == 200, answer
        answer = place.client.upload_raw(
            up.sid, 1, PARTS[1], {"Content-Digest": digest_header(b"y")})
        assert (answer.status, answer.code) == (400, "bad_request")
        answer = place.client.upload_raw(up.sid, 0, b"y" * (4 * MIB + 1))
        assert (answer.status, answer.json["limit"]) == (413, "maxChunkSize")
        up.completes()
        assert place.stored(up.persistent_id) == up.content


def test_body_of_unknown_length(clean, way):
    with Place("embedded", **way) as place:
        data = os.urandom(700 * KIB)
        up = place.upload(data, b"end", sent=(1,))
        blocks = [data[at:at + 9999] for at in range(0, len(data), 9999)]
        answer = place.client.upload_raw(up.sid, 0, iter(blocks))
        assert answer.status == 200, answer
        up.completes()


def test_no_file_is_left(clean):
    with Place("embedded") as place:
        folder, = body_folders(place)
        up = place.upload(*PARTS, sent=()).put_all()
        place.client.upload_raw(up.sid, 0, b"other")
        up.completes()
        wait_until(lambda: not list(folder.iterdir()), 5,
                   "that nginx takes its files away")
        # A body that was being written when nginx died.
        (folder / "0000000001").write_bytes(b"half a bo")
    assert not folder.exists()


@pytest.mark.parametrize("name", ["REQUEST_BODY_FILE", "Request-Body-File",
                                  "TRANCHE_BODY_DIR"])
def test_a_client_s_header_names_no_file(clean, name, way):
    with Place("embedded", **way) as place:
        secret = Path(place.serve.root, "secret")
        secret.write_bytes(b"12345")
        up = place.upload(b"abcde", b"12345", sent=(1,))
        answer = place.client.upload_raw(up.sid, 0, b"abcde",
                                         {name: str(secret)})
        assert answer.status == 200, answer
        up.completes()
