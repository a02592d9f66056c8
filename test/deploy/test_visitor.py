# SPDX-License-Identifier: MIT
"""deploy/serve and deploy/demo need no rights but to their own folders."""

import os
import shutil

import family
import uploads


def test_serve_runs_as_whoever_starts_it(visitor, server):
    serve = visitor.serve("--server", server)
    name = uploads.works(serve.url, visitor.state / "files")
    owner = os.stat(visitor.home).st_uid
    assert {family.user(pid) for pid in visitor.processes()} == {owner}
    assert (visitor.state / "files" / name).stat().st_uid == owner
    assert serve.end() == 0
    assert not visitor.processes()


def test_demo_runs_as_whoever_starts_it(visitor):
    demo = visitor.run("deploy/demo", "--once")
    assert demo.code == 0, demo.err
    assert not list(visitor.tmp.iterdir())


def test_a_state_folder_of_another_is_said(visitor):
    visitor.state.mkdir()
    shutil.chown(visitor.state, os.getuid())
    visitor.state.chmod(0o755 if visitor.user else 0o500)
    serve = visitor.start_serve()
    assert serve.ended() != 0
    assert serve.out == ""
    assert str(visitor.state) in serve.err
    assert "Permission denied" in serve.err
    assert len(serve.err.splitlines()) == 1


def test_a_folder_to_build_in_that_cannot_be_written_is_said(visitor):
    shutil.rmtree(visitor.checkout / "build")
    for command in ("deploy/serve", "deploy/demo"):
        done = visitor.run(command)
        assert done.code != 0
        assert done.out == ""
        assert str(visitor.checkout / "build") in done.err
    assert not list(visitor.tmp.iterdir())
