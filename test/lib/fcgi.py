# SPDX-License-Identifier: MIT
"""The web server's side of FastCGI 1.0 and CGI, for one request: a function's
answer is seen as it leaves the process, and so is an end without one."""

import http.client
import io
import socket
import struct

import client

BEGIN_REQUEST, END_REQUEST, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6
RESPONDER = 1
CONTENT_MAX = 65535     # bytes of a record


class _Response:
    """What client.Answer wants of http.client."""

    def __init__(self, head, body):
        self.headers = http.client.parse_headers(
            io.BytesIO(head + b"\r\n\r\n"))
        self.status = int(self.headers["Status"].split()[0])
        self.body = body

    def read(self):
        return self.body


def answer(output):
    """The client.Answer in what a function wrote (RFC 3875, section 6), None
    when it is not whole: a web server passes on what has its length."""
    head, end, body = output.partition(b"\r\n\r\n")
    if not end:
        return None
    response = _Response(head, body)
    length = response.headers["Content-Length"]
    if length is not None and len(body) < int(length):
        return None
    assert length is None or len(body) == int(length), output
    return client.Answer(response)


def variables(method, query="", body=b"", headers=None, user=""):
    """The meta-variables of a request."""
    headers = {name.lower(): value for name, value in (headers or {}).items()}
    named = {"HTTP_" + name.upper().replace("-", "_"): value
             for name, value in headers.items()}
    return {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REQUEST_METHOD": method,
        "QUERY_STRING": query,
        "CONTENT_TYPE": headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(body)) if body else "",
        "REMOTE_USER": user,
        **named,
    }


def _record(kind, content=b""):
    return struct.pack(">BBHHBx", 1, kind, 1, len(content), 0) + content


def _stream(kind, content):
    """The records of a stream, its end included."""
    parts = [content[at:at + CONTENT_MAX]
             for at in range(0, len(content), CONTENT_MAX)]
    return b"".join(_record(kind, part) for part in [*parts, b""])


def _length(n):
    return bytes([n]) if n < 128 else struct.pack(">I", n | 1 << 31)


def encode(params, body):
    """All records of a request."""
    pairs = [(name.encode(), value.encode())
             for name, value in params.items()]
    params = b"".join(_length(len(name)) + _length(len(value)) + name + value
                      for name, value in pairs)
    return (_record(BEGIN_REQUEST, struct.pack(">HB5x", RESPONDER, 0))
            + _stream(PARAMS, params) + _stream(STDIN, body))


def decode(received):
    """What STDOUT carried, also where it broke off."""
    output = b""
    while len(received) >= 8:
        kind, length, padding = struct.unpack(">xBxxHBx", received[:8])
        if kind == STDOUT:
            output += received[8:8 + length]
        received = received[8 + length + padding:]
    return output


def ask(path, params, body=b"", seconds=30):
    """Sends a request to the socket at path: the answer, None when the process
    ended, or closed, without a whole one. socket.timeout when it does not."""
    received = b""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(seconds)
        s.connect(str(path))
        try:
            s.sendall(encode(params, body))
            while block := s.recv(65536):
                received += block
        except (BrokenPipeError, ConnectionResetError):
            pass
    return answer(decode(received))
