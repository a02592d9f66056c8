# SPDX-License-Identifier: MIT
"""What holds of every history (README, I1 to I5, I7, I8), as a client sees it
that knows what it sent, what it was answered, and what the sink holds."""

import itertools
import json
import time
from pathlib import Path

import js
import settings
from server import wait_until
from upload import ranges, unique_id

# I7: from the end of a fault to the finished upload.
RECOVERY_SECONDS = 10
# Retry-After speaks of seconds; the tests' cool-downs are shorter.
WAIT_SECONDS_MAX = 0.05
# A claim that is held for longer is that of a dead one.
LAPSE_AFTER_SECONDS = 0.5


class Told:
    """One request and what came of it; answer is None when none came."""

    def __init__(self, function, index, data):
        self.function, self.index, self.data = function, index, data
        self.answer = None
        self.failure = None
        self.began = time.monotonic()
        self.seconds = None
        self.allowed_404 = False

    @property
    def status(self):
        return self.answer.status if self.answer else 0

    @property
    def code(self):
        """The word of an error, "" where there is none; a web server's 502
        has no word of a function."""
        if self.status < 400 or not self.answer.body:
            return ""
        return self.answer.code

    @property
    def is_done(self):
        return 200 <= self.status < 300

    @property
    def missing(self):
        """The indexes that a status or a complete names, None: it does not
        say."""
        if self.status == 200 and self.function == "status":
            return ranges(self.answer.json["missing"])
        if self.code == "missing_chunks":
            return ranges(self.answer.json["missing"])
        return None

    def __repr__(self):
        said = repr(self.failure)
        if self.answer:
            said = " ".join([str(self.status), *(
                "%s=%s" % (name, self.answer.headers[name])
                for name in ("Tranche-Tier", "Retry-After")
                if self.answer.headers[name]), repr(self.answer.body[:300])])
        return "%s%s (%.3f s) -> %s" % (
            self.function, "" if self.index is None else " %d" % self.index,
            self.seconds or 0, said)


class History:
    """One upload of one client: its chunks, what it sent and what it heard.
    `fields` are start's own. A str is a chunk of text, bytes are a raw one.

    Each call takes another client where it goes to another host, or comes
    from another thread; it never raises for what a server does, and gives the
    Told that it has also noted.
    """

    def __init__(self, client, parts=("one ", "two ", "three"), **fields):
        self.client = client
        self.parts = list(parts)
        self.persistent_id = fields.get("persistentId") or unique_id()
        self.fields = {"totalChunks": len(self.parts),
                       "totalSize": len(content_of(self.parts)),
                       "persistentId": self.persistent_id, **fields}
        self.sid = None
        self.told = []

    def start(self, client=None):
        told = self._ask("start", lambda c: c.start(**self.fields), client)
        if told.status == 200:
            self.sid = told.answer.json["sessionId"]
        return told

    def upload(self, index, data=None, client=None):
        """The chunk at the index, or other bytes there."""
        data = self.parts[index] if data is None else data
        return self._ask(
            "upload", lambda c: (
                c.upload_raw if isinstance(data, bytes) else c.upload_text)(
                    self.sid, index, data), client, index, data)

    def status(self, client=None):
        return self._ask("status", lambda c: c.status(self.sid), client)

    def complete(self, client=None):
        return self._ask("complete", lambda c: c.complete(self.sid), client)

    def abort(self, client=None):
        return self._ask("abort", lambda c: c.abort(self.sid), client)

    def call(self, function, client=None):
        """One of the five; upload sends the last chunk."""
        if function == "upload":
            return self.upload(len(self.parts) - 1, client=client)
        return getattr(self, function)(client=client)

    def _ask(self, function, call, client, index=None, data=None):
        told = Told(function, index, data)
        self.told.append(told)
        try:
            told.answer = call(client or self.client)
        except AssertionError:
            raise
        except Exception as e:      # whatever a connection may come to
            told.failure = e
        told.seconds = time.monotonic() - told.began
        return told

    # What it knows.

    def of(self, *functions):
        return [t for t in self.told if t.function in functions]

    def sent(self, index):
        """The contents sent for the index, in order."""
        return [t.data for t in self.of("upload") if t.index == index]

    def taken(self, index):
        """Those that were answered 2xx."""
        return [t.data for t in self.of("upload")
                if t.index == index and t.is_done]

    @property
    def untaken(self):
        return [i for i in range(len(self.parts)) if not self.taken(i)]

    @property
    def completed(self):
        """The completes that were answered 2xx."""
        return [t for t in self.of("complete") if t.is_done]

    @property
    def tried_abort(self):
        return bool(self.of("abort"))

    def named_missing(self, index):
        """Whether anybody said, after a 2xx, that it is not there."""
        taken = False
        for t in self.told:
            taken |= t.function == "upload" and t.index == index and t.is_done
            if taken and index in (t.missing or ()):
                return True
        return False

    def contents(self):
        """What the document may be: of each index one of the contents that
        were taken; where it was lost after, or never taken, of those sent."""
        choices = []
        for index in range(len(self.parts)):
            taken = self.taken(index)
            if not taken or self.named_missing(index):
                taken = self.sent(index)
            choices.append(list(dict.fromkeys(taken)))
        assert all(choices), "an index was never sent: %s" % self
        return [content_of(parts) for parts in itertools.product(*choices)]

    def __repr__(self):
        lines, last = [], None
        for t in self.told:
            said = t.function, t.index, t.status, t.code
            if said == last:
                lines[-1] += 1
            else:
                lines += [repr(t), 1]
            last = said
        return "upload %s of %s:\n  %s" % (
            self.sid, self.persistent_id, "\n  ".join(
                line if n == 1 else "%s, %d times" % (line, n)
                for line, n in zip(lines[::2], lines[1::2])))


