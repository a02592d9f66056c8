# SPDX-License-Identifier: MIT
"""nginx's PUT (ngx_http_dav_module): the web server writes the body to a file and
renames it. No session, no digest, no record: the physical reference."""

from pathlib import Path

import nginx
from peer import Missing

SERVER = """
		root %s/root;
		location / {
			dav_methods PUT;
			create_full_put_path on;
		}
"""


class Peer:
    name = "nginx PUT"
    counts = (2, 4)
    version = ""

    @staticmethod
    def install(cache):
        said = nginx.said_of_it()
        if "http_dav_module" not in said:
            raise Missing("nginx has no http_dav_module")
        Peer.version = nginx.version(said)

    def __init__(self, cache, folder, workers, env):
        self.root = Path(folder) / "root"
        self.nginx = nginx.Nginx(folder, workers, SERVER % folder)
        self.url = self.nginx.url
        self.number = 0

    def __enter__(self):
        self.root.mkdir()
        self.nginx.__enter__()
        return self

    def __exit__(self, *exception):
        self.nginx.__exit__(*exception)

    def processes(self):
        return {"server": self.nginx.processes(), "web": [], "store": []}

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
        return (self.root / str(self.first + n)).read_bytes()

    def clear(self):
        for path in self.root.iterdir():
            path.unlink()
