# SPDX-License-Identifier: MIT
"""JavaScript's strings: sequences of UTF-16 units, cut anywhere.

A str here may hold halves of surrogate pairs, as a JavaScript string may.
"""

import json
import re


def _units(text):
    return text.encode("utf-16-le", "surrogatepass")


def length(text):
    """text.length"""
    return len(_units(text)) // 2


def cut(text, start, end):
    """text.slice(start, end)"""
    return _units(text)[2 * start:2 * end].decode("utf-16-le", "surrogatepass")


def slices(text, size):
    """Pieces of `size` units."""
    return [cut(text, at, at + size) for at in range(0, length(text), size)]


def join(parts):
    """parts.join(""): halves that meet become one character."""
    return b"".join(map(_units, parts)).decode("utf-16-le", "surrogatepass")


def encode(text):
    """new TextEncoder().encode(text): lone halves become U+FFFD."""
    return re.sub("[\ud800-\udfff]", "\ufffd", join([text])).encode()


def stringify(value):
    """JSON.stringify(value) as UTF-8: lone halves are escaped, nothing else
    that need not be."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return re.sub("[\ud800-\udfff]", lambda m: "\\u%04x" % ord(m[0]),
                  text).encode()
