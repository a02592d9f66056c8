# SPDX-License-Identifier: MIT
"""What the sink holds at the end of a history, against what was sent."""

import hashlib
import json

from storm_model import Violation


def last_writer_fits(writer, sessions):
    """Nobody's complete began after the writer's had ended, and ended."""
    later = [s for s in sessions if s is not writer and s.first
             and writer.ended is not None and s.began > writer.ended]
    if later:
        raise Violation("I3", "session %d was applied over %d, which came "
                        "later" % (writer.number, later[0].number))


def check_file(folder, model, aborted):
    by_sid = {s.sid: s for s in model.sessions.values() if s.sid}
    found = {}
    for path in folder.glob("*.json"):
        beside = json.loads(path.read_bytes())
        pid = path.name[:-len(".json")]
        session = by_sid.get(beside["session"])
        if not session or not session.complete_started or (
                session.pid and session.pid != pid):
            raise Violation("I3", "the sink has %s, of %s" % (
                pid, session and session.number))
        content = (folder / pid).read_bytes()
        if (beside["size"] != len(content)
                or beside["sha256"] != hashlib.sha256(content).hexdigest()):
            raise Violation("I2", "%s and its .json differ" % pid)
        if content not in session.content.documents(session.stored):
            raise Violation("I2", "session %d is another in the sink: %r" % (
                session.number, content[:80]))
        if any(s.is_update is False and s is not session and s.sid
               == beside["session"] for s in model.sessions.values()):
            raise Violation("I3", "%s is there twice" % pid)
        if session in found.values():
            raise Violation("I3", "session %d made two documents"
                            % session.number)
        found[pid] = session
        last_writer_fits(session, [s for s in by_sid.values()
                                   if s.pid == pid])
    check_all(model, found, aborted, lambda s: found[s.pid] is s)


def check_mongodb(collection, model, aborted):
    found, applied = {}, {}
    for document in collection.find():
        pid = document["persistentId"]
        if pid in found:
            raise Violation("I3", "two documents are %s" % pid)
        writers = [s for s in model.sessions.values()
                   if "u%d" % s.number in document]
        for session in writers:
            key = "u%d" % session.number
            if document[key] != session.content.fields[key]:
                raise Violation("I2", "session %d is another in the sink"
                                % session.number)
            if not session.complete_started or session.number in applied or (
                    session.pid and session.pid != pid):
                raise Violation("I3", "session %d is in the sink as %s"
                                % (session.number, pid))
            applied[session.number] = pid
        last = next((s for s in writers if s.content.fields["name"]
                     == document["name"]), None)
        if not last or sum(not s.is_update for s in writers) != 1:
            raise Violation("I2", "who made %s? %s" % (pid, document))
        last_writer_fits(last, writers)
        found[pid] = last
    check_all(model, found, aborted, lambda s: applied.get(s.number))


def check_all(model, found, aborted, is_applied):
    """Who was told that it is done is there; who was aborted is not."""
    for session in model.sessions.values():
        there = session.pid in found and is_applied(session)
        if session.first and session.pid not in found:
            raise Violation("I3", "session %d was answered %s and is not in "
                            "the sink" % (session.number, session.first))
        if session.number in aborted and there:
            raise Violation("I3", "session %d was aborted and is in the sink"
                            % session.number)


def check_left(folder, ended, killed):
    """I8: of what has ended nothing is left in the folder for work; of who was
    not killed no bytes that came in."""
    for path in folder.glob(".tranche/*-*"):
        kind, _, name = path.name.partition("-")
        if kind in ("data", "json", "plan", "intent") and name in ended:
            raise Violation("I8", "%s is left" % path.name)
        if kind == "aside" and not killed:
            raise Violation("I8", "%s is left" % path.name)
