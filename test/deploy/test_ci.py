# SPDX-License-Identifier: MIT
""".ci/run is test/run."""


def test_ci_runs_the_tests_and_nothing_else(shell):
    shell.checkout = shell.copy(".ci/run")
    stub = shell.checkout / "test" / "run"
    stub.parent.mkdir()
    stub.write_text('#!/bin/sh\necho "ran $# $*"\nexit 7\n')
    stub.chmod(0o755)
    done = shell.run(".ci/run", cwd="/")
    assert done.code == 7
    assert done.out == "ran 0 \n"
    assert done.err == ""
