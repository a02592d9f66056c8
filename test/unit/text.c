/* SPDX-License-Identifier: MIT */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/text.h"

/* Bytes of the longest text here. */
#define ROOM ((size_t)8192)

/* A memory checker sees a byte read or written beyond a copy. */
static char *copy_of(const char *data, size_t size)
{
	char *copy = malloc(size ? size : 1);

	assert_non_null(copy);
	if (size)
		memcpy(copy, data, size);
	return copy;
}

/* The next of a fixed row of numbers, below @n. */
static uint32_t next(uint64_t *row, uint32_t n)
{
	*row = *row * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*row >> 33) % n;
}

/* One character by the definition of UTF-8, halves too. */
static size_t encode(uint32_t c, char *out)
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };

	for (size_t i = n; i-- > 1; c >>= 6)
		out[i] = (char)(0x80 | (c & 0x3f));
	out[0] = (char)(lead[n] | c);
	return n;
}

static bool is_half(uint32_t unit)
{
	return unit >= 0xd800 && unit < 0xe000;
}

/* Whether two units are one character. */
static bool are_pair(uint32_t a, uint32_t b)
{
	return a >= 0xd800 && a < 0xdc00 && b >= 0xdc00 && b < 0xe000;
}

/* @n units as generalised UTF-8, or with U+FFFD for halves that are alone. */
static size_t encode_units(const uint16_t *units, size_t n, bool replacing,
			   char *out)
{
	size_t size = 0;

	for (size_t i = 0; i < n; i++) {
		uint32_t c = units[i];

		if (i + 1 < n && are_pair(c, units[i + 1])) {
			c = 0x10000 + (c - 0xd800) * 0x400 +
			    (units[i + 1] - 0xdc00u);
			i++;
		} else if (replacing && is_half(c)) {
			c = 0xfffd;
		}
		size += encode(c, out + size);
	}
	return size;
}

struct bytes {
	const char *data;
	size_t size;
};

#define BYTES(text) { text, sizeof(text) - 1 }

static const struct bytes valid[] = {
	BYTES(""), BYTES("a"), BYTES("\0"), BYTES("\x7f"),
	BYTES("\xc2\x80"), BYTES("\xdf\xbf"),
	BYTES("\xe0\xa0\x80"), BYTES("\xe0\xbf\xbf"), BYTES("\xe1\x80\x80"),
	BYTES("\xec\xbf\xbf"), BYTES("\xed\x80\x80"), BYTES("\xed\x9f\xbf"),
	BYTES("\xee\x80\x80"), BYTES("\xef\xbf\xbf"), BYTES("\xef\xbb\xbf"),
	BYTES("\xf0\x90\x80\x80"), BYTES("\xf0\xbf\xbf\xbf"),
	BYTES("\xf1\x80\x80\x80"), BYTES("\xf3\xbf\xbf\xbf"),
	BYTES("\xf4\x80\x80\x80"), BYTES("\xf4\x8f\xbf\xbf"),
};

/* None is made good by what may follow. */
static const struct bytes invalid[] = {
	BYTES("\x80"), BYTES("\xbf"), BYTES("\xc0\x80"), BYTES("\xc1\xbf"),
	BYTES("\xc2"), BYTES("\xc2\x7f"), BYTES("\xc2\xc2"), BYTES("\xdf"),
	BYTES("\xe0\x80\x80"), BYTES("\xe0\x9f\xbf"), BYTES("\xe0\xa0"),
	BYTES("\xe1"), BYTES("\xe1\x80"), BYTES("\xe1\x80\x7f"),
	BYTES("\xe1\x80\xc0"), BYTES("\xed\xa0\x80"), BYTES("\xed\xaf\xbf"),
	BYTES("\xed\xb0\x80"), BYTES("\xed\xbf\xbf"),
	BYTES("\xf0\x80\x80\x80"), BYTES("\xf0\x8f\xbf\xbf"),
	BYTES("\xf0\x90"), BYTES("\xf0\x90\x80"), BYTES("\xf0\x90\x80\x41"),
	BYTES("\xf4\x90\x80\x80"), BYTES("\xf5\x80\x80\x80"),
	BYTES("\xf8\x88\x80\x80\x80"), BYTES("\xfe"), BYTES("\xff"),
};

