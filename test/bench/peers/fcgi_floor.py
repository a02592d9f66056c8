# SPDX-License-Identifier: MIT
"""floor/fcgi.c behind nginx: a body is read through libfcgi and forgotten. No
uploader: what a chunk that comes by FastCGI cannot cost less than."""

import signal
import socket
import subprocess
from pathlib import Path

import host
import nginx

SERVER = """
		location / {
			fastcgi_request_buffering on;
			fastcgi_param REQUEST_METHOD $request_method;
			fastcgi_param CONTENT_LENGTH $content_length;
			fastcgi_pass unix:%s/socket;
		}
"""
BACKLOG = 1024
END_S = 10


class Peer:
    name = "floor: libfcgi"
    counts = (4, 8)
    version = "a body read, and forgotten"
    program = None      # set by the driver

    @staticmethod
    def install(cache):
        """It is built with the benchmark."""

    def __init__(self, cache, folder, workers, env):
        self.folder = Path(folder)
        self.workers = workers
        self.nginx = nginx.Nginx(folder, 2, SERVER % folder)
        self.url = self.nginx.url

    def __enter__(self):
        with socket.socket(socket.AF_UNIX) as pool:
            pool.bind(str(self.folder / "socket"))
            pool.listen(BACKLOG)
            self.pool = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "--", "multiwatch", "-f",
                 str(self.workers), "-t", "0", "-s", "TERM", "--",
                 str(self.program)], stdin=pool)
        try:
            self.nginx.__enter__()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *exception):
        self.nginx.__exit__(*exception)
        self.end()

    def end(self):
        self.pool.send_signal(signal.SIGTERM)
        self.pool.wait(END_S)

    def processes(self):
        return {"server": [pid for pid in host.family([self.pool.pid])
                           if host.program(pid) == self.program.name],
                "web": self.nginx.processes(), "store": []}

    def chunk_requests(self, count, size, body):
        return [{"method": "PUT", "path": "/", "headers": {}, "body": body,
                 "status": 200}] * count