def content_of(parts):
    """The bytes that the sink must have."""
    return b"".join(js.encode(js.join(run)) if kind is str
                    else b"".join(run)
                    for kind, run in itertools.groupby(parts, type))


def pause(told, at_most=WAIT_SECONDS_MAX):
    """As long as the answer asks for, but no longer than a test waits."""
    asked = told.answer.retry_after if told.answer else at_most
    time.sleep(min(asked, at_most) or at_most / 5)


# What a client waits for and repeats: no answer, a tier or the web server
# away, another at work, no room.
def must_wait(told):
    return (told.answer is None or told.status in (502, 503, 504, 507)
            or told.code == "claimed")


def finish(history, client=None, seconds=RECOVERY_SECONDS, lapse=None):
    """What a good client does until its upload is done: waits and repeats,
    sends what is missing, completes. The last Told: a complete's 2xx, or what
    no waiting mends (a 404, a 4xx). Fails when it is not done in time.

    A claim whose holder was killed, or was not told that it has it, is held
    until its lease is over. `lapse` of a test takes the session's claims away
    as that time would; it is called when one is held for long."""
    end = time.monotonic() + seconds

    def insist(call):
        began = time.monotonic()
        nonlocal lapse
        while True:
            told = call()
            if not must_wait(told):
                return told
            if (lapse and told.code == "claimed"
                    and time.monotonic() - began > LAPSE_AFTER_SECONDS):
                lapse(history)
                lapse = None
            assert time.monotonic() < end, (
                "I7: not done %.1f s after the fault: %s" % (seconds, history))
            pause(told)

    if history.sid is None:
        told = insist(lambda: history.start(client))
        if not told.is_done:
            return told
    missing = history.untaken
    while True:
        for index in missing:
            told = insist(lambda: history.upload(index, client=client))
            if told.code == "completed":
                break
            if not told.is_done:
                return told
        told = insist(lambda: history.complete(client))
        if told.code != "missing_chunks":
            return told
        assert time.monotonic() < end, (
            "I7: not done %.1f s after the fault: %s" % (seconds, history))
        missing = told.missing


def finishes(history, sink, client=None, seconds=RECOVERY_SECONDS,
             lapse=None):
    """I7, and then all that holds of an upload that is done."""
    told = finish(history, client, seconds, lapse)
    assert told.is_done, "I7: %s" % history
    check_once(history, sink, client)
    check_status(history)
    check_content(history, sink)
    return told


