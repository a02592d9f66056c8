# SPDX-License-Identifier: MIT
"""tusd, the reference server of tus, in Go.

Its file store keeps an upload in two files, the bytes and a JSON of what is
known of them, and locks it by a third while a request is at work. It does not
fsync and digests nothing. Settings: the defaults, but its log is least (five
lines a request are left, which nothing turns off) and goes to /dev/null. It has
no workers but the threads that Go takes (GOMAXPROCS): a count is that number.
"""

import built
from spawned import Spawned
from stores import free_port
from tus import TusPeer

VERSION = "2.9.1"
PACKAGE = "github.com/tus/tusd/v2/cmd/tusd"
FOLDER = "tusd-" + VERSION


class Peer(TusPeer):
    name = "tusd"
    version = VERSION

    @staticmethod
    def install(cache):
        with built.folder(cache, FOLDER) as aside:
            if not aside:
                return
            go = built.need("go", "golang-go ca-certificates", "tusd")
            # From 1.21 on Go fetches the newer Go that a package asks for.
            built.at_least("tusd needs Go",
                              built.run("go", [go, "env", "GOVERSION"],
                                           aside), (1, 21))
            work = aside / "go"
            built.run("building tusd", [
                go, "install", "-trimpath", "-ldflags=-s",
                "%s@v%s" % (PACKAGE, VERSION)], aside, GOBIN=aside,
                CGO_ENABLED=0, GOPATH=work, GOMODCACHE=work / "mod",
                GOCACHE=work / "cache", GOFLAGS="-modcacherw")
            built.remove(work)

    def spawned(self):
        port = free_port()
        return Spawned(
            [self.cache / FOLDER / "tusd", "-host", "127.0.0.1", "-port", port,
             "-upload-dir", self.store, "-verbose=false"],
            {"GOMAXPROCS": self.count}, self.folder / "log", port=port,
            quiet=True)
