/* SPDX-License-Identifier: MIT */

/*
 * digest - the digest by which tiers know a chunk again: XXH3 of 128 bits
 * (libxxhash), which guards against rot and accident. It is no signature:
 * what must hold against an adversary is SHA-256 (sha256.h).
 */

#pragma once

#include "common/base.h"

#define DIGEST_SIZE 16			/* bytes */
#define DIGEST_TEXT_LEN (9 + 32)	/* "xxh3-128:" and hex, no NUL */

struct digest {
	uint8_t bytes[DIGEST_SIZE];	/* canonical (big-endian) XXH128 */
};

/* The digest of @size bytes. */
struct digest digest_of(const void *data, size_t size);

bool digest_equal(const struct digest *a, const struct digest *b);

/* "xxh3-128:" and 32 lower-case hex digits. */
void digest_format(const struct digest *d,
		   char ret_text[static DIGEST_TEXT_LEN + 1]);

/* Reads what digest_format() wrote, @len bytes. -EBADMSG for anything else. */
int digest_parse(const char *text, size_t len, struct digest *ret_digest);
