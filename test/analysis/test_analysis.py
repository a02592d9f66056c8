# SPDX-License-Identifier: MIT
"""Every source of common/ and functions/ as two analysers see it: gcc's
-fanalyzer, and clang-tidy with .clang-tidy. They are run as the build
TRANCHE_TEST_BUILD compiles the source. What was found clean is marked in its
folder analysis/, and is not looked at again until its text has changed."""

import hashlib
import json
import os
import re
import shlex
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("TRANCHE_TEST_BUILD") or REPO / "build")
MARKS = BUILD / "analysis"
COMPILER = "gcc"


def commands():
    """The arguments for each source, as its own part is compiled: tests have
    some with other macros."""
    found = {}
    listed = json.loads((BUILD / "compile_commands.json").read_text())
    for entry in listed:
        source = (BUILD / entry["file"]).resolve().relative_to(REPO)
        if (source.parts[0] in ("common", "functions") and
                entry["output"].split("/")[0] == source.parts[0]):
            found[str(source)] = arguments(shlex.split(entry["command"]))
    return found


def arguments(words):
    """Without the compiler, and what says where its results go."""
    kept, words = [], iter(words[1:])
    for word in words:
        if word in ("-o", "-MQ", "-MF"):
            next(words)
        elif word not in ("-MD", "-c") and not word.startswith("-fdiagnostics"):
            kept.append(word)
    return kept[:-1]        # the source is last


def run(*command):
    return subprocess.run(command, cwd=BUILD, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def gcc(source, arguments):
    # It loses sight of what is held by its first member (gcc 12); leaks are
    # clang-tidy's to find.
    return run(COMPILER, "-fanalyzer", "-Wno-analyzer-malloc-leak", *arguments,
               "-Werror", "-c", "-o", "/dev/null", str(REPO / source))


def clang_tidy(source, arguments):
    # What gcc alone understands is not clang's to complain of.
    return run("clang-tidy", "--quiet",
               "--config-file=%s" % (REPO / ".clang-tidy"),
               str(REPO / source), "--", "-Wno-unknown-warning-option",
               *arguments)


TOOLS = {"gcc": gcc, "clang-tidy": clang_tidy}
COMMANDS = commands()
VERSIONS = {tool: run(tool, "--version").stdout for tool in TOOLS}


def mark(tool, source):
    """Names what the tool would look at: the text with all its headers, the
    comments too, for a NOLINT is one."""
    text = run(COMPILER, *COMMANDS[source], "-E", "-C", str(REPO / source))
    assert text.returncode == 0, text.stdout
    seen = json.dumps([VERSIONS[tool], COMMANDS[source], text.stdout,
                       (REPO / ".clang-tidy").read_text(),
                       Path(__file__).read_text()])
    return MARKS / hashlib.sha256(seen.encode()).hexdigest()


def look(case):
    """What the tool has to say; "" when nothing."""
    tool, source = case
    clean = mark(tool, source)
    if clean.exists():
        return ""
    done = TOOLS[tool](source, COMMANDS[source])
    if done.returncode == 0:
        MARKS.mkdir(exist_ok=True)
        clean.touch()
        return ""
    return done.stdout.strip() or "%s ended with %d" % (tool, done.returncode)


CASES = [(tool, source) for tool in TOOLS for source in sorted(COMMANDS)]


@pytest.fixture(scope="session")
def findings():
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        return dict(zip(CASES, workers.map(look, CASES)))


@pytest.mark.parametrize("tool, source", CASES)
def test_has_no_finding(findings, tool, source):
    if findings[tool, source]:
        pytest.fail(findings[tool, source], pytrace=False)


def test_every_source_is_looked_at():
    there = {str(path.relative_to(REPO)) for folder in ("common", "functions")
             for path in (REPO / folder).rglob("*.c")}
    assert there == set(COMMANDS)


@pytest.mark.parametrize("tool", TOOLS)
def test_the_tool_finds_something(tool, tmp_path):
    """That it works at all: a leak, and memory used after it was freed."""
    bad = tmp_path / "bad.c"
    bad.write_text("#include <stdlib.h>\n"
                   "int bad(int n);\n"
                   "int bad(int n)\n"
                   "{\n"
                   "	int *p = malloc(sizeof(*p));\n"
                   "	if (!p)\n"
                   "		return n;\n"
                   "	free(p);\n"
                   "	return *p;\n"
                   "}\n")
    done = TOOLS[tool](bad, ["-O2", "-Wall"])
    assert done.returncode != 0
    assert re.search("use.after.free|after it is freed", done.stdout)


def test_a_reason_stands_beside_what_is_left():
    wrong = ["%s:%d" % (source, number) for source in COMMANDS
             for number, line in enumerate(
                 (REPO / source).read_text().splitlines(), 1)
             if "NOLINT" in line
             and not re.search(r"NOLINT\w*\([\w.,-]+\): \w+", line)]
    assert not wrong
