/* SPDX-License-Identifier: MIT */

/* sha256 - SHA-256 (FIPS 180-4), by libnettle, which uses the CPU's. */

#pragma once

#include <nettle/sha2.h>

#include "common/base.h"

#define SHA256_SIZE 32		/* bytes */
#define SHA256_HEX_LEN 64	/* digits, no NUL */

struct sha256 {
	struct sha256_ctx context;
};

void sha256_begin(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t size);
void sha256_end(struct sha256 *s, uint8_t ret_digest[static SHA256_SIZE]);

/* All three at once. */
void sha256_of(const void *data, size_t size,
	       uint8_t ret_digest[static SHA256_SIZE]);