/* Puts @middle between fillers and answers the span of it all. */
static size_t span_within(const struct bytes *middle, const char *filler,
			  size_t before, size_t after)
{
	size_t size = 0, filler_size = strlen(filler), span;
	char text[ROOM], *copy;

	for (size_t i = 0; i < before; i++, size += filler_size)
		memcpy(text + size, filler, filler_size);
	memcpy(text + size, middle->data, middle->size);
	size += middle->size;
	for (size_t i = 0; i < after; i++, size += filler_size)
		memcpy(text + size, filler, filler_size);
	copy = copy_of(text, size);
	span = text_utf8_span(copy, size);
	assert_int_equal(text_is_utf8(copy, size), span == size);
	free(copy);
	return span;
}

static void utf8_is_told_from_other_bytes_at_every_place(void **state)
{
	static const char *const fillers[] = {
		"a", "\xc3\xa9", "\xed\x95\x98", "\xf0\x9f\x98\x80",
	};
	static const size_t afters[] = { 0, 1, 5, 17, 70 };

	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(fillers); f++)
	for (size_t before = 0; before < 150; before++)
	for (size_t a = 0; a < ARRAY_SIZE(afters); a++) {
		size_t n = strlen(fillers[f]), after = afters[a];

		for (size_t i = 0; i < ARRAY_SIZE(valid); i++)
			assert_int_equal(span_within(&valid[i], fillers[f],
						     before, after),
					 (before + after) * n + valid[i].size);
		for (size_t i = 0; i < ARRAY_SIZE(invalid); i++)
			assert_int_equal(span_within(&invalid[i], fillers[f],
						     before, after),
					 before * n);
	}
}

static void every_character_is_utf8_and_no_half_is(void **state)
{
	char text[32] = "0123456789abcdef0123456789abcdef";

	(void)state;
	for (uint32_t c = 0x80; c < 0x110000; c++) {
		size_t n = encode(c, text + 14);

		memset(text + 14 + n, 'x', sizeof(text) - 14 - n);
		if (text_utf8_span(text, sizeof(text)) !=
		    (is_half(c) ? 14 : sizeof(text)))
			fail_msg("U+%04X", (unsigned)c);
	}
}

static void units_are_counted_as_javascript_does(void **state)
{
	static const char text[] = "a\0\xc3\xa9\xe2\x82\xac\xed\xa0\xbd"
				   "\xf0\x9f\x98\x80";
	char many[ROOM];

	(void)state;
	assert_int_equal(text_utf16_units(NULL, 0), 0);
	assert_int_equal(text_utf16_units(text, sizeof(text) - 1), 7);
	for (size_t n = 0; n < ROOM / 4; n++) {
		memcpy(many + 4 * n, "\xf0\x9f\x98\x80", 4);
		assert_int_equal(text_utf16_units(many, 4 * n + 4), 2 * n + 2);
		/* A piece counts its leads: the pieces add up. */
		for (size_t cut = 1; cut < 4; cut++)
			assert_int_equal(
				text_utf16_units(many, 4 * n + cut) +
				text_utf16_units(many + 4 * n + cut, 4 - cut),
				2 * n + 2);
	}
	memset(many, 'a', sizeof(many));
	for (size_t n = 0; n < 4000; n++) {
		many[n] = '\xbf';
		assert_int_equal(text_utf16_units(many, sizeof(many)),
				 sizeof(many) - n - 1);
	}
}

/* Decodes into a buffer of the least size and in place, and compares. */
static void check_unescape(const char *json, size_t size, const char *wanted,
			   size_t wanted_size)
{
	char *in = copy_of(json, size), *out = copy_of(json, size);
	size_t n = SIZE_MAX;

	text_unescape(in, size, out, &n);
	assert_int_equal(n, wanted_size);
	assert_memory_equal(out, wanted, wanted_size);
	assert_memory_equal(in, json, size);
	text_unescape(in, size, in, &n);
	assert_int_equal(n, wanted_size);
	assert_memory_equal(in, wanted, wanted_size);
	free(in);
	free(out);
}