class FileSink:
    """The documents of a file sink; several hosts may share the folder."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def documents(self, persistent_id):
        """[] or [the bytes]. The .json is the mark that it is whole."""
        beside = self.folder / (persistent_id + ".json")
        if not beside.exists():
            return []
        said = json.loads(beside.read_bytes())
        content = (self.folder / persistent_id).read_bytes()
        assert said["size"] == len(content), said
        return [content]

    def fits(self, document, content):
        return document == content

    def leftovers(self, sid, persistent_id):
        """What is of the session besides the document. done-<hour> are kept
        until their hour is over (common/sink/file/folder.h)."""
        return [str(path) for path in self.folder.rglob("*")
                if not path.is_dir()
                and path.name not in (persistent_id, persistent_id + ".json")
                and not path.parent.name.startswith("done-")
                and (persistent_id in path.name or sid in path.name
                     or path.name.startswith("aside-"))]


class MongodbSink:
    """The documents of a collection. Contents must be JSON objects."""

    OURS = {"_id", "_tranche", "persistentId", "createdAt", "updatedAt"}

    def __init__(self, database, collection):
        self.database, self.collection = database, collection

    def documents(self, persistent_id):
        with settings.mongodb_client() as client:
            return list(client[self.database][self.collection].find(
                {"persistentId": persistent_id}))

    def fits(self, document, content):
        given = {k: v for k, v in document.items() if k not in self.OURS}
        return given == {k: v for k, v in json.loads(content).items()
                         if k not in self.OURS}

    def leftovers(self, sid, persistent_id):
        return []


# The checks. Each takes a history and fails with all of it.

def check_content(history, sink):
    """I1, I2: what the sink has is what was sent; nothing before any
    complete was asked for, and something after one was answered 2xx."""
    documents = sink.documents(history.persistent_id)
    if history.completed:
        assert documents, "I3: completed and not there: %s" % history
    if not documents:
        return
    assert history.of("complete") or history.of("status", "abort"), (
        "I2: a document that nobody asked for: %s" % history)
    assert any(sink.fits(documents[0], content)
               for content in history.contents()), (
        "I1, I2: not what was sent: %r: %s" % (documents[0], history))


def check_status(history):
    """I1: what status does not call missing was sent."""
    sent = set()
    for t in history.told:
        if t.function == "upload":
            sent.add(t.index)
        if t.missing is None:
            continue
        held = set(range(len(history.parts))) - set(t.missing)
        assert held <= sent, "I1: %r has what was not sent: %s" % (t, history)


def check_kept(history, all_answer=True):
    """I1, where no tier was lost: what was answered 2xx is never missing, but
    where a tier may be silent from answers with Retry-After."""
    taken = set()
    for t in history.told:
        if t.function == "upload" and t.is_done:
            taken.add(t.index)
        if t.missing and not all_answer and t.answer.retry_after:
            continue
        lost = taken & set(t.missing or ())
        assert not lost, "I1: %r lost %s: %s" % (t, lost, history)


def check_once(history, sink, client=None):
    """I3: one document, one outcome, in completes and in status."""
    assert len(sink.documents(history.persistent_id)) <= 1, (
        "I3: several documents: %s" % history)
    if not history.completed:
        return
    history.complete(client)
    history.status(client)
    outcomes = {(t.status, t.answer.json["persistentId"],
                 t.answer.json.get("sha256")) for t in history.completed}
    outcomes |= {(status, t.answer.json["result"]["persistentId"],
                  t.answer.json["result"].get("sha256"))
                 for t in history.of("status")
                 if t.status == 200 and "result" in t.answer.json
                 for status, *_ in list(outcomes)[:1]}
    assert len(outcomes) == 1, "I3: %s: %s" % (outcomes, history)


def check_not_found(history):
    """I4: no 404 for a session that is alive. A test that took the session
    away from every tier says so of the Told: allowed_404."""
    aborted = False
    for t in history.told:
        aborted |= t.function == "abort"
        assert t.code != "not_found" or aborted or t.allowed_404, (
            "I4: %r: %s" % (t, history))
    check_manners(history)


def check_manners(history):
    """I4: who must wait is told so."""
    for t in history.told:
        if t.status == 503 and t.code == "unavailable":
            assert t.answer.retry_after > 0, "I4: %r: %s" % (t, history)
        assert t.status != 500, "%r: %s" % (t, history)


def check_deadlines(history, seconds):
    """I5: every request has ended within `seconds`, which may be a dict by
    function, None being the others."""
    for t in history.told:
        limit = seconds
        if isinstance(seconds, dict):
            limit = seconds.get(t.function, seconds[None])
        assert t.seconds is not None and t.seconds <= limit, (
            "I5: %r took over %s s: %s" % (t, limit, history))


def check(history, sink, seconds):
    """I1 to I5 of what has happened so far."""
    check_content(history, sink)
    check_status(history)
    check_once(history, sink)
    check_not_found(history)
    check_deadlines(history, seconds)


def leftovers(history, sink, redis=None, mongodb=None, folders=()):
    """What anybody still holds of a session: redis is a client of it, mongodb
    a database, folders those of the memory tier, of state and for temporary
    files."""
    found = sink.leftovers(history.sid, history.persistent_id)
    if redis is not None:
        found += redis.keys("*%s*" % history.sid)
    if mongodb is not None:
        found += [(name, document["_id"])
                  for name in mongodb.list_collection_names()
                  if name.startswith("chunkedupload")
                  for document in mongodb[name].find(
                      {"sessionId": history.sid}, {"_id": 1})]
    for folder in folders:
        found += [str(path) for path in Path(folder).rglob("*")
                  if history.sid in str(path) or names(path, history.sid)]
    return found


def names(path, sid):
    """Whether a file has the session's id in it."""
    try:
        return sid.encode() in path.read_bytes()
    except OSError:
        return False    # a folder, a socket, or gone meanwhile


def check_nothing_left(history, sink, seconds, sweep=None, **places):
    """I8: within `seconds` from now, in which its time ends. `sweep` makes
    the requests that sweep (a start, a complete of another upload)."""
    def is_clean():
        if sweep:
            sweep()
        return not leftovers(history, sink, **places)
    try:
        wait_until(is_clean, seconds, "that nothing is left")
    except AssertionError:
        raise AssertionError("I8: %s left of %s" % (
            leftovers(history, sink, **places), history)) from None
