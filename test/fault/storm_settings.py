# SPDX-License-Identifier: MIT
"""The settings of the storm: which hosts there are, which tiers each of them
has, and where documents go: a file, or what the name says after a slash."""

from typing import NamedTuple

ALL = ("redis", "mongodb")


class Setting(NamedTuple):
    name: str
    hosts: tuple        # of (kind, tiers)
    copies: int = 1
    sink: str = "file"


def _same(tiers, *kinds):
    return tuple((kind, tiers) for kind in kinds)


_SETTINGS = (
    Setting("memory", _same(("memory",), "fastcgi")),
    Setting("redis", _same(("redis",), "fastcgi", "cgi")),
    Setting("mongodb", _same(("mongodb",), "fastcgi", "fastcgi")),
    Setting("redis+mongodb", _same(ALL, "fastcgi", "cgi", "nginx")),
    Setting("redis+mongodb+memory", _same(ALL + ("memory",), "fastcgi")),
    Setting("copies", _same(ALL, "fastcgi", "cgi"), copies=2),
    Setting("split", (("cgi", ("redis",)), ("fastcgi", ("mongodb",)),
                      ("fastcgi", ALL))),
)
SETTINGS = {s.name: s for s in (
    *_SETTINGS,
    *(s._replace(name=s.name + "/mongodb", sink="mongodb")
      for s in _SETTINGS if s.name != "memory"))}
