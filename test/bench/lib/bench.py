# SPDX-License-Identifier: MIT
"""From the command line to the files that are left."""

import datetime
import importlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path

import host
import load
import peer
import plot
import table
from report import say
from work import Work

REPO = Path(__file__).resolve().parents[3]
CASES = ("raw", "json", "small", "complete", "cold", "growth", "memory", "cpu",
         "degraded")
LETTERS = dict(zip("abcdefghi", CASES))
WARM_BYTES = 3 << 30


class Usage(Exception):
    """Said to the user as it is."""


def options(words):
    found = {"quick": False, "peers": ",".join(peer.USUAL), "out": None,
             "rounds": None}
    cases, words = [], list(words)
    while words:
        word, _, value = words.pop(0).partition("=")
        if word == "--quick":
            found["quick"] = True
        elif word in ("--peers", "--out", "--rounds"):
            if not value and not words:
                raise Usage("%s needs a value" % word)
            found[word[2:]] = value or words.pop(0)
        elif word in CASES or word in LETTERS:
            cases.append(LETTERS.get(word, word))
        else:
            raise Usage("unknown: %s (see --help)" % word)
    names = {"all": ",".join(peer.ALL), "none": ""}.get(found["peers"],
                                                       found["peers"])
    found["peers"] = [name for name in names.split(",") if name]
    if unknown := set(found["peers"]) - set(peer.ALL):
        raise Usage("no peer %s (see --help)" % ", ".join(sorted(unknown)))
    if found["rounds"] is not None:
        if not re.fullmatch("[1-9][0-9]{0,3}", found["rounds"]):
            raise Usage("--rounds is a number from 1 to 9999")
        found["rounds"] = int(found["rounds"])
    # In their own order: some read what others found.
    found["cases"] = [name for name in CASES if not cases or name in cases]
    return found


def build():
    """The functions and the programs of the benchmark."""
    folder = os.environ.setdefault("TRANCHE_TEST_BUILD",
                                   str(REPO / "build-test"))
    subprocess.run(
        ["bash", "-euc", '. "$1/deploy/lib/require"\n. "$1/deploy/lib/build"\n'
         'require_packages "for the benchmark" "${build_packages[@]}" '
         'libcmocka-dev nginx multiwatch redis-server redis-tools\n'
         'build_functions "$1" "$2" -Dtests=true', "build", str(REPO), folder],
        check=True, stdin=subprocess.DEVNULL)
    return folder


def cache():
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "tranche" / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def main(usage, words):
    if "-h" in words or "--help" in words:
        print(usage.strip())
        return 0
    # As Ctrl-C: what was started is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        chosen = options(words)
        began = time.monotonic()
        with Work(build(), cache(), chosen["peers"], chosen["quick"],
                  chosen["rounds"]) as work:
            describe(work, words)
            host.warm_up(work.folder, WARM_BYTES)
            for name in chosen["cases"]:
                say("%s (%d s)" % (name, time.monotonic() - began))
                run_case(work, name)
        work.report.setting("took", "%d s" % (time.monotonic() - began))
        write(work.report, chosen["out"])
    except Usage as error:
        say("run: %s" % error)
        return 2
    return 1 if work.failed else 0


def run_case(work, name):
    """One that fails takes no other's figures with it."""
    try:
        importlib.import_module("case_" + name).run(work)
    except (load.Failed, RuntimeError, OSError,
            subprocess.SubprocessError) as error:
        work.failed = True
        work.report.lacks("all of %s: %s" % (name, error))
        traceback.print_exc()


def describe(work, words):
    now = datetime.datetime.now(datetime.timezone.utc)
    for what, value in (
            ("date", now.strftime("%Y-%m-%d %H:%M UTC")),
            ("command", " ".join(["test/bench/run", *words])),
            ("machine", host.description()),
            ("for all", "bodies, stores and sinks on tmpfs, where fsync costs "
             "nothing"),
            ("of tranche", "deploy/serve as it is, limits but raised; 4 workers "
             "where no other number is said")):
        work.report.setting(what, value)


def write(report, out):
    if not out:
        now = datetime.datetime.now(datetime.timezone.utc)
        out = REPO / "build" / "bench" / now.strftime("%Y-%m-%d-%H%M%S")
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    text = "\n".join(table.lines(report)) + "\n"
    print(text, end="", flush=True)
    (out / "table.md").write_text(text)
    (out / "plot.svg").write_text(plot.svg(report))
    (out / "figures.json").write_text(json.dumps({
        "settings": report.settings, "missing": report.missing,
        "rows": [row._asdict() for row in report.rows]}, indent=1))
    say("written to %s" % out)
