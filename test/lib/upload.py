# SPDX-License-Identifier: MIT
"""An upload of a test's own, that it can disturb and then still complete."""

import itertools
import os

import js

_number = itertools.count()


def unique_id():
    return "t%d-%d-%s" % (os.getpid(), next(_number), os.urandom(4).hex())


def ranges(missing):
    """The indexes in [[first, last], ...]"""
    return [i for first, last in missing for i in range(first, last + 1)]


class Upload:
    """Three short chunks of text, the first of them sent, unless said
    otherwise. A str is a chunk of text, bytes are a raw one."""

    def __init__(self, place, parts=("one ", "två ", "三"), sent=(0,),
                 **fields):
        self.place = place
        self.client = place.client
        self.parts = list(parts)
        self.persistent_id = fields.get("persistentId") or unique_id()
        fields = {"totalChunks": len(self.parts),
                  "totalSize": len(self.content),
                  "persistentId": self.persistent_id, **fields}
        self.started = self.client.start(**fields)
        assert self.started.status == 200, self.started
        self.sid = self.started.json["sessionId"]
        for index in sent:
            self.put(index)

    @property
    def content(self):
        """The bytes that the sink must have in the end."""
        return b"".join(js.encode(js.join(run)) if kind is str
                        else b"".join(run)
                        for kind, run in itertools.groupby(self.parts, type))

    def put(self, index, client=None):
        part = self.parts[index]
        client = client or self.client
        send = (client.upload_raw if isinstance(part, bytes)
                else client.upload_text)
        answer = send(self.sid, index, part)
        assert answer.status == 200, answer
        assert answer.json["success"] is True, answer
        assert answer.json["totalChunks"] == len(self.parts), answer
        return answer

    def put_all(self):
        for index in range(len(self.parts)):
            self.put(index)
        return self

    def complete(self):
        return self.client.complete(self.sid)

    def status(self):
        return self.client.status(self.sid)

    def abort(self):
        return self.client.abort(self.sid)

    def completes(self, status=201):
        """Sends what status says is missing, as a client would that lost its
        answers, completes, and finds in the sink what was sent."""
        said = self.status()
        assert said.status == 200, said
        assert said.json["state"] == "open", said
        for index in ranges(said.json["missing"]):
            self.put(index)
        answer = self.complete()
        assert answer.status == status, answer
        assert answer.json["persistentId"] == self.persistent_id, answer
        self.stored()
        return answer

    def stored(self):
        assert self.place.stored(self.persistent_id) == self.content

    def is_done(self):
        """Completed before, and the same answer comes again."""
        said = self.status()
        assert said.json["state"] == "completed", said
        again = self.complete()
        assert again.status in (200, 201), again
        assert again.json == said.json["result"], again
        self.stored()

    def is_gone(self):
        """Aborted: 404 to every call, nothing in the sink."""
        for answer in (self.status(), self.complete(),
                       self.client.upload_text(self.sid, 0, "x")):
            assert answer.status == 404, answer
        assert not self.place.has(self.persistent_id)