static const struct {
	struct bytes json, text;
} escapes[] = {
	{ BYTES(""), BYTES("") },
	{ BYTES("plain"), BYTES("plain") },
	{ BYTES("\\\"\\\\\\/\\b\\f\\n\\r\\t"), BYTES("\"\\/\b\f\n\r\t") },
	{ BYTES("\\u0041"), BYTES("A") },
	{ BYTES("\\u0000"), BYTES("\0") },
	{ BYTES("\\u00e9\\u00E9"), BYTES("\xc3\xa9\xc3\xa9") },
	{ BYTES("\\uabcd\\uFfFf"), BYTES("\xea\xaf\x8d\xef\xbf\xbf") },
	{ BYTES("\\ud83d\\ude00"), BYTES("\xf0\x9f\x98\x80") },
	{ BYTES("\\uDBFF\\uDFFF"), BYTES("\xf4\x8f\xbf\xbf") },
	{ BYTES("\\ud83d"), BYTES("\xed\xa0\xbd") },
	{ BYTES("\\ude00"), BYTES("\xed\xb8\x80") },
	{ BYTES("\\ude00\\ud83d"), BYTES("\xed\xb8\x80\xed\xa0\xbd") },
	{ BYTES("\\ud83d\\ud83d\\ude00"),
	  BYTES("\xed\xa0\xbd\xf0\x9f\x98\x80") },
	{ BYTES("\\ud83d\\\\ude00"), BYTES("\xed\xa0\xbd\\ude00") },
	{ BYTES("\\ud83dx\\ude00"), BYTES("\xed\xa0\xbdx\xed\xb8\x80") },
	{ BYTES("\\ud83d\\n\\ude00"), BYTES("\xed\xa0\xbd\n\xed\xb8\x80") },
	{ BYTES("\\ud83d\\u0041"), BYTES("\xed\xa0\xbd""A") },
	{ BYTES("\\\\u0041"), BYTES("\\u0041") },
	{ BYTES("\xf0\x9f\x98\x80"), BYTES("\xf0\x9f\x98\x80") },
};

static void every_escape_is_decoded_at_every_place(void **state)
{
	/* The first moves the output back by none, by few and by many. */
	static const size_t firsts[] = { 0, 1, 63, 70 };
	char json[ROOM], text[ROOM];

	(void)state;
	for (size_t e = 0; e < ARRAY_SIZE(escapes); e++)
	for (size_t f = 0; f < ARRAY_SIZE(firsts); f++)
	for (size_t before = 0; before < 150; before++)
	for (size_t after = 0; after < 150; after += 37) {
		size_t n = 0, m = 0;

		for (size_t i = 0; i < firsts[f]; i++) {
			memcpy(json + n, "\\n", 2);
			text[m++] = '\n';
			n += 2;
		}
		for (size_t i = 0; i < before; i++)
			json[n++] = text[m++] = (char)('0' + i % 40);
		memcpy(json + n, escapes[e].json.data, escapes[e].json.size);
		n += escapes[e].json.size;
		memcpy(text + m, escapes[e].text.data, escapes[e].text.size);
		m += escapes[e].text.size;
		for (size_t i = 0; i < after; i++)
			json[n++] = text[m++] = (char)('0' + i % 40);
		check_unescape(json, n, text, m);
	}
}

/* Writes a unit as JSON may, and answers the bytes. */
static size_t write_unit(uint64_t *row, uint32_t unit, char *json)
{
	static const char plain[] = "\"\\/bfnrt", of[] = "\"\\/\b\f\n\r\t";
	const char *short_one = unit && unit < 0x80 ? strchr(of, (int)unit) :
						      NULL;
	char digits[8];

	if (short_one && next(row, 4)) {
		json[0] = '\\';
		json[1] = plain[short_one - of];
		return 2;
	}
	if (unit < 0x20 || unit == '"' || unit == '\\' || is_half(unit) ||
	    !next(row, 8)) {
		snprintf(digits, sizeof(digits),
			 next(row, 2) ? "\\u%04x" : "\\u%04X", unit);
		memcpy(json, digits, 6);
		return 6;
	}
	return encode(unit, json);
}

static uint16_t any_unit(uint64_t *row, uint32_t escapes_in_100)
{
	static const uint16_t rare[] = {
		'"', '\\', '/', '\b', '\f', '\n', '\r', '\t', 0, 0x1f, 0x7f,
		0x80, 0x7ff, 0x800, 0xffff, 0xd55c, 0xd7ff, 0xe000, 0xd800,
		0xdbff, 0xdc00, 0xdfff, 0xd83d, 0xde00,
	};

	if (next(row, 100) < escapes_in_100)
		return rare[next(row, ARRAY_SIZE(rare))];
	return (uint16_t)('A' + next(row, 26));
}

