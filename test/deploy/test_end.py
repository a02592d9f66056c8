# SPDX-License-Identifier: MIT
"""How deploy/serve ends: told to, killed, or with a part of it gone."""

import re
import signal
import socket
from urllib.parse import urlsplit

import pytest

import family
import uploads
from server import wait_until
from shell import END_SECONDS

FUNCTION = "(start|upload|complete|status|abort)"
SIGNALS = [signal.SIGTERM, signal.SIGINT]


def connect(url):
    address = urlsplit(url)
    return socket.create_connection((address.hostname, address.port))


# Its terminal may also just be closed.
@pytest.mark.parametrize("number", SIGNALS + [signal.SIGHUP])
def test_a_signal_ends_all_of_it(shell, server, number):
    serve = shell.serve("--server", server)
    uploads.works(serve.url, shell.state / "files")
    assert serve.end(number) == 0
    assert not shell.processes()
    with pytest.raises(ConnectionRefusedError):
        connect(serve.url)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_before_it_is_ready_too(shell, server, number):
    serve = shell.start_serve("--server", server)
    wait_until((shell.state / "serve.lock").exists, END_SECONDS, "a start")
    assert serve.end(number) == 0
    assert not shell.processes()


def test_a_request_that_comes_slowly_does_not_hold_it_up(shell, server):
    serve = shell.serve("--server", server)
    with connect(serve.url) as client:
        client.sendall(b"POST /api/routes/chunked/start HTTP/1.1\r\n"
                       b"Host: x\r\nContent-Length: 1000\r\n\r\n{")
        assert serve.end() == 0
        assert not shell.processes()


def test_a_tier_that_hangs_does_not_hold_it_up(shell, server):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        serve = shell.serve(
            "--server", server, TRANCHE_REDIS_TIMEOUT="60000",
            TRANCHE_REQUEST_TIMEOUT="60000",
            REDIS_URL="redis://127.0.0.1:%d" % silent.getsockname()[1])
        body = b'{"totalChunks":1,"totalSize":1}'
        with connect(serve.url) as client:
            client.sendall(b"POST /api/routes/chunked/start HTTP/1.1\r\n"
                           b"Host: x\r\nContent-Length: %d\r\n\r\n%s"
                           % (len(body), body))
            silent.settimeout(END_SECONDS)
            with silent.accept()[0]:
                assert serve.end() == 0
                assert not shell.processes()


def test_killed_it_starts_again_with_all_that_it_had(shell, server):
    serve = shell.serve("--server", server)
    done = uploads.works(serve.url, shell.state / "files")
    sid = uploads.begin(serve.url)
    serve.process.kill()
    serve.ended()
    again = shell.serve("--server", server)
    uploads.finish(again.url, sid)
    assert (shell.state / "files" / done).exists()
    assert again.end() == 0


def test_what_a_killed_one_left_is_ended_by_the_next(shell, server):
    serve = shell.serve("--server", server)
    old = shell.processes() - {serve.pid}
    # Stopped, they do not notice that it is killed.
    family.kill(old, signal.SIGSTOP)
    serve.process.kill()
    serve.process.wait()
    assert old <= shell.processes()
    again = shell.serve("--server", server)
    assert not old & shell.processes()
    uploads.works(again.url, shell.state / "files")


def test_killed_on_a_port_it_can_have_it_again(shell, server):
    port = urlsplit(shell.serve("--server", server).url).port
    serve = shell.commands[-1]
    family.kill(shell.processes() - {serve.pid}, signal.SIGSTOP)
    serve.process.kill()
    serve.process.wait()
    again = shell.serve("--server", server, "--port", port)
    uploads.works(again.url, shell.state / "files")


@pytest.mark.parametrize("server, part", [
    ("nginx", "nginx"), ("nginx", "multiwatch"), ("cgi", "lighttpd")])
def test_without_a_part_it_ends_and_says_which(shell, server, part):
    serve = shell.serve("--server", server)
    children = family.named(family.children(serve.pid), part)
    family.kill({children.pop()})
    assert serve.ended() != 0
    assert not shell.processes()
    # Each multiwatch has the processes of one function.
    name = FUNCTION if part == "multiwatch" else part
    assert re.match("serve: %s ended; " % name, serve.err), serve.err
    assert str(shell.state / "log") in serve.err
