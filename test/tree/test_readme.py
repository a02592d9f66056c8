# SPDX-License-Identifier: MIT
"""The README's tables are the code's."""

import re

from sources import code, read, sources

VARIABLE = re.compile(r'\{ \{ "([A-Z_]+)", "([^"]*)", "([^"]*)" \}')
ENDPOINT = re.compile(r'\.name = "(\w+)",\s*\.methods = ([A-Z_ |]+),')


def table(heading_row):
    """Rows of the README's table with this heading, as lists of cells."""
    lines = read("README.md").split(heading_row + "\n", 1)[1].splitlines()[1:]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in
                     re.split(r"(?<!\\)\|", line.strip("|"))])
    return rows


def test_environment():
    inside = [[name, default or "none", meaning] for name, default, meaning
              in VARIABLE.findall(read("common/config.c"))]
    outside = [[cell.strip("`") if i < 2 else cell
                for i, cell in enumerate(row)]
               for row in table("| variable | default | meaning |")]
    assert inside and outside == inside


def test_codes():
    """Each code and status that an answer can have, and no other."""
    text = "".join(code(path) for path in sources("common", "functions"))
    numbers = dict(re.findall(r"(HTTP_\w+) = (\d+)", read("common/http.h")))
    inside = {(word, numbers[status]) for status, word in re.findall(
        r"(HTTP_\w+),\s*\"([a-z_]+)\"", text)}
    outside = {(row[0].strip("`"), row[1]) for row in
               table("| code | status | what it means, and what a client "
                     "does |")}
    assert inside and outside == inside


def test_wire():
    """Each function with each of its methods has a row, and no other."""
    inside = set()
    for path in sources("functions"):
        name, methods = ENDPOINT.search(code(path)).groups()
        for method in re.findall(r"HTTP_(\w+)", methods):
            inside.add((method, name))
    outside = set()
    for row in table("| request | answer |"):
        for method, name in re.findall(r"`(GET|POST|PUT|DELETE) (\w+)",
                                       row[0]):
            outside.add((method, name))
    assert inside and outside == inside
