# SPDX-License-Identifier: MIT
"""Which folder may include which (README, "How to change it")."""

import re

from sources import code, includes, read, sources

# From the bottom up: a file includes from its own layer and those below it.
GROUND = {"base", "base64", "block", "buf", "circuit", "circuit_file",
          "config", "config_values", "deadline", "digest", "digest_avx2",
          "hex", "hex4", "log", "module", "redis_url", "retry", "sha256"}
WORDS = {"chunk", "content_digest", "cors", "http", "inflate", "json_out",
         "json_scan", "json_scanner", "json_value", "query", "record",
         "session", "text"}

# Folders below common/, each with the folders it may include from.
FOLDERS = {"mongo": {"mongo"},
           "tier": {"tier"},
           "tier/memory": {"tier", "tier/memory"},
           "tier/redis": {"tier", "tier/redis"},
           "tier/mongodb": {"tier", "tier/mongodb", "mongo"},
           "sink": {"sink"},
           "sink/file": {"sink", "sink/file"},
           "sink/mongodb": {"sink", "sink/mongodb", "mongo"}}

# The one place where a kind of tier or sink is chosen.
CHOOSERS = {"store.c": "tier", "open.c": "sink"}

# A library's headers, and the files that may know of it.
LIBRARIES = {
    "fcgiapp.h": r"common/front(_fcgi)?\.c",
    "hiredis/": r"common/tier/redis/\w+\.[ch]",
    "mongoc/": r"common/(mongo|tier/mongodb|sink/mongodb)/\w+\.[ch]",
    "bson/": r"common/(mongo|tier/mongodb|sink/mongodb)/\w+\.[ch]",
    "zlib.h": r"common/inflate\.c",
    "xxhash.h": r"common/digest(_avx2)?\.c",
}


def stem(name):
    return name.rsplit("/", 1)[-1].rsplit(".", 1)[0]


def ours(path):
    return [name for is_ours, name in includes(path) if is_ours]


def test_libraries_stay_in_their_files():
    wrong = [(path, name) for path in sources("common", "functions")
             for is_ours, name in includes(path) if not is_ours
             for header, allowed in LIBRARIES.items()
             if name.startswith(header) and not re.fullmatch(allowed, path)]
    assert not wrong


def test_functions_name_no_driver_tier_or_front():
    words = re.compile("redis|mongo|bson|memory|fcgi|fastcgi", re.IGNORECASE)
    wrong = [(path, word) for path in sources("functions")
             for word in words.findall(code(path))]
    wrong += [(path, name) for path in sources("functions")
              for name in ours(path)
              if not re.fullmatch(r"common/\w+\.h", name)]
    assert not wrong


def may_include(path, name):
    """Whether a file of common/ may include another of them."""
    from_folder, _, from_file = path.removeprefix("common/").rpartition("/")
    to_folder, _, to_file = name.removeprefix("common/").rpartition("/")
    if CHOOSERS.get(from_file) in (from_folder, to_folder):
        return True
    if from_folder:
        # Tiers and sinks know each other and the words, nothing above.
        return to_folder in FOLDERS[from_folder] or (
            not to_folder and stem(name) in GROUND | WORDS)
    if stem(path) in GROUND:
        return not to_folder and stem(name) in GROUND
    if stem(path) in WORDS:
        return not to_folder and stem(name) in GROUND | WORDS
    # Above, a kind of tier or sink is named only where it is chosen.
    return not to_folder or to_file in ("tier.h", "sink.h", "open.h")


def test_includes_go_down():
    wrong = [(path, name) for path in sources("common") for name in ours(path)
             if not may_include(path, name)]
    assert not wrong


def test_first_line_is_the_licence():
    wrong = [path for path in sources("common", "functions", "test")
             if not read(path).startswith(
                 "/* SPDX-License-Identifier: MIT */\n")]
    assert not wrong
