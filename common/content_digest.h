/* SPDX-License-Identifier: MIT */

/*
 * content_digest - the header Content-Digest (RFC 9530): a dictionary of
 * byte sequences (RFC 8941, sections 3.2 and 3.3.5), of which we know sha-256.
 */

#pragma once

#include "common/base.h"
#include "common/sha256.h"

enum {
	CONTENT_DIGEST_E_INVALID = 1,	/* no such dictionary */
	CONTENT_DIGEST_E_ABSENT,	/* it has no sha-256 */
};

/* Reads the sha-256 of a header's value; the last one counts (RFC 8941). */
int content_digest_parse(const char *value,
			 uint8_t ret_digest[static SHA256_SIZE]);
