# SPDX-License-Identifier: MIT
"""Session ids that no start has answered."""

import random
import time

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"    # Crockford's base32
SHAPE = r"\d{13}-[0-9A-HJKMNP-TV-Z]{26}"
TTL_SECONDS = 3600


def made(age_seconds):
    """One of the right shape that would be this old."""
    return "%013d-%s" % ((time.time() - age_seconds) * 1000,
                         "".join(random.choices(ALPHABET, k=26)))


def young():
    return made(60)


def old():
    """Older than 1.25 TRANCHE_TTL."""
    return made(1.25 * TTL_SECONDS + 1)


def future():
    """More than a quarter of TRANCHE_TTL ahead."""
    return made(-0.25 * TTL_SECONDS - 60)


def misshapen():
    """Strings that are no id; each looks like one to somebody."""
    right = young()
    return ["", " ", right.lower(), right[:-1], right + "0", " " + right,
            right.replace("-", "_"), right[:14] + "U" * 26,
            right[:14] + "8" * 25 + "*", "*", "chunked:*", ".*",
            "../../../etc/passwd", "/etc/passwd", "..", "%2e%2e%2f",
            "{" + right + "}", right + "\0", "{\"$ne\": null}", "é" * 40]
