/* SPDX-License-Identifier: MIT */

#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "common/digest_avx2.h"

struct digest digest_of_avx2(const void *data, size_t size)
{
	XXH128_canonical_t canonical;
	struct digest d;

	XXH128_canonicalFromHash(&canonical, XXH3_128bits(data, size));
	memcpy(d.bytes, canonical.digest, DIGEST_SIZE);
	return d;
}
