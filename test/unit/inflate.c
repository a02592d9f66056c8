/* SPDX-License-Identifier: MIT */

#define ZLIB_CONST

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

#include "common/inflate.h"
#include "test/unit/encode.h"

/* Bytes of any text or result here. */
#define ROOM KIB(512)

/* zlib's window bits of each form. */
enum { ZLIB = MAX_WBITS, GZIP = 16 + MAX_WBITS };

struct text {
	char data[ROOM];
	size_t size;
};

/* Static for their size; each case clears what it uses. */
static struct text in, encoded, out;

static void add(struct text *to, const char *data, size_t size)
{
	assert_true(size <= sizeof(to->data) - to->size);
	memcpy(to->data + to->size, data, size);
	to->size += size;
}

/* Appends @data to in, in a form and at a level of zlib's. */
static void append(const char *data, size_t size, int form, int level)
{
	z_stream z = { .next_in = (const Bytef *)data };

	z.avail_in = (uInt)size;
	z.next_out = (Bytef *)in.data + in.size;
	z.avail_out = (uInt)(sizeof(in.data) - in.size);
	assert_int_equal(deflateInit2(&z, level, Z_DEFLATED, form, 8,
				      Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	in.size += z.total_out;
	deflateEnd(&z);
}

/* Replaces @to: base64 in lines of @line symbols (0: one line). */
static void encode_to(struct text *to, const struct text *from, size_t line,
		      bool padded)
{
	assert_true(from->size < sizeof(to->data) / 4);
	to->size = encode_base64(from->data, from->size, line, "\r\n", padded,
				 to->data);
}

/* The same for an empty one. */
static void begin(const char *data, size_t size, int form, int level)
{
	in.size = 0;
	append(data, size, form, level);
}

static int keep(void *user, const char *data, size_t size)
{
	assert_true(size > 0);
	add(user, data, size);
	return 0;
}

/* Inflates @text, in pieces of @step bytes, to out. */
static int run(const struct text *text, size_t step, uint64_t max)
{
	struct inflate *inflate;
	int r = 0;

	out.size = 0;
	assert_int_equal(inflate_new(max, keep, &out, &inflate), 0);
	for (size_t at = 0; !r && at < text->size; at += step) {
		size_t n = text->size - at < step ? text->size - at : step;
		char *piece = malloc(n);

		assert_non_null(piece);
		memcpy(piece, text->data + at, n);
		r = inflate_add(inflate, piece, n);
		free(piece);
	}
	if (!r)
		r = inflate_end(inflate);
	/* What has failed stays so. */
	if (r) {
		assert_int_equal(inflate_add(inflate, "x", 1), r);
		assert_int_equal(inflate_end(inflate), r);
	}
	assert_int_equal(r == INFLATE_E_BAD_DATA, !!inflate_reason(inflate));
	assert_null(inflate_free(inflate));
	return r;
}

static void set(struct text *text, const char *data, size_t size)
{
	text->size = 0;
	add(text, data, size);
}

static const size_t steps[] = { 1, 2, 3, 5, 64, 65, 16384, 16385, ROOM };

static void check_out(const struct text *text, const char *wanted, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		assert_int_equal(run(text, steps[i], size), 0);
		assert_int_equal(out.size, size);
		assert_memory_equal(out.data, wanted, size);
	}
}

/* The same raw and in every kind of base64. */
static void check_in_all_codes(const char *wanted, size_t size)
{
	check_out(&in, wanted, size);
	for (size_t line = 0; line < 80; line += 19) {
		encode_to(&encoded, &in, line, true);
		check_out(&encoded, wanted, size);
		encode_to(&encoded, &in, line, false);
		check_out(&encoded, wanted, size);
	}
}

static void both_forms_inflate_raw_and_in_base64(void **state)
{
	static const size_t sizes[] = { 0, 1, 2, 3, 1000, 65536, 65537 };
	static char data[70000];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = "{\"name\": [1.25, 7]}\n"[(i + i / 999) % 21];
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
	for (int level = 0; level < 10; level += 3) {
		begin(data, sizes[i], GZIP, level);
		check_in_all_codes(data, sizes[i]);
		begin(data, sizes[i], ZLIB, level);
		check_in_all_codes(data, sizes[i]);
	}
}

static void each_header_of_zlib_is_known(void **state)
{
	static const struct {
		int level;
		uint8_t second;
	} headers[] = { { 1, 0x01 }, { 2, 0x5e }, { 6, 0x9c }, { 9, 0xda } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++) {
		begin("hello", 5, ZLIB, headers[i].level);
		assert_int_equal((uint8_t)in.data[1], headers[i].second);
		check_in_all_codes("hello", 5);
	}
}

static void gzip_members_come_out_as_one(void **state)
{
	(void)state;
	begin("one ", 4, GZIP, 6);
	append("", 0, GZIP, 6);
	append("two", 3, GZIP, 1);
	check_in_all_codes("one two", 7);
}

static void what_begins_otherwise_passes_unchanged(void **state)
{
	static const struct {
		const char *data;
		size_t size;
	} plain[] = {
		{ "", 0 }, { "{", 1 }, { "{}", 2 }, { "\x1f", 1 }, { "x", 1 },
		{ "\x1f\x8c", 2 }, { "\x78\x02", 2 }, { "\x78\xbb", 2 },
		{ "\x8b\x1f", 2 }, { "PK\3\4", 4 }, { "H", 1 }, { "H4", 2 },
		{ "H4 sIAAAA", 9 }, { "H4-s", 4 }, { "\tH4sI", 5 },
		{ " H4sI", 5 }, { "eJ=w", 4 }, { "=eJw", 4 }, { "H4w/", 4 },
		{ "H4o=", 4 }, { "eAA=", 4 }, { "eAI=", 4 }, { "eNk=", 4 },
		{ "\r\n\r\n", 4 }, { "\n", 1 }, { "\nH\n4\n", 5 },
		{ "\n{\"a\": 1}", 9 }, { "hello, world", 12 },
		{ "SGVsbG8gd29ybGQ=", 16 }, { "\0\0\0\0", 4 },
		/* zlib's with a preset dictionary are none of the four */
		{ "\x78\x20\0\0\0\0", 6 }, { "\x78\xbb\0\0\0\0", 6 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		set(&in, plain[i].data, plain[i].size);
		check_out(&in, plain[i].data, plain[i].size);
	}
}

static void what_passes_has_no_limit(void **state)
{
	(void)state;
	set(&in, "plain text", 10);
	assert_int_equal(run(&in, 3, 0), 0);
	assert_int_equal(out.size, 10);
}

static void a_row_of_line_breaks_is_not_held_for_ever(void **state)
{
	(void)state;
	in.size = 0;
	for (size_t i = 0; i < KIB(20); i++)
		add(&in, i % 2 ? "\n" : "\r", 1);
	encoded = in;
	check_out(&in, encoded.data, encoded.size);
	/* Some are skipped before base64. */
	begin("hello", 5, GZIP, 6);
	encode_to(&encoded, &in, 1, true);
	set(&in, "\r\n\n\r\n", 5);
	add(&in, encoded.data, encoded.size);
	check_out(&in, "hello", 5);
}

static void check_bad(const struct text *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		if (run(text, steps[i], ROOM) != INFLATE_E_BAD_DATA)
			fail_msg("%zu bytes by %zu", text->size, steps[i]);
}

static void what_is_cut_off_is_bad(void **state)
{
	static const int forms[] = { GZIP, ZLIB };

	(void)state;
	for (size_t f = 0; f < ARRAY_SIZE(forms); f++) {
		size_t whole, i;

		begin("hello, hello, hello", 19, forms[f], 6);
		whole = in.size;
		for (in.size = 2; in.size < whole; in.size++)
			check_bad(&in);
		in.size = whole;
		encode_to(&encoded, &in, 0, true);
		/* The last character may be padding, and may be missing. */
		whole = encoded.size;
		while (encoded.data[whole - 1] == '=')
			whole--;
		for (i = 3; i < whole; i++) {
			encoded.size = i;
			check_bad(&encoded);
		}
	}
	/* A second member too. */
	begin("one", 3, GZIP, 6);
	add(&in, "\x1f", 1);
	check_bad(&in);
	add(&in, "\x8b\x08", 2);
	check_bad(&in);
}

static void nothing_else_may_follow_the_end(void **state)
{
	static const char *const tails[] = { "x", "\n", "x\x9c", "{}" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tails); i++) {
		begin("hello", 5, GZIP, 6);
		add(&in, tails[i], strlen(tails[i]));
		check_bad(&in);
		begin("hello", 5, ZLIB, 6);
		add(&in, tails[i], strlen(tails[i]));
		check_bad(&in);
	}
	begin("hello", 5, GZIP, 6);
	add(&in, "\0", 1);
	check_bad(&in);
	begin("hello", 5, ZLIB, 6);
	append("hello", 5, ZLIB, 6);
	check_bad(&in);
	begin("hello", 5, GZIP, 6);
	append("hello", 5, ZLIB, 6);
	check_bad(&in);
}

static void no_changed_byte_goes_unseen(void **state)
{
	static const char data[] = "hello, hello, hello";

	(void)state;
	begin(data, sizeof(data) - 1, ZLIB, 6);
	for (size_t i = 2; i < in.size; i++) {
		in.data[i] ^= 0x10;
		check_bad(&in);
		in.data[i] ^= 0x10;
	}
	begin(data, sizeof(data) - 1, GZIP, 6);
	/* Bytes 4 to 9 of the header are a time and hints. */
	for (size_t i = 2; i < in.size; i == 3 ? i = 10 : i++) {
		in.data[i] ^= 0x40;
		check_bad(&in);
		in.data[i] ^= 0x40;
	}
}

static void garbage_in_base64_is_bad(void **state)
{
	static const char garbage[] = { '!', ' ', '-', '=', '\0', '\t', 'X',
					'\xc3' };
	size_t size;

	(void)state;
	begin("hello, hello, hello", 19, GZIP, 6);
	encode_to(&encoded, &in, 0, true);
	size = encoded.size;
	/* Behind the whole, and in place of each symbol but the first. */
	for (size_t g = 0; g < sizeof(garbage); g++)
	for (size_t i = 3; i <= size; i++) {
		char was = encoded.data[i];

		/* Bytes 4 to 9 of gzip are free, symbol or not. */
		if (garbage[g] == 'X' && i >= 5 && i < 14)
			continue;
		encoded.data[i] = garbage[g];
		encoded.size = i < size ? size : size + 1;
		if (i < size && was == garbage[g])
			continue;
		check_bad(&encoded);
		encoded.data[i] = was;
	}
}

static void base64_must_end_where_the_data_does(void **state)
{
	static const char *const tails[] = { "A", "=", "AA", "\nAAAA", "==" };

	(void)state;
	for (size_t n = 0; n < 3; n++) {
		begin("abc", n, ZLIB, 0);
		for (size_t i = 0; i < ARRAY_SIZE(tails); i++) {
			encode_to(&encoded, &in, 0, true);
			add(&encoded, tails[i], strlen(tails[i]));
			check_bad(&encoded);
		}
		encode_to(&encoded, &in, 0, true);
		if (encoded.data[encoded.size - 2] != '=')
			continue;
		encoded.size--;
		check_bad(&encoded);
	}
}

static void no_more_comes_out_than_the_limit(void **state)
{
	static char zeros[300000];

	(void)state;
	begin(zeros, sizeof(zeros), GZIP, 6);
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		assert_int_equal(run(&in, steps[i], sizeof(zeros)), 0);
		assert_int_equal(out.size, sizeof(zeros));
		assert_int_equal(run(&in, steps[i], sizeof(zeros) - 1),
				 INFLATE_E_TOO_LARGE);
		assert_true(out.size < sizeof(zeros));
		assert_int_equal(run(&in, steps[i], 0), INFLATE_E_TOO_LARGE);
		assert_int_equal(out.size, 0);
	}
	/* Members count together. */
	begin("one", 3, GZIP, 6);
	append("two", 3, GZIP, 6);
	assert_int_equal(run(&in, 1, 6), 0);
	assert_int_equal(run(&in, 1, 5), INFLATE_E_TOO_LARGE);
}

