/* SPDX-License-Identifier: MIT */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base64.h"
#include "test/unit/encode.h"

/* Bytes that any text here decodes to at most. */
#define ROOM ((size_t)512)

/*
 * Decodes @text in pieces of @step characters, each with no more room than it
 * may ask for: a memory checker sees a byte beyond.
 */
static int decode(const char *text, size_t size, size_t step, char *out,
		  size_t *ret_size)
{
	struct base64 base64 = { .symbols = 0 };
	size_t total = 0, n;
	char tail[2];
	int r;

	for (size_t at = 0; at < size; at += step) {
		size_t piece = size - at < step ? size - at : step;
		char *room = malloc(base64_room(piece));

		assert_non_null(room);
		r = base64_add(&base64, text + at, piece, room, &n);
		if (!r) {
			memcpy(out + total, room, n);
			total += n;
		}
		free(room);
		if (r)
			return r;
	}
	r = base64_end(&base64, tail, &n);
	if (r)
		return r;
	memcpy(out + total, tail, n);
	*ret_size = total + n;
	return 0;
}

static const struct {
	const char *text, *bytes;
} good[] = {
	/* RFC 4648, section 10 */
	{ "", "" },
	{ "Zg==", "f" },
	{ "Zm8=", "fo" },
	{ "Zm9v", "foo" },
	{ "Zm9vYg==", "foob" },
	{ "Zm9vYmE=", "fooba" },
	{ "Zm9vYmFy", "foobar" },
	/* without padding */
	{ "Zg", "f" },
	{ "Zm8", "fo" },
	{ "Zm9vYg", "foob" },
	{ "Zm9vYmE", "fooba" },
	/* line breaks */
	{ "\r\n", "" },
	{ "\r\nZm9v\r\nYmFy\r\n", "foobar" },
	{ "Z\nm\n9\nv\nY\ng\n=\n=\n", "foob" },
	{ "Zm9\rvYmE\r=\n", "fooba" },
	{ "Zm9vYg\n", "foob" },
	/* bits that are too many */
	{ "Zh==", "f" },
	{ "Zm9", "fo" },
	{ "Zm9=", "fo" },
	{ "++//", "\xfb\xef\xff" },
};

static void what_rfc_4648_allows_is_decoded(void **state)
{
	char out[ROOM];
	size_t n;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
	for (size_t step = 1; step < 12; step++) {
		n = SIZE_MAX;
		if (decode(good[i].text, strlen(good[i].text), step, out, &n))
			fail_msg("\"%s\" by %zu", good[i].text, step);
		assert_int_equal(n, strlen(good[i].bytes));
		assert_memory_equal(out, good[i].bytes, n);
	}
}

static const char *const bad[] = {
	/* a symbol alone */
	"Z", "Zm9vY", "Zm9v\nY\n",
	/* padding too short, too long, too early, or followed */
	"Zg=", "Zg=\n", "Zm9vYg=", "Zg===", "Zm8==", "Zm9v=", "Zm9v==", "=",
	"==", "====", "Z=", "Z==", "Z===", "Zg==Zg==", "Zm8=Z", "Zm8=\nZm9v",
	"Zg=Z",
	/* what is no symbol */
	"Zm9 v", "Zm9\tv", "Zm-v", "Zm_v", "Zm9v.", "*Zm9v", "Zm9v\v", "Zm,v",
	"Zm9v Zm9v", "Zm9v\x80", "Zm\xc3\xa9", "Zm9v\xff",
};

static void all_else_is_refused(void **state)
{
	static const char nul[] = "Zm9v\0Zm9v";
	char out[ROOM];
	size_t n = 77;

	(void)state;
	for (size_t step = 1; step < 12; step++) {
		for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
			if (decode(bad[i], strlen(bad[i]), step, out, &n) !=
			    BASE64_E_BAD_DATA)
				fail_msg("\"%s\" by %zu", bad[i], step);
		assert_int_equal(decode(nul, sizeof(nul) - 1, step, out, &n),
				 BASE64_E_BAD_DATA);
	}
	assert_int_equal(n, 77);
}

static void exactly_64_characters_are_symbols(void **state)
{
	char out[ROOM];
	size_t n;

	(void)state;
	for (int c = 0; c < 256; c++) {
		const char *at = c ? strchr(encode_symbols, c) : NULL;
		char text[4] = { 'A', 'A', 'A', (char)c };

		assert_int_equal(base64_is_symbol((char)c), !!at);
		if (!at)
			continue;
		assert_int_equal(decode(text, 4, 4, out, &n), 0);
		assert_int_equal(n, 3);
		assert_int_equal(out[2], at - encode_symbols);
	}
}

/* Breaks of lines between groups and within them, padding or none. */
static void bytes_come_back_however_their_text_is_cut(void **state)
{
	uint8_t bytes[ROOM - 2];
	char text[2 * ROOM], out[ROOM];

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 151 + i / 7);
	for (size_t size = 0; size < 200; size++)
	for (size_t line = 3; line < 80; line += 19) {
		size_t n = encode_base64(bytes, size, line, "\n", size % 2,
					 text), m;

		for (size_t step = 1; step < 10; step += 2) {
			assert_int_equal(decode(text, n, step, out, &m), 0);
			assert_int_equal(m, size);
			assert_memory_equal(out, bytes, size);
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_rfc_4648_allows_is_decoded),
		cmocka_unit_test(all_else_is_refused),
		cmocka_unit_test(exactly_64_characters_are_symbols),
		cmocka_unit_test(bytes_come_back_however_their_text_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
