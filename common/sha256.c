/* SPDX-License-Identifier: MIT */

#include "common/sha256.h"

void sha256_begin(struct sha256 *s)
{
	sha256_init(&s->context);
}

void sha256_add(struct sha256 *s, const void *data, size_t size)
{
	sha256_update(&s->context, size, data);
}

void sha256_end(struct sha256 *s, uint8_t ret_digest[static SHA256_SIZE])
{
	nettle_sha256_digest(&s->context, SHA256_SIZE, ret_digest);
}

void sha256_of(const void *data, size_t size,
	       uint8_t ret_digest[static SHA256_SIZE])
{
	struct sha256 s;

	sha256_begin(&s);
	sha256_add(&s, data, size);
	sha256_end(&s, ret_digest);
}
