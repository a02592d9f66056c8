# SPDX-License-Identifier: MIT
"""A client of tranche, written from the wire table (DESIGN, section 3)."""

import base64
import hashlib
import http.client
import io
import json
import re
import socket
import time
from urllib.parse import quote, urlencode, urlsplit

import js

PREFIX = "/api/routes/chunked/"
JSON_TYPE = "application/json; charset=utf-8"
CODES = {"bad_request", "not_found", "conflict", "completed", "claimed",
         "taken", "missing_chunks", "mismatch", "bad_data", "no_route",
         "too_large", "unavailable", "full", "method"}
# An error names no host, no path and no driver.
SECRETS = re.compile(r"127\.0\.0\.1|localhost|/tmp|/dev/shm|/var/|redis|mongo"
                     r"|libbson|json-c|errno|\.c:\d", re.I)
TIMEOUT_SECONDS = 120
# A web server closes a connection that was not used for a minute or so.
IDLE_SECONDS = 5


class Answer:
    def __init__(self, response):
        self.body = response.read()
        self.status = response.status
        self.headers = response.headers
        self.check_manners()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json.get("code")

    @property
    def words(self):
        """What an error says to people."""
        said = self.json
        return " ".join((said["error"], said.get("details", "")))

    def check_manners(self):
        """What holds of every answer."""
        if self.is_lighttpd_s_own():
            return
        assert self.headers["Cache-Control"] == "no-store", self
        assert re.fullmatch("[A-Za-z0-9._-]{1,128}",
                            self.headers["X-Request-Id"] or ""), self
        if self.status == 204:
            assert self.body == b"", self
            return
        assert self.headers["Content-Type"] == JSON_TYPE, self
        if self.status >= 400 and self.body:
            self.check_error()

    def is_lighttpd_s_own(self):
        """What it refuses before a function sees it: it can make no
        X-Request-Id."""
        return (self.headers["Server"] == "lighttpd"
                and self.status in (400, 404, 411, 431, 501)
                and not self.headers["X-Request-Id"]
                and self.headers["Content-Type"] == JSON_TYPE
                and self.json["error"] in ("Not found", "Bad request"))

    def check_error(self):
        said = self.json
        assert isinstance(said["error"], str) and said["error"], self
        assert said["code"] in CODES, self
        assert not SECRETS.search(self.words), self
        if self.status == 413:
            assert isinstance(said["limit"], str), self
            assert isinstance(said["max"], int), self
        if self.status == 503:
            assert self.retry_after > 0, self

    @property
    def retry_after(self):
        return int(self.headers["Retry-After"] or 0)

    def __repr__(self):
        return "%d %r %s" % (self.status, self.body[:1000],
                             dict(self.headers))


def digest_header(body):
    """A value for Content-Digest (RFC 9530)."""
    digest = base64.b64encode(hashlib.sha256(body).digest())
    return "sha-256=:%s:" % digest.decode()


class Client:
    """One connection; each thread needs its own."""

    def __init__(self, url, headers=None):
        self.url = url
        self.address = urlsplit(url).netloc
        self.headers = headers or {}
        self.connection = http.client.HTTPConnection(
            self.address, timeout=TIMEOUT_SECONDS)
        self.used = time.monotonic()

    def again(self, **headers):
        """The same on a new connection, with more headers."""
        return Client(self.url, {**self.headers, **headers})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def send(self, method, path, body=None, headers=None):
        """path is what follows the prefix, with its query; an iterable body
        goes as chunked transfer."""
        chunked = body is not None and not isinstance(body, bytes)
        if time.monotonic() - self.used > IDLE_SECONDS:
            self.connection.close()
        self.used = time.monotonic()
        try:
            self.connection.request(
                method, PREFIX + path, body, {**self.headers,
                                              **(headers or {})},
                encode_chunked=chunked)
            return Answer(self.connection.getresponse())
        except Exception:
            self.connection.close()
            raise

    def post(self, path, fields, headers=None):
        """fields as JSON; bytes go as they are."""
        body = fields if isinstance(fields, bytes) else js.stringify(fields)
        return self.send("POST", path, body, {
            "Content-Type": "application/json", **(headers or {})})

    def start(self, **fields):
        return self.post("start", fields)

    def upload_text(self, sid, index, data, headers=None):
        return self.post("upload", {"sessionId": sid, "chunkIndex": index,
                                    "data": data}, headers)

    def upload_raw(self, sid, index, data, headers=None, method="PUT"):
        query = urlencode({"sessionId": sid, "chunkIndex": index})
        return self.send(method, "upload?" + query, data, {
            "Content-Type": "application/octet-stream", **(headers or {})})

    def complete(self, sid):
        return self.post("complete", {"sessionId": sid})

    def status(self, sid):
        return self.send("GET", "status?sessionId=" + quote(sid))

    def abort(self, sid):
        return self.post("abort", {"sessionId": sid})

    def raw(self, request, dies=False):
        """Sends these bytes on a connection of its own, and no more when it
        dies then; the first answer, or None when the server closes without
        one."""
        host, port = self.address.split(":")
        with socket.create_connection((host, int(port)),
                                      TIMEOUT_SECONDS) as s:
            s.sendall(request)
            if dies:
                s.shutdown(socket.SHUT_WR)
            received = b""
            try:
                while block := s.recv(65536):
                    received += block
            except ConnectionResetError:
                pass
        if not received:
            return None
        response = http.client.HTTPResponse(_Socket(received))
        response.begin()
        return Answer(response)


class _Socket:
    """What http.client wants of a socket, over bytes that have come."""

    def __init__(self, received):
        self.received = received

    def makefile(self, _):
        return io.BytesIO(self.received)
