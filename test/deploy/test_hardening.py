# SPDX-License-Identifier: MIT
"""What the built files do to make a mistake in C harder to use: read off the
files themselves, for a flag that the compiler was given proves nothing."""

import os
import platform
import re
import subprocess

import pytest

from shell import BUILD

FUNCTIONS = ["start", "upload", "complete", "status", "abort"]
MODULES = ["redis", "mongodb"]
FILES = (["functions/" + name for name in FUNCTIONS] +
         ["common/tranche-%s.so" % name for name in MODULES])

# x86-64: where an indirect jump may land; the stack grown by a page that is
# then touched, by gcc (orq $0,(%rsp)) and by clang (movq $0,(%rsp)).
LANDING = bytes.fromhex("f30f1efa")
PAGE = bytes.fromhex("4881ec00100000")
PROBES = [PAGE + bytes.fromhex("48830c2400"),
          PAGE + bytes.fromhex("48c7042400000000")]


def read(file, *options):
    return subprocess.run(["readelf", "-W", *options, str(BUILD / file)],
                          check=True, capture_output=True, text=True).stdout


def segments(file):
    """(type, flags) of each."""
    return re.findall(r"^  ([A-Z_]+) +(?:0x[0-9a-f]+ +){5}([RWE ]{3}) ",
                      read(file, "-l"), re.MULTILINE)


def imports(file):
    return set(re.findall(r" UND (\w+)", read(file, "--dyn-syms")))


@pytest.fixture(params=FILES)
def file(request):
    return request.param


def test_all_that_is_built_is_looked_at(built):
    found = {str(path.relative_to(BUILD)) for folder in ("functions", "common")
             for path in (BUILD / folder).iterdir()
             if path.is_file() and (path.suffix == ".so" or
                                    not path.suffix and os.access(path, 1))}
    assert found == set(FILES)


def test_what_is_relocated_is_read_only_before_it_runs(file):
    assert "GNU_RELRO" in [kind for kind, _ in segments(file)]
    assert re.search(r"\(FLAGS\).*BIND_NOW", read(file, "-d"))


def test_it_is_loaded_anywhere(file):
    assert re.search(r"Type: +DYN ", read(file, "-h"))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_program_is_position_independent(name):
    assert re.search(r"\(FLAGS_1\).*\bPIE\b", read("functions/" + name, "-d"))


def test_nothing_is_writable_and_executable(file):
    found = segments(file)
    assert "GNU_STACK" in [kind for kind, _ in found]
    assert "LOAD" in [kind for kind, _ in found]
    for kind, flags in found:
        assert not {"W", "E"} <= set(flags), kind
        assert kind != "GNU_STACK" or "E" not in flags
    assert "TEXTREL" not in read(file, "-d")


def test_libraries_come_from_the_system(file):
    assert not re.search("RPATH|RUNPATH", read(file, "-d"))


def test_the_stack_is_guarded(file):
    assert "__stack_chk_fail" in imports(file)


def test_copies_know_their_room(file):
    assert "__memcpy_chk" in imports(file)
    assert "__snprintf_chk" in imports(file)


if platform.machine() == "x86_64":
    def test_jumps_have_places_to_land(file):
        """One a function whose address is taken; the C library's own start
        has two."""
        data = (BUILD / file).read_bytes()
        assert data.count(LANDING) > 20

    @pytest.mark.parametrize("name", FUNCTIONS)
    def test_a_big_frame_is_touched_page_by_page(name):
        """module.c has one of 8 KiB."""
        data = (BUILD / "functions" / name).read_bytes()
        assert any(probe in data for probe in PROBES)
