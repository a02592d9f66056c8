# SPDX-License-Identifier: MIT
"""What a session of the storm uploads, made from a few numbers, and what the
sink must have of it."""

import base64
import gzip
import hashlib
import itertools
import json
import random
import re
import zlib

WORDS = ["stone", "två", "三四", "🌊🌊", "a\nb", 'q"\\', "naïve", "\0end", "x"]
# How many documents a session with several contents may make.
DOCUMENTS_MAX = 64


def units(text):
    return text.encode("utf-16-le", "surrogatepass")


def encode(text):
    """UTF-8, halves of surrogate pairs that stay alone as U+FFFD."""
    whole = units(text).decode("utf-16-le", "surrogatepass")
    return re.sub("[\ud800-\udfff]", "\ufffd", whole).encode()


def cut(data, n):
    """n pieces, none empty, of bytes or of UTF-16 units."""
    whole = units(data) if isinstance(data, str) else data
    width = 2 if isinstance(data, str) else 1
    count = len(whole) // width
    ends = [width * (count * i // n) for i in range(n + 1)]
    pieces = [whole[a:b] for a, b in zip(ends, ends[1:])]
    if isinstance(data, str):
        return [p.decode("utf-16-le", "surrogatepass") for p in pieces]
    return pieces


def join(parts):
    """The bytes of an upload as it was sent."""
    return b"".join(
        encode("".join(run)) if kind is str else b"".join(run)
        for kind, run in itertools.groupby(parts, type))


class Content:
    """`plan` is a start step of a script; `mark` makes it this history's."""

    def __init__(self, plan, mark, is_json):
        rng = random.Random(repr((plan["seed"], plan["s"])))
        n, size = plan["chunks"], plan["size"]
        self.is_compressed = bool(plan.get("compress"))
        text = "".join(rng.choice(WORDS) for _ in range(size * n))
        text = units(text)[:2 * size * n].decode("utf-16-le", "surrogatepass")
        self.fields = None
        if is_json:
            key = "u%d" % plan["s"]
            self.fields = {"name": "%s %d" % (mark, plan["s"]),
                           key: encode(text.replace("\0", "")).decode()}
            text = json.dumps(self.fields, ensure_ascii=False)
        whole = text if plan["text"] else encode(text)
        if self.is_compressed:
            whole = self.compress(plan["compress"], encode(text))
        self.plain = encode(text)
        # variants[i] are the contents that clients send at index i.
        self.variants = [[part] for part in cut(whole, n)]
        self.totals(plan)
        for i in plan.get("alts", ()):
            self.variants[i].append(self.other(self.variants[i][0], rng))

    @staticmethod
    def compress(how, data):
        packed = (gzip.compress(data, mtime=0) if "gzip" in how
                  else zlib.compress(data))
        if "broken" in how:
            packed = packed[:-6]
        if "base64" in how:
            return base64.b64encode(packed).decode()
        return packed

    def totals(self, plan):
        sent = [each[0] for each in self.variants]
        joined = join(sent)
        self.size = len(joined)
        if plan.get("units") and isinstance(sent[0], str):
            self.size = sum(len(units(p)) // 2 for p in sent)
        if plan.get("greedy"):
            self.size = max(len(sent), self.size // 5)
        self.sha256 = (hashlib.sha256(joined).hexdigest()
                       if plan.get("sha256") else None)

    @staticmethod
    def other(part, rng):
        """Other content of the same size."""
        if isinstance(part, str):
            return ("y" if part[0] != "y" else "z") * (len(units(part)) // 2)
        at = rng.randrange(len(part))
        return part[:at] + bytes([part[at] ^ 0x55]) + part[at + 1:]

    def bytes_of(self, index, variant):
        """What the tiers hold of a chunk."""
        part = self.variants[index][variant]
        if isinstance(part, str):
            part = part.encode("utf-16-le", "surrogatepass").decode(
                "utf-16-le", "surrogatepass").encode("utf-8", "surrogatepass")
        return part

    def documents(self, stored):
        """Every document that can come of it; stored[i] are the variants that
        may be at index i."""
        made = set()
        choices = itertools.product(*(sorted(v) for v in stored))
        for choice in itertools.islice(choices, DOCUMENTS_MAX):
            sent = join([self.variants[i][v] for i, v in enumerate(choice)])
            if self.sha256 and self.sha256 != hashlib.sha256(sent).hexdigest():
                continue
            if self.is_compressed:
                if any(choice):
                    continue    # it does not inflate
                sent = self.plain
            made.add(sent)
        return made
