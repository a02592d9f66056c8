# SPDX-License-Identifier: MIT
"""What a function's process gives up before its first request, as the kernel
tells it of one that is at work."""

import re
import socket
import threading
from http.client import HTTPConnection
from pathlib import Path

import pytest

import ids
from client import PREFIX
from server import Serve

MIB = 1024 * 1024
SECONDS = 20


def ask(url):
    connection = HTTPConnection(url.split("/")[2], timeout=SECONDS)
    connection.request("GET", PREFIX + "status?sessionId=" + ids.young())
    connection.getresponse().read()
    connection.close()


class Waiting:
    """A process of status that waits for a Redis which says nothing."""

    def __init__(self, server, **env):
        self.silent = socket.create_server(("127.0.0.1", 0))
        self.silent.settimeout(SECONDS)
        port = self.silent.getsockname()[1]
        self.serve = Serve({"REDIS_URL": "redis://127.0.0.1:%d/0" % port,
                            "TRANCHE_REDIS_TIMEOUT": "20000",
                            "TRANCHE_REQUEST_TIMEOUT": "20000", **env},
                           server=server)

    def __enter__(self):
        self.serve.__enter__()
        self.asks = threading.Thread(target=ask, args=(self.serve.url,))
        self.asks.start()
        self.accepted, _ = self.silent.accept()
        self.folder = Path("/proc/%d" % self.serve.processes("status")[0])
        return self

    def __exit__(self, *failed):
        self.silent.close()
        self.accepted.close()       # it need not wait any longer
        self.asks.join(SECONDS)
        self.serve.__exit__(*failed)

    def status(self, name):
        return re.search(r"^%s:\s*(\S+)" % name,
                         (self.folder / "status").read_text(),
                         re.MULTILINE).group(1)

    def limits(self, name):
        """The soft and the hard one."""
        return re.search(r"^%s  +(\S+) +(\S+)" % name,
                         (self.folder / "limits").read_text(),
                         re.MULTILINE).groups()


@pytest.fixture(scope="module", params=["nginx", "cgi"])
def process(request):
    with Waiting(request.param) as waiting:
        yield waiting


def test_it_can_get_no_new_privileges(process):
    assert process.status("NoNewPrivs") == "1"


def test_what_it_writes_is_its_user_s_alone(process):
    assert process.status("Umask") == "0077"


def test_it_leaves_no_core(process):
    assert process.limits("Max core file size") == ("0", "0")


def test_it_can_have_few_files(process):
    assert process.limits("Max open files") == ("256", "256")


def test_its_memory_is_under_512_mib(process):
    soft, hard = process.limits("Max data size")
    assert soft == hard
    assert int(hard) < 512 * MIB


def test_a_limit_of_the_configuration_brings_the_memory_for_it():
    with Waiting("nginx", TRANCHE_MAX_CHUNK_SIZE="64MiB",
                 TRANCHE_MAX_DOCUMENT="64MiB",
                 TRANCHE_MAX_CHUNKS="1000000") as waiting:
        _, hard = waiting.limits("Max data size")
        assert int(hard) > 2 * 6 * 64 * MIB + 2 * 64 * MIB + 2 * 80 * 1000000
