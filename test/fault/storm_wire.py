# SPDX-License-Identifier: MIT
"""How the storm speaks to a function: FastCGI on a socket of its own, CGI, or
HTTP to a web server. Nothing here knows what an answer should be."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import struct
import subprocess
import threading
import time
from dataclasses import dataclass
from typing import NamedTuple, Optional
from urllib.parse import urlencode, urlsplit

PREFIX = "/api/routes/chunked/"
FUNCTIONS = ("start", "upload", "complete", "status", "abort")
# When a function that says nothing is given up: far over every deadline.
HANG_SECONDS = 30


class Request(NamedTuple):
    function: str
    method: str
    query: str = ""
    body: Optional[bytes] = None
    owner: str = ""


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict       # names in lower case
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json.get("code", "")

    @property
    def tier(self):
        return self.headers.get("tranche-tier")

    @property
    def retry_after(self):
        return int(self.headers.get("retry-after", 0))

    def __str__(self):
        said = self.body[:300].decode(errors="replace")
        return "%d %s%s%s" % (
            self.status, said, " tier=%s" % self.tier if self.tier else "",
            " retry-after=%d" % self.retry_after if self.retry_after else "")


def stringify(value):
    """As JSON.stringify does: halves of surrogate pairs are escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return re.sub("[\ud800-\udfff]", lambda m: "\\u%04x" % ord(m[0]),
                  text).encode()


def post(function, owner="", **fields):
    return Request(function, "POST", body=stringify(fields), owner=owner)


def put_raw(sid, index, data, owner=""):
    query = urlencode({"sessionId": sid, "chunkIndex": index})
    return Request("upload", "PUT", query, data, owner)


def get_status(sid, owner=""):
    return Request("status", "GET", urlencode({"sessionId": sid}), owner=owner)


def variables(request):
    """The CGI variables of a request (RFC 3875)."""
    return {"GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1",
            "REQUEST_METHOD": request.method, "QUERY_STRING": request.query,
            "CONTENT_TYPE": "application/json" if request.method == "POST"
                            else "application/octet-stream",
            "CONTENT_LENGTH": "" if request.body is None
                              else str(len(request.body)),
            "SCRIPT_NAME": PREFIX + request.function,
            "REMOTE_USER": request.owner, "REMOTE_ADDR": "127.0.0.1"}


def read_cgi(said):
    """A Reply of what a CGI program said; None when it is not whole."""
    head, end, body = said.partition(b"\r\n\r\n")
    if not end:
        return None
    headers = {}
    for line in head.decode().split("\r\n"):
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    if len(body) != int(headers.get("content-length", len(body))):
        return None
    return Reply(int(headers.pop("status").split()[0]), headers, body)


def _pair(name, value):
    """A name and its value as FastCGI 1.0 (3.4) encodes them."""
    name, value = name.encode(), value.encode()
    lengths = [struct.pack(">B", len(each)) if len(each) < 128
               else struct.pack(">I", len(each) | 1 << 31)
               for each in (name, value)]
    return b"".join(lengths) + name + value


def _record(kind, content):
    return struct.pack(">BBHHBx", 1, kind, 1, len(content), 0) + content


def _stream(kind, content):
    pieces = [content[at:at + 0xffff] for at in range(0, len(content), 0xffff)]
    return b"".join(_record(kind, each) for each in pieces)


BEGIN, END, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6


def ask_fastcgi(path, request, breaks):
    """One request on a connection of its own. A client that breaks dies in
    mid-body. None: no whole answer came."""
    pairs = b"".join(_pair(*each) for each in variables(request).items())
    body = request.body or b""
    sent = (_record(BEGIN, struct.pack(">HB5x", 1, 0))
            + _stream(PARAMS, pairs) + _record(PARAMS, b""))
    if breaks:
        sent += _stream(STDIN, body[:len(body) // 2])
    else:
        sent += _stream(STDIN, body) + _record(STDIN, b"")
    said = b""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(HANG_SECONDS)
        try:
            s.connect(path)
            s.sendall(sent)
            if breaks:
                return None
            with s.makefile("rb") as stream:
                while True:
                    head = stream.read(8)
                    if len(head) < 8:
                        return None
                    _, kind, _, size, padding = struct.unpack(">BBHHBx", head)
                    content = stream.read(size + padding)[:size]
                    if kind == STDOUT:
                        said += content
                    if kind == END:
                        return read_cgi(said)
        except OSError:
            return None


def ask_cgi(command, env, log, request, breaks, kill_after):
    """One request, one process, which may be killed."""
    child = subprocess.Popen(
        command, env={**env, **variables(request)}, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=log)
    body = request.body or b""
    timer = None
    if kill_after is not None:
        timer = threading.Timer(kill_after, _kill_child, [child])
        timer.start()
    try:
        said, _ = child.communicate(body[:len(body) // 2] if breaks else body,
                                    timeout=HANG_SECONDS)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        return None
    finally:
        if timer:
            timer.cancel()
    return None if breaks else read_cgi(said)


def _kill_child(child):
    if child.poll() is None:
        child.kill()


def ask_http(url, request, breaks):
    """One request on a connection of its own to a web server."""
    query = "?" + request.query if request.query else ""
    headers = {"Content-Type": variables(request)["CONTENT_TYPE"],
               "Connection": "close"}
    connection = http.client.HTTPConnection(urlsplit(url).netloc,
                                            timeout=HANG_SECONDS)
    try:
        if breaks:
            body = request.body or b"-"
            connection.putrequest(request.method,
                                  PREFIX + request.function + query)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body[:len(body) // 2])
            return None
        connection.request(request.method, PREFIX + request.function + query,
                           request.body, headers)
        answer = connection.getresponse()
        body = answer.read()
        names = {k.lower(): v for k, v in answer.getheaders()}
        # The web server's words for a function that died.
        if answer.status == 502:
            return None
        return Reply(answer.status, names, body)
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def kill_tree(pid, name):
    """kill -9 of the descendants of pid that run the program `name`."""
    with contextlib.suppress(OSError):
        path = "/proc/%d/task/%d/children" % (pid, pid)
        with open(path) as children:
            for child in map(int, children.read().split()):
                kill_tree(child, name)
                with contextlib.suppress(OSError):
                    if os.readlink("/proc/%d/exe" % child).endswith(
                            "/" + name):
                        os.kill(child, signal.SIGKILL)


def timed(ask, *arguments):
    """What was answered, and the seconds that it took."""
    began = time.monotonic()
    return ask(*arguments), time.monotonic() - began
