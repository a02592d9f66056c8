/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/digest.h"
#include "common/digest_avx2.h"
#include "common/hex.h"

static const char prefix[] = "xxh3-128:";

struct digest digest_of(const void *data, size_t size)
{
	XXH128_canonical_t canonical;
	struct digest d;

	_Static_assert(sizeof(canonical) == DIGEST_SIZE, "XXH128 is 16 bytes");
	if (digest_has_avx2())
		return digest_of_avx2(data, size);
	XXH128_canonicalFromHash(&canonical, XXH3_128bits(data, size));
	memcpy(d.bytes, canonical.digest, DIGEST_SIZE);
	return d;
}

bool digest_equal(const struct digest *a, const struct digest *b)
{
	return memcmp(a->bytes, b->bytes, DIGEST_SIZE) == 0;
}

void digest_format(const struct digest *d,
		   char ret_text[static DIGEST_TEXT_LEN + 1])
{
	memcpy(ret_text, prefix, sizeof(prefix) - 1);
	hex_format(d->bytes, DIGEST_SIZE, ret_text + sizeof(prefix) - 1);
}

int digest_parse(const char *text, size_t len, struct digest *ret_digest)
{
	if (len != DIGEST_TEXT_LEN ||
	    memcmp(text, prefix, sizeof(prefix) - 1) != 0)
		return -EBADMSG;
	return hex_parse(text + sizeof(prefix) - 1, (size_t)DIGEST_SIZE * 2,
			 ret_digest->bytes);
}
