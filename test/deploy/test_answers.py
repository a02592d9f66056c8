# SPDX-License-Identifier: MIT
"""What the web server answers itself has the functions' form."""

import http.client
import json
import re
import socket
from urllib.parse import urlsplit

import pytest

from conftest import SERVERS
from shell import Shell

PREFIX = "/api/routes/chunked/"
SECONDS = 10


@pytest.fixture(scope="module", params=SERVERS)
def url(request, built):
    with Shell() as shell:
        yield shell.serve("--server", request.param).url


@pytest.fixture(scope="module")
def nginx_url(built):
    with Shell() as shell:
        yield shell.serve().url


def request(method, path, *headers):
    return "\r\n".join((method + " " + PREFIX + path + " HTTP/1.1", "Host: x",
                        *headers, "", "")).encode()


def answer_to(url, sent):
    """The status, the headers and the JSON."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port),
                                  SECONDS) as client:
        client.sendall(sent)
        response = http.client.HTTPResponse(client)
        response.begin()
        body = response.read()
    assert response.headers["Content-Type"] == (
        "application/json; charset=utf-8"), body
    said = json.loads(body)
    assert isinstance(said["error"], str) and said["error"]
    return response.status, response.headers, said


PATHS = ["", "nothing", "Start", "start/", "start/x", "start.c", ".error",
         "%2e%2e/%2e%2e/", "status/../nothing"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_unknown_path_is_404(url, method):
    for path in PATHS:
        status, _, said = answer_to(url, request(method, path,
                                                 "Content-Length: 0"))
        assert (status, said["code"]) == (404, "not_found"), path


def test_a_body_over_every_limit_is_413(url):
    status, _, said = answer_to(url, request(
        "POST", "start", "Content-Length: 99999999999"))
    assert (status, said["code"]) == (413, "too_large")
    assert (said["limit"], said["max"]) == ("maxChunkSize", 4 << 20)


@pytest.mark.parametrize("sent", [
    b"nonsense\r\n\r\n",
    b"GET / HTTP/1.1\r\n\r\n",
    request("POST", "start", "Content-Length: many"),
    request("POST", "start", "Content-Length: -1"),
    request("POST", "start", "Content-Length: 2", "Content-Length: 3"),
    request("POST", "start", "Transfer-Encoding: chunked") + b"zz\r\n",
    request("GET", "start%00"),
], ids=["nonsense", "no-host", "length-word", "length-negative",
        "length-twice", "bad-chunk", "nul-in-path"])
def test_what_is_no_request_is_400(url, sent):
    status, _, said = answer_to(url, sent)
    assert (status, said["code"]) == (400, "bad_request")


@pytest.mark.parametrize("sent", [
    request("GET", "status", "X-Long: " + "x" * 100000),
    request("GET", "status?" + "x" * 100000),
], ids=["header", "path"])
def test_a_head_that_is_too_long_is_refused(url, sent):
    status, _, said = answer_to(url, sent)
    assert status in (400, 414, 431)
    assert said["code"] == "bad_request"


@pytest.mark.parametrize("sent", [
    request("GET", "nothing"),
    request("POST", "start", "Content-Length: 99999999999"),
    request("POST", "start", "Content-Length: many"),
], ids=["404", "413", "400"])
def test_nginx_gives_the_headers_too(nginx_url, sent):
    _, headers, _ = answer_to(nginx_url, sent)
    assert headers["Cache-Control"] == "no-store"
    assert re.fullmatch("[A-Za-z0-9._-]{1,128}", headers["X-Request-Id"])


def test_nginx_keeps_the_id_of_the_request(nginx_url):
    _, headers, _ = answer_to(nginx_url, request(
        "GET", "nothing", "X-Request-Id: my.id-1"))
    assert headers["X-Request-Id"] == "my.id-1"
