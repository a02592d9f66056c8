# SPDX-License-Identifier: MIT
"""A body that the web server left in a file: a file that is not what it says
is nobody's chunk, and the client's next try is right (body_file.h)."""

import os
import stat

import pytest

import fcgi
import host

BODY = b"0123456789"


@pytest.fixture
def on():
    with host.Host("memory", "file") as made:
        folder = made.root / "body"
        folder.mkdir(mode=0o700)
        made.env["TRANCHE_BODY_DIR"] = str(folder)
        yield made


class Bodies:
    """An upload of one chunk, whose body comes in a file."""

    def __init__(self, on):
        self.host, self.client = on, host.Kept(on)
        self.folder = on.root / "body"
        self.path = self.folder / "0000000001"
        started = self.client.start(totalChunks=1, totalSize=len(BODY))
        assert started.status == 200, started
        self.sid = started.json["sessionId"]

    def put(self, path=None, body=b"", **params):
        query = "sessionId=%s&chunkIndex=0" % self.sid
        return self.client.ask("upload", {
            **fcgi.variables("PUT", query), "CONTENT_LENGTH": str(len(BODY)),
            "REQUEST_BODY_FILE": str(path or self.path), **params}, body)

    def is_refused(self, *how, **params):
        """Nothing is stored, and nothing is told to the client but to wait."""
        answer = self.put(*how, **params)
        assert (answer.status, answer.code) == (503, "unavailable"), answer
        assert self.client.status(self.sid).json["missing"] == [[0, 0]]
        return self.host.log.read_text()

    def works(self):
        self.path.unlink(missing_ok=True)
        self.path.write_bytes(BODY)
        self.path.chmod(0o600)
        assert self.put().json["receivedChunks"] == 1
        self.path.unlink(missing_ok=True)
        completed = self.client.complete(self.sid)
        assert completed.status == 201, completed
        stored = self.host.root / "sink" / completed.json["persistentId"]
        assert stored.read_bytes() == BODY


@pytest.fixture
def bodies(on):
    made = Bodies(on)
    yield made
    made.works()


def test_not_there(bodies):
    assert "is not there" in bodies.is_refused()


def test_of_another_length(bodies):
    for content in (BODY[:-1], BODY + b"x", b""):
        bodies.path.write_bytes(content)
        assert "not what it announced" in bodies.is_refused()


def test_in_another_folder(bodies):
    outside = bodies.host.root / "outside"
    outside.write_bytes(BODY)
    for path in (outside, "%s/../outside" % bodies.folder, "/etc/passwd"):
        assert "not in TRANCHE_BODY_DIR" in bodies.is_refused(path)
    bodies.path.symlink_to(outside)
    bodies.is_refused()
    bodies.path.unlink()
    assert outside.read_bytes() == BODY


def test_that_others_may_write(bodies):
    bodies.path.write_bytes(BODY)
    bodies.path.chmod(0o622)
    assert "must run as the same user" in bodies.is_refused()
    bodies.path.chmod(0o600)
    bodies.folder.chmod(0o777)
    assert "must run as the same user" in bodies.is_refused()
    bodies.folder.chmod(0o700)


def test_a_pipe_does_not_hold_anybody_up(bodies):
    os.mkfifo(bodies.path, 0o600)
    bodies.is_refused()


def test_folder_that_is_gone(bodies):
    bodies.folder.rmdir()
    bodies.is_refused()
    bodies.folder.mkdir(mode=0o700)


def test_folder_that_the_functions_do_not_know(bodies):
    """nginx keeps the bodies, and nobody told the functions where."""
    bodies.path.write_bytes(BODY)
    fresh = host.Fresh(bodies.host, (), {"TRANCHE_BODY_DIR": ""})
    bodies.client, kept = fresh, bodies.client
    assert "TRANCHE_BODY_DIR does not say where" in bodies.is_refused()
    bodies.client = kept


def test_what_a_killed_function_took_over_is_not_taken_again(bodies):
    """It wrote behind the bytes and died before it linked the file: the same
    file is another length now, and the bytes go by a new request."""
    bodies.path.write_bytes(BODY + bytes(56))
    bodies.is_refused()


def test_stored_chunk_is_not_the_server_s_any_more(on):
    """Whatever becomes of the name that nginx had for it."""
    bodies = Bodies(on)
    bodies.path.write_bytes(BODY)
    bodies.path.chmod(0o600)
    assert bodies.put().status == 200
    bodies.path.unlink()
    bodies.path.write_bytes(b"X" * len(BODY))
    assert bodies.client.complete(bodies.sid).status == 201
    stored, = (path for path in (on.root / "sink").iterdir()
               if not path.name.startswith(".")
               and path.suffix != ".json")
    assert stored.read_bytes() == BODY
    assert stat.S_IMODE(stored.stat().st_mode) == 0o640
