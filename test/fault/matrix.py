# SPDX-License-Identifier: MIT
"""The fault matrix: what can happen to a server, and what each function then
answers. README.md has the same table, and test_matrix.py compares them."""

from typing import Callable, NamedTuple, Optional

from bench import SETTINGS

# again: a complete of an upload that was completed before the fault.
FUNCTIONS = ("start", "upload", "status", "complete", "abort", "again")

# What is answered, by the class of the fault, where its server is in the stack
# (Setting.place_of), and the function. Words: the status; `wait`: there is a
# Retry-After; `lost`: what the fault took is named missing.
EXPECTED = {}


def expect(name, place, **answers):
    assert set(answers) == set(FUNCTIONS), answers
    EXPECTED[name, place] = answers


class Answer(NamedTuple):
    status: int
    wait: bool
    lost: bool


def expected(name, place, function):
    """What may be answered: one Answer, or each of several."""
    return [Answer(int(words[0]), "wait" in words, "lost" in words)
            for words in (each.split() for each in
                          EXPECTED[name, place][function].split(" or "))]


WELL = dict(start="200", upload="200", status="200", complete="201",
            abort="200", again="201")
DOWN = dict.fromkeys(FUNCTIONS, "503 wait")
GONE = {**dict.fromkeys(FUNCTIONS, "404"), "start": "200"}
LOST = {**WELL, "status": "200 lost", "complete": "400 lost"}
SILENT = {**WELL, "status": "200 lost wait", "complete": "400 lost wait"}

expect("silent", "only", **DOWN)
expect("silent", "beside memory", **{**DOWN, "start": "200"})
expect("silent", "first", **SILENT)
expect("silent", "second", **{**WELL, "status": "200 wait"})

expect("forgets all", "only", **GONE)
expect("forgets all", "beside memory", **GONE)
expect("forgets all", "first", **LOST)
expect("forgets all", "second", **WELL)

expect("forgets records", "only", **GONE)
expect("forgets records", "beside memory", **GONE)
expect("forgets records", "first", **WELL)
expect("forgets records", "second", **WELL)

expect("forgets chunks", "only", **LOST)
expect("forgets chunks", "beside memory", **LOST)
expect("forgets chunks", "first", **LOST)
expect("forgets chunks", "second", **WELL)

# Bytes are verified when they are read.
ROTTEN = {**WELL, "complete": "400 lost"}
expect("rots", "only", **ROTTEN)
expect("rots", "beside memory", **ROTTEN)
expect("rots", "first", **ROTTEN)
expect("rots", "second", **WELL)

REFUSES = {**DOWN, "status": "200", "again": "201"}
expect("refuses writes", "only", **REFUSES)
expect("refuses writes", "beside memory", **{
    **REFUSES, "start": "200", "upload": "200"})
# Failed for reads too, for as long as the cool-down lasts.
expect("refuses writes", "first", **{
    **WELL, "complete": "400 lost wait or 201"})
expect("refuses writes", "second", **WELL)

FULL = {**REFUSES, "upload": "507"}
expect("full", "only", **FULL)
expect("full", "beside memory", **WELL)
expect("full", "first", **WELL)
expect("full", "second", **WELL)

expect("forgets all, full", "only", **{**GONE, "start": "503 wait"})
expect("forgets all, full", "beside memory", **GONE)
expect("forgets all, full", "first", **LOST)
expect("forgets all, full", "second", **WELL)

CLAIMED = {**WELL, "complete": "409 wait", "abort": "409 wait"}
for _place in ("only", "beside memory", "first", "second"):
    expect("claimed", _place, **CLAIMED)
    expect("harmless", _place, **WELL)


# Both have every chunk. What is written must be in both.
COPY = {**WELL, "start": "503 wait", "upload": "503 wait"}
expect("silent", "copy", **{**COPY, "status": "200 wait"})
expect("forgets all", "copy", **WELL)
expect("forgets records", "copy", **WELL)
expect("forgets chunks", "copy", **WELL)
expect("rots", "copy", **WELL)
expect("refuses writes", "copy", **COPY)
expect("full", "copy", **{**COPY, "upload": "507"})
expect("forgets all, full", "copy", **{**COPY, "upload": "507"})
expect("claimed", "copy", **CLAIMED)
expect("harmless", "copy", **WELL)

# Its documents are the application's: what becomes of them is not looked at.
# Those of the matrix are longer than a record keeps, so the sink is asked again.
expect("silent", "sink", **{**WELL, "complete": "503 wait",
                            "abort": "503 wait", "again": "503 wait"})
expect("harmless", "sink", **WELL)


class Fault(NamedTuple):
    """Begins and ends for all sessions at once, or, with `each`, for one
    history at a time; `lost` are the indexes that the fault takes."""
    name: str
    server: str
    kind: str
    begin: Callable
    end: Optional[Callable] = None
    each: bool = False
    functions: tuple = FUNCTIONS
    lost: tuple = (0, 1, 2)
    # After its end the server has not what it had before.
    keeps: bool = True
    # A moment after start and the first chunk that the fault goes back to.
    snapshot: Optional[Callable] = None
    # Where it is tried, None: in each setting that has its server.
    settings: Optional[tuple] = None
    # Runs in ./test/run; the others in fault-full.
    short: bool = True


class Cell(NamedTuple):
    setting: str
    fault: Fault
    function: str

    @property
    def place(self):
        return SETTINGS[self.setting].place_of(self.fault.server)

    @property
    def expected(self):
        return expected(self.fault.kind, self.place, self.function)


def cells(faults, settings):
    return [Cell(setting, fault, function)
            for setting in settings for fault in faults
            for function in fault.functions
            if setting in (fault.settings or (setting,))
            and (fault.kind, SETTINGS[setting].place_of(fault.server))
            in EXPECTED]


# ./test/run tries each short fault where its server is alone and where it is
# the first of two, and elsewhere the first short one of each kind.
EVERYWHERE = {"redis": ("redis", "redis+mongodb"),
              "mongodb": ("mongodb", "mongodb+redis")}
ELSEWHERE = ("redis+memory", "mongodb+redis", "redis+mongodb",
             "mongodb+memory", "mongodb sink", "two copies")


def share(every):
    """Those cells that ./test/run has."""
    first = {}
    for cell in every:
        if cell.fault.short and not cell.fault.settings:
            first.setdefault((cell.fault.server, cell.fault.kind), cell.fault)

    def is_in(cell):
        fault = cell.fault
        if not fault.short:
            return False
        if fault.settings or cell.setting in EVERYWHERE[fault.server]:
            return True
        return (cell.setting in ELSEWHERE
                and not (cell.setting == "mongodb sink"
                         and fault.server == "redis")
                and first[fault.server, fault.kind] == fault)
    return [cell for cell in every if is_in(cell)]
