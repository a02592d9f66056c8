# SPDX-License-Identifier: MIT
"""nginx's PUT (ngx_http_dav_module): the web server writes the body to a file and
renames it. No session, no digest, no record: the physical reference."""

import os
import signal
import shutil
import subprocess
import time
from http.client import HTTPConnection
from pathlib import Path

from host import family
from peer import Missing
from stores import free_port

START_S = 10
END_S = 10

# What deploy/nginx has too: its other values are nginx's defaults.
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
	server {
		listen 127.0.0.1:%(port)d;
		root %(folder)s/root;
		client_max_body_size 25m;
		client_body_buffer_size 1m;
		location / {
			dav_methods PUT DELETE;
			create_full_put_path on;
		}
	}
}
"""


def program():
    return shutil.which("nginx", path=os.environ["PATH"] + ":/usr/sbin:/sbin")


class Peer:
    name = "nginx PUT"
    counts = (2, 4)
    version = ""

    @staticmethod
    def install(cache):
        if not program():
            raise Missing("nginx is not installed")
        said = subprocess.run([program(), "-V"], stderr=subprocess.PIPE,
                              text=True).stderr
        if "http_dav_module" not in said:
            raise Missing("nginx has no http_dav_module")
        Peer.version = said.split("nginx/", 1)[1].split()[0]

    def __init__(self, cache, folder, workers, env):
        self.folder = Path(folder)
        self.workers = workers
        self.number = 0

    def __enter__(self):
        self.port = free_port()
        self.url = "http://127.0.0.1:%d" % self.port
        (self.folder / "root").mkdir()
        conf = self.folder / "nginx.conf"
        conf.write_text(CONFIGURATION % {
            "user": "user root;" if os.getuid() == 0 else "",
            "workers": self.workers, "folder": self.folder,
            "port": self.port})
        self.process = subprocess.Popen([program(), "-c", str(conf)],
                                        stdin=subprocess.DEVNULL)
        end = time.monotonic() + START_S
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("nginx does not start")
            time.sleep(0.02)
        return self

    def answers(self):
        try:
            connection = HTTPConnection("127.0.0.1", self.port, timeout=1)
            connection.request("GET", "/")
            return connection.getresponse().status in (403, 404)
        except OSError:
            return False

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(END_S)

    def processes(self):
        return {"server": sorted(family([self.process.pid])), "web": [],
                "store": []}

    def put(self, body):
        self.number += 1
        return {"method": "PUT", "path": "/%d" % self.number, "headers": {},
                "body": body, "status": 201}

    def chunk_requests(self, count, size, body):
        self.first = self.number + 1
        return [self.put(body) for _ in range(count)]

    def small_requests(self, count, body):
        return [[self.put(body)] for _ in range(count)]

    def stored(self, n):
        return (self.folder / "root" / str(self.first + n)).read_bytes()

    def clear(self):
        for path in (self.folder / "root").iterdir():
            path.unlink()
