# SPDX-License-Identifier: MIT
"""A web server that does not read an answer at once gets all of it in the end."""

import json
import os
import socket
import time

import fcgi
import host

SECONDS = 20
PAUSE_SECONDS = 0.05
# Answers that fill a socket up to each of their last records of 8 KiB.
SIZES = range(100000, 300000, 6000)


def test_answers_that_fill_the_socket():
    with host.Host("redis", "mongodb") as on:
        client = host.Kept(on)
        process, path = on.start("complete", env={"TRANCHE_MAX_REQUESTS": "0"})
        try:
            for size in SIZES:
                completes(client, path, "x" * size)
        finally:
            process.terminate()
            process.wait(SECONDS)


def completes(client, path, text):
    document = json.dumps({"name": "large", "text": text}).encode()
    started = client.start(totalChunks=1, totalSize=len(document))
    sid = started.json["sessionId"]
    assert client.upload_raw(sid, 0, document).status == 200
    body = json.dumps({"sessionId": sid}).encode()
    answer = read_late(path, fcgi.encode(
        fcgi.variables("POST", body=body), body))
    assert answer and answer.status == 201, len(text)
    assert answer.json["text"] == text


def read_late(path, records):
    received = b""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(SECONDS)
        s.connect(os.fspath(path))
        s.sendall(records)
        time.sleep(PAUSE_SECONDS)
        while block := s.recv(65536):
            received += block
    return fcgi.answer(fcgi.decode(received))
