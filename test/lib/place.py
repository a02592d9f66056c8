# SPDX-License-Identifier: MIT
"""Where a test runs: a setting, its functions being served, and its sink."""

import json

import settings
from client import Client
from server import Serve
from upload import Upload


class Place:
    """From `with` to its end. `env` adds to the setting's environment."""

    def __init__(self, setting, env=None, **serve):
        self.setting = settings.SETTINGS[setting]
        self.serve = Serve({**settings.environment(self.setting),
                            **(env or {})}, **serve)

    def __enter__(self):
        self.serve.__enter__()
        self.client = Client(self.serve.url)
        return self

    def __exit__(self, *exception):
        self.client.connection.close()
        return self.serve.__exit__(*exception)

    @property
    def sink(self):
        return self.serve.sink

    def upload(self, *parts, **fields):
        """An upload under way (upload.py)."""
        if parts:
            return Upload(self, parts, **fields)
        return Upload(self, **fields)

    def has(self, persistent_id):
        return ((self.sink / persistent_id).exists()
                or (self.sink / (persistent_id + ".json")).exists())

    def stored(self, persistent_id):
        """The bytes in the file sink; what lies beside them fits them."""
        content = (self.sink / persistent_id).read_bytes()
        beside = json.loads((self.sink / (persistent_id + ".json"))
                            .read_bytes())
        assert beside["size"] == len(content)
        return content