static void any_string_comes_back_from_any_json_of_it(void **state)
{
	static const uint32_t densities[] = { 1, 3, 10, 30, 100 };
	static uint16_t units[ROOM / 8];
	static char json[ROOM], text[ROOM];
	uint64_t row = 1;

	(void)state;
	for (size_t round = 0; round < 4000; round++) {
		uint32_t density = densities[round % ARRAY_SIZE(densities)];
		size_t n = next(&row, ARRAY_SIZE(units)), size = 0;

		for (size_t i = 0; i < n; i++) {
			units[i] = any_unit(&row, density);
			size += write_unit(&row, units[i], json + size);
		}
		check_unescape(json, size, text,
			       encode_units(units, n, false, text));
	}
}

/* The pieces of a join one after the other. */
struct joined {
	struct text_join join;
	char data[64];
	size_t size;
};

static void join(struct joined *to, bool is_text, const char *data,
		 size_t size)
{
	char *copy = copy_of(data, size);
	struct text_piece piece;

	memset(&piece, 0x55, sizeof(piece));
	text_join_next(&to->join, is_text, copy, size, &piece);
	assert_true(piece.prefix_size <= sizeof(piece.prefix));
	memcpy(to->data + to->size, piece.prefix, piece.prefix_size);
	to->size += piece.prefix_size;
	if (piece.size)
		memcpy(to->data + to->size, piece.data, piece.size);
	to->size += piece.size;
	free(copy);
}

static void join_units(struct joined *to, const uint16_t *units, size_t n)
{
	char text[64];

	join(to, true, text, encode_units(units, n, false, text));
}

static void check_joined(const struct joined *joined, const char *wanted,
			 size_t size)
{
	assert_false(joined->join.held);
	assert_int_equal(joined->size, size);
	assert_memory_equal(joined->data, wanted, size);
}

/* Cut in two and in three, empty pieces among them. */
static void check_every_cut(const uint16_t *units, size_t n)
{
	char wanted[64];
	size_t size = encode_units(units, n, true, wanted);

	for (size_t a = 0; a <= n; a++)
	for (size_t b = a; b <= n; b++) {
		struct joined joined = { .size = 0 };

		join_units(&joined, units, a);
		join_units(&joined, units + a, b - a);
		join_units(&joined, units + b, n - b);
		join(&joined, false, NULL, 0);
		check_joined(&joined, wanted, size);
	}
}

static void a_string_cut_anywhere_is_whole_again(void **state)
{
	/* The second begins with ED as halves do. */
	static const uint16_t alphabet[] = {
		'a', 0xd55c, 0xd83d, 0xdbff, 0xde00, 0xdfff,
	};
	uint16_t units[5];
	size_t strings = 1;

	(void)state;
	for (size_t n = 0; n <= ARRAY_SIZE(units); n++) {
		for (size_t i = 0; i < strings; i++) {
			size_t digits = i;

			for (size_t u = 0; u < n; u++) {
				units[u] = alphabet[digits %
						    ARRAY_SIZE(alphabet)];
				digits /= ARRAY_SIZE(alphabet);
			}
			check_every_cut(units, n);
		}
		strings *= ARRAY_SIZE(alphabet);
	}
}

static void raw_bytes_are_never_changed_and_part_the_texts(void **state)
{
	struct joined joined = { .size = 0 };

	(void)state;
	join(&joined, true, "\xed\xa0\xbd", 3);
	join(&joined, false, "\xed\xb8\x80\xed\xa0\xbd", 6);
	join(&joined, true, "\xed\xb8\x80", 3);
	join(&joined, true, "\xed\xa0\xbd", 3);
	join(&joined, false, "x", 1);
	join(&joined, false, NULL, 0);
	check_joined(&joined, "\xef\xbf\xbd\xed\xb8\x80\xed\xa0\xbd"
			      "\xef\xbf\xbd\xef\xbf\xbd" "x", 16);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(utf8_is_told_from_other_bytes_at_every_place),
		cmocka_unit_test(every_character_is_utf8_and_no_half_is),
		cmocka_unit_test(units_are_counted_as_javascript_does),
		cmocka_unit_test(every_escape_is_decoded_at_every_place),
		cmocka_unit_test(any_string_comes_back_from_any_json_of_it),
		cmocka_unit_test(a_string_cut_anywhere_is_whole_again),
		cmocka_unit_test(
			raw_bytes_are_never_changed_and_part_the_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