static int refuse(void *user, const char *data, size_t size)
{
	(void)data;
	(void)size;
	++*(int *)user;
	return -EIO;
}

static void a_receiver_that_fails_ends_the_stream(void **state)
{
	static const char plain[] = "plain";
	struct inflate *inflate;
	int calls = 0;

	(void)state;
	begin("hello", 5, GZIP, 6);
	assert_int_equal(inflate_new(100, refuse, &calls, &inflate), 0);
	assert_int_equal(inflate_add(inflate, in.data, in.size), -EIO);
	assert_int_equal(inflate_add(inflate, in.data, in.size), -EIO);
	assert_int_equal(inflate_end(inflate), -EIO);
	assert_int_equal(calls, 1);
	assert_null(inflate_reason(inflate));
	inflate_free(inflate);

	assert_int_equal(inflate_new(100, refuse, &calls, &inflate), 0);
	assert_int_equal(inflate_add(inflate, plain, 1), 0);
	assert_int_equal(inflate_end(inflate), -EIO);
	assert_int_equal(calls, 2);
	inflate_free(inflate);
	assert_null(inflate_free(NULL));
}

static void it_is_known_whether_the_data_was_compressed(void **state)
{
	struct inflate *inflate;

	(void)state;
	assert_int_equal(inflate_new(0, keep, &out, &inflate), 0);
	assert_false(inflate_is_compressed(inflate));
	assert_int_equal(inflate_add(inflate, "H4sI", 4), 0);
	assert_true(inflate_is_compressed(inflate));
	inflate_free(inflate);
	assert_int_equal(inflate_new(0, keep, &out, &inflate), 0);
	assert_int_equal(inflate_add(inflate, "{}", 2), 0);
	assert_false(inflate_is_compressed(inflate));
	inflate_free(inflate);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_forms_inflate_raw_and_in_base64),
		cmocka_unit_test(each_header_of_zlib_is_known),
		cmocka_unit_test(gzip_members_come_out_as_one),
		cmocka_unit_test(what_begins_otherwise_passes_unchanged),
		cmocka_unit_test(what_passes_has_no_limit),
		cmocka_unit_test(a_row_of_line_breaks_is_not_held_for_ever),
		cmocka_unit_test(what_is_cut_off_is_bad),
		cmocka_unit_test(nothing_else_may_follow_the_end),
		cmocka_unit_test(no_changed_byte_goes_unseen),
		cmocka_unit_test(garbage_in_base64_is_bad),
		cmocka_unit_test(base64_must_end_where_the_data_does),
		cmocka_unit_test(no_more_comes_out_than_the_limit),
		cmocka_unit_test(a_receiver_that_fails_ends_the_stream),
		cmocka_unit_test(it_is_known_whether_the_data_was_compressed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
