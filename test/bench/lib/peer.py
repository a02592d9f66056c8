# SPDX-License-Identifier: MIT
"""The peers: which there are, and how one is taken (README.md, "Peers")."""

import importlib

# rustus takes four minutes to build.
USUAL = ("nginx_put", "tusd", "tus_node", "original")
ALL = USUAL + ("rustus",)
COUNTS = (2, 4)


class Missing(Exception):
    """It cannot be had on this machine, and why."""


def find(name):
    """Its class."""
    try:
        return importlib.import_module(name).Peer
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
        raise Missing("there is no peers/%s.py" % name) from None


def counts(peer):
    return getattr(peer, "counts", COUNTS)


def clear(peer):
    if hasattr(peer, "clear"):
        peer.clear()
