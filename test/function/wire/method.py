# SPDX-License-Identifier: MIT
"""Methods that a function does not have, and paths that are none."""

import re

from wire.row import Row


METHODS = {"start": {"POST"}, "upload": {"POST", "PUT"},
           "complete": {"POST"}, "status": {"GET", "HEAD"},
           "abort": {"POST", "DELETE"}}


def is_allowed(allowed):
    def check(_, answer):
        said = set(re.split(r"\s*,\s*", answer.headers["Allow"]))
        assert allowed <= said <= allowed | {"OPTIONS"}
        if answer.body:
            assert answer.json["error"] == "Method not allowed"
    return check


def refused(method, endpoint, allowed):
    return Row("%s %s" % (method, endpoint),
               lambda up: up.client.send(method, endpoint), 405,
               None if method == "HEAD" else "method",
               check=is_allowed(allowed))


def options(endpoint):
    return Row("OPTIONS " + endpoint,
               lambda up: up.client.send("OPTIONS", endpoint), 204,
               tier=False)


def unknown_path(path):
    return Row("unknown path /" + path,
               lambda up: up.client.send("GET", path), 404, "not_found")


METHOD = [
    *(refused(method, endpoint, allowed)
      for endpoint, allowed in METHODS.items()
      for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "MKCOL")
      if method not in allowed),
    *(options(endpoint) for endpoint in METHODS),
    *(unknown_path(path) for path in ("", "starts", "start/", "start/x",
                                      "Start", "x")),
]
