/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include <cmocka.h>

#include "common/digest.h"

/* More than one of the blocks that long input is worked on in. */
#define SIZE_MAX_EACH 3000

static void check(const char *data, size_t size)
{
	struct digest found = digest_of(data, size);
	XXH128_canonical_t wanted;

	XXH128_canonicalFromHash(&wanted, XXH3_128bits(data, size));
	assert_memory_equal(found.bytes, wanted.digest, DIGEST_SIZE);
}

static char *bytes(size_t size)
{
	char *data = malloc(size);
	uint32_t state = 1;

	assert_non_null(data);
	for (size_t i = 0; i < size; i++) {
		state = state * 1664525 + 1013904223;
		data[i] = (char)(state >> 24);
	}
	return data;
}

static void it_is_the_librarys_for_every_size(void **state)
{
	(void)state;
	/* Of its own size: a memory checker sees a byte beyond. */
	for (size_t size = 1; size <= SIZE_MAX_EACH; size++) {
		char *data = bytes(size);

		check(data, size);
		free(data);
	}
	check("", 0);
}

static void it_is_the_librarys_wherever_the_bytes_lie(void **state)
{
	size_t size = 512 * 1024;
	char *data = bytes(size + 64);

	(void)state;
	for (size_t at = 0; at < 64; at++)
		check(data + at, size);
	free(data);
}

static void it_is_the_one_that_others_wrote_down(void **state)
{
	/* xxhsum -H128 of nothing, and of "abc". */
	static const char *const texts[][2] = {
		{ "", "xxh3-128:99aa06d3014798d86001c324468d497f" },
		{ "abc", "xxh3-128:06b05ab6733a618578af5f94892f3950" },
	};
	char text[DIGEST_TEXT_LEN + 1];
	struct digest d, again;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		d = digest_of(texts[i][0], strlen(texts[i][0]));
		digest_format(&d, text);
		assert_string_equal(text, texts[i][1]);
		assert_int_equal(digest_parse(text, strlen(text), &again), 0);
		assert_true(digest_equal(&d, &again));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_the_librarys_for_every_size),
		cmocka_unit_test(it_is_the_librarys_wherever_the_bytes_lie),
		cmocka_unit_test(it_is_the_one_that_others_wrote_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
