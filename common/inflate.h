/* SPDX-License-Identifier: MIT */

/*
 * inflate - what isCompressed asks for, as a stream.
 *
 * gzip (RFC 1952, members one after the other) or zlib (RFC 1950, with the
 * headers 78 01, 78 5e, 78 9c, 78 da), raw or in base64 (base64.h). It is
 * judged by the first two bytes, after base64 where it is base64. What begins
 * like neither, or has fewer than two bytes, passes through unchanged; what
 * begins so must inflate to its end, and nothing may follow but further gzip
 * members.
 */

#pragma once

#include "common/base.h"

enum {
	INFLATE_E_BAD_DATA = 1,	/* begins as compressed and is broken */
	INFLATE_E_TOO_LARGE,	/* inflates to more than the limit */
};

struct inflate;

/*
 * Takes the next @size bytes that came out, at least 1. 0, or -errno, which
 * ends the stream and is forwarded. A receiver that has an answer of its own
 * keeps it in @user and gives -ECANCELED.
 */
typedef int inflate_sink_fn(void *user, const char *data, size_t size);

/*
 * A stream that gives at most @max bytes of inflated data (what passes through
 * is not counted) to @sink. It holds about 80 KiB, and 40 KiB more once the data
 * has begun as compressed. inflate_free() the result. -ENOMEM.
 */
int inflate_new(uint64_t max, inflate_sink_fn *sink, void *user,
		struct inflate **ret_inflate);

/*
 * The next @size bytes; pieces may have any size. INFLATE_E_*; what @sink gave;
 * -ENOMEM. A call after one that failed gives the same result again.
 */
int inflate_add(struct inflate *inflate, const char *data, size_t size);

/*
 * The end of the data: gives what is left, and says whether it was whole.
 * Results as with inflate_add(). To be called once.
 */
int inflate_end(struct inflate *inflate);

/* Why a call said INFLATE_E_BAD_DATA: a literal, for the client. */
const char *inflate_reason(const struct inflate *inflate);

/* Whether the data began as compressed; settled at the latest by the end. */
bool inflate_is_compressed(const struct inflate *inflate);

/* Takes NULL, gives NULL. */
struct inflate *inflate_free(struct inflate *inflate);
