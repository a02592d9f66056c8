# SPDX-License-Identifier: MIT
"""The sources, as the tests of this folder read them."""

import re
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def sources(*folders):
    """Paths of the C files below the folders, from the checkout's top."""
    return sorted(str(path.relative_to(REPO)) for folder in folders
                  for path in (REPO / folder).rglob("*.[ch]"))


def read(path):
    return (REPO / path).read_text()


def code(path):
    """A file without its comments, which may name what they explain."""
    return COMMENT.sub("", read(path))


def includes(path):
    """(is ours, name) of each include."""
    return [(mark == '"', name) for mark, name in INCLUDE.findall(read(path))]
