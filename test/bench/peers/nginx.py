# SPDX-License-Identifier: MIT
"""An nginx of a peer's own. Its values are those of deploy/nginx, or nginx's
defaults."""

import os
import shutil
import signal
import subprocess
import time
from http.client import HTTPConnection
from pathlib import Path

from host import family
from peer import Missing
from stores import free_port

START_S = 10
END_S = 10

CONFIGURATION = """
%(user)s
worker_processes %(workers)d;
daemon off;
pid %(folder)s/pid;
error_log %(folder)s/error.log error;
events { worker_connections 1024; }
http {
	access_log off;
	client_body_temp_path %(folder)s/body;
	fastcgi_temp_path %(folder)s/fastcgi;
	server {
		listen 127.0.0.1:%(port)d;
		client_max_body_size 25m;
		client_body_buffer_size 1m;
		%(server)s
	}
}
"""


def program():
    return shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin:/sbin")


def said_of_it():
    """Its version and how it was built."""
    if not program():
        raise Missing("nginx is not installed")
    return subprocess.run([program(), "-V"], stderr=subprocess.PIPE,
                          text=True).stderr


def version(said):
    return said.split("nginx/", 1)[1].split()[0]


class Nginx:
    """From `with` to its end. server: what stands in its server block."""

    def __init__(self, folder, workers, server):
        self.folder = Path(folder)
        self.port = free_port()
        self.url = "http://127.0.0.1:%d" % self.port
        self.configuration = CONFIGURATION % {
            "user": "user root;" if os.getuid() == 0 else "",
            "workers": workers, "folder": self.folder, "port": self.port,
            "server": server}

    def __enter__(self):
        path = self.folder / "nginx.conf"
        path.write_text(self.configuration)
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", "--", program(), "-c",
             str(path)], stdin=subprocess.DEVNULL)
        end = time.monotonic() + START_S
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                self.process.wait()
                raise RuntimeError("nginx does not start")
            time.sleep(0.02)
        return self

    def answers(self):
        connection = HTTPConnection("127.0.0.1", self.port, timeout=1)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status < 500
        except OSError:
            return False
        finally:
            connection.close()

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(END_S)

    def processes(self):
        return sorted(family([self.process.pid]))
