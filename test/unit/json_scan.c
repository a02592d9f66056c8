/* SPDX-License-Identifier: MIT */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/json_scan.h"

static const struct json_limits wide = {
	.depth_max = JSON_DEPTH_MAX,
	.values_max = SIZE_MAX,
};

/* A memory checker sees a byte read beyond a copy. */
static char *copy_of(const char *data, size_t size)
{
	char *copy = malloc(size ? size : 1);

	assert_non_null(copy);
	if (size)
		memcpy(copy, data, size);
	return copy;
}

static int scan(const char *json, size_t size, const struct json_limits *limits,
		struct json_stats *ret_stats, struct json_error *ret_error)
{
	char *copy = copy_of(json, size);
	int r = json_scan(copy, size, limits, ret_stats, ret_error);

	assert_int_equal(!r, !ret_error->reason);
	assert_true(ret_error->offset <= size);
	free(copy);
	return r;
}

static const char *const good[] = {
	"0", "-0", "7", "-10", "1.0", "0.5", "-0.0e-0", "1e5", "1E+05", "2e-3",
	"123456789012345678901234567890", "1e999", "\"\"", "\"a\"", "true",
	"false", "null", "[]", "{}", " \t\r\n[ \t\r\n] \t\r\n", "[[[]]]",
	"{ }", "{\"\":0}", "{\"a\" : 1 , \"b\" : [ 2 , { } ] }", "[1,2,3]",
	"[true,false,null,\"x\",1.5,{},[]]", "{\"a\":1,\"a\":2}",
	"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uabCD\"", "\"\\ud800\"",
	"\"\\udc00\\ud800\"", "\"\\ud83d\\ude00\"", "\"\x7f\"",
	"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"", "\"\xef\xbb\xbf\"",
	"{\"a\":{\"b\":{\"c\":[{\"d\":[]}]}},\"e\":\"f\"}",
};

static void what_the_rfc_allows_passes(void **state)
{
	struct json_error error;
	struct json_stats stats;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		if (scan(good[i], strlen(good[i]), &wide, &stats, &error))
			fail_msg("%s: %s at %zu", good[i], error.reason,
				 error.offset);
}

static void what_is_cut_off_is_never_whole(void **state)
{
	struct json_error error;
	struct json_stats stats;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		size_t size = strlen(good[i]);

		/* A shorter number is one too, and white space may go. */
		if (!strchr("\"[{tfn", good[i][0]))
			continue;
		for (size_t n = 0; n < size; n++) {
			assert_int_equal(scan(good[i], n, &wide, &stats,
					      &error),
					 JSON_SCAN_E_INVALID);
			if (error.offset != n &&
			    (uint8_t)good[i][error.offset] < 0x80)
				fail_msg("%.*s: offset %zu", (int)n, good[i],
					 error.offset);
		}
	}
}

#define ENDS "unexpected end of text"
#define VALUE "expected a value"
#define KEY "expected a key"
#define COMMA "expected a comma or a bracket"
#define NUMBER "bad number"
#define ESCAPE "bad escape"
#define CONTROL "control character in a string"
#define UTF8 "not UTF-8"
#define AFTER "text after the value"

static const struct {
	const char *json;
	size_t size;		/* 0: up to the NUL */
	const char *reason;
	size_t offset;
} bad[] = {
	{ "", 0, ENDS, 0 },
	{ "  ", 0, ENDS, 2 },
	{ "\0", 1, VALUE, 0 },
	{ "1\0", 2, AFTER, 1 },
	{ "\xef\xbb\xbf{}", 0, "byte order mark", 0 },
	{ "\xef\xbb\xbf", 0, "byte order mark", 0 },
	{ "\xff\xfe{\0}\0", 6, UTF8, 0 },
	{ "{\0}\0", 4, KEY, 1 },
	{ "[1] \xef\xbb\xbf", 0, AFTER, 4 },
	{ "\xc2\xa0""1", 0, VALUE, 0 },
	{ "\v1", 0, VALUE, 0 },
	{ "\f1", 0, VALUE, 0 },
	{ "1 2", 0, AFTER, 2 },
	{ "[]]", 0, AFTER, 2 },
	{ "\"\"\"", 0, AFTER, 2 },
	{ "\"a\"\\x, and more of what is no JSON behind the first string, "
	  "up to a block", 0, AFTER, 3 },
	{ "nul", 0, ENDS, 3 },
	{ "nuLl", 0, VALUE, 0 },
	{ "True", 0, VALUE, 0 },
	{ "truefalse", 0, AFTER, 4 },
	{ "NaN", 0, VALUE, 0 },
	{ "Infinity", 0, VALUE, 0 },
	{ "-Infinity", 0, NUMBER, 1 },
	{ "'a'", 0, VALUE, 0 },
	{ "/**/1", 0, VALUE, 0 },
	{ "1//", 0, AFTER, 1 },
	{ "+1", 0, VALUE, 0 },
	{ "-", 0, ENDS, 1 },
	{ "--1", 0, NUMBER, 1 },
	{ "- 1", 0, NUMBER, 1 },
	{ "01", 0, NUMBER, 0 },
	{ "-01", 0, NUMBER, 1 },
	{ ".5", 0, VALUE, 0 },
	{ "-.5", 0, NUMBER, 1 },
	{ "5.", 0, ENDS, 2 },
	{ "[5.]", 0, NUMBER, 3 },
	{ "5.e1", 0, NUMBER, 2 },
	{ "1e", 0, ENDS, 2 },
	{ "1e+", 0, ENDS, 3 },
	{ "[1e]", 0, NUMBER, 3 },
	{ "[1e+-1]", 0, NUMBER, 4 },
	{ "1e1.5", 0, AFTER, 3 },
	{ "1.2.3", 0, AFTER, 3 },
	{ "0x10", 0, AFTER, 1 },
	{ "1_000", 0, AFTER, 1 },
	{ "\xd9\xa1", 0, VALUE, 0 },
	{ "[", 0, ENDS, 1 },
	{ "]", 0, VALUE, 0 },
	{ "[,1]", 0, VALUE, 1 },
	{ "[1,]", 0, VALUE, 3 },
	{ "[1,,2]", 0, VALUE, 3 },
	{ "[1 2]", 0, COMMA, 3 },
	{ "[1:2]", 0, COMMA, 2 },
	{ "[1}", 0, COMMA, 2 },
	{ "[}", 0, VALUE, 1 },
	{ "[\"a\":1]", 0, COMMA, 4 },
	{ "{", 0, ENDS, 1 },
	{ "}", 0, VALUE, 0 },
	{ "{]", 0, KEY, 1 },
	{ "{,}", 0, KEY, 1 },
	{ "{a:1}", 0, KEY, 1 },
	{ "{null:1}", 0, KEY, 1 },
	{ "{\"a\"}", 0, "expected a colon", 4 },
	{ "{\"a\" 1}", 0, "expected a colon", 5 },
	{ "{\"a\":}", 0, VALUE, 5 },
	{ "{\"a\"::1}", 0, VALUE, 5 },
	{ "{\"a\":1,}", 0, KEY, 7 },
	{ "{\"a\":1 \"b\":2}", 0, COMMA, 7 },
	{ "{\"a\":1]", 0, COMMA, 6 },
	{ "{\"a\":[1}", 0, COMMA, 7 },
	{ "[{\"a\":1]", 0, COMMA, 7 },
	{ "{\"a\n\":1}", 0, CONTROL, 3 },
	{ "\"\n\"", 0, CONTROL, 1 },
	{ "\"\t\"", 0, CONTROL, 1 },
	{ "\"\x1f\"", 0, CONTROL, 1 },
	{ "\"a\0\"", 4, CONTROL, 2 },
	{ "\"", 0, ENDS, 1 },
	{ "\"\\", 0, ENDS, 2 },
	{ "\"\\\"", 0, ENDS, 3 },
	{ "\"\\u", 0, ENDS, 3 },
	{ "\"\\u00", 0, ENDS, 5 },
	{ "\"\\u00g", 0, ESCAPE, 1 },
	{ "\"\\u00\"", 0, ESCAPE, 1 },
	{ "\"\\u 041\"", 0, ESCAPE, 1 },
	{ "\"\\u+041\"", 0, ESCAPE, 1 },
	{ "\"\\U0041\"", 0, ESCAPE, 1 },
	{ "\"\\x41\"", 0, ESCAPE, 1 },
	{ "\"\\a\"", 0, ESCAPE, 1 },
	{ "\"\\'\"", 0, ESCAPE, 1 },
	{ "\"\\0\"", 0, ESCAPE, 1 },
	{ "\"\\\n\"", 0, ESCAPE, 1 },
	{ "\"\\\0\"", 4, ESCAPE, 1 },
	{ "\"\\\xc3\xa9\"", 0, ESCAPE, 1 },
	{ "\"\xe9\"", 0, UTF8, 1 },
	{ "\"a\xed\xa0\xbd\"", 0, UTF8, 2 },
	{ "\"\xc0\xaf\"", 0, UTF8, 1 },
	{ "\"\xf4\x90\x80\x80\"", 0, UTF8, 1 },
	{ "[\xff]", 0, UTF8, 1 },
};

static void what_it_does_not_allow_is_said_with_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		size_t size = bad[i].size ? bad[i].size : strlen(bad[i].json);
		struct json_stats stats = { .values = 12345 };
		struct json_error error;

		assert_int_equal(scan(bad[i].json, size, &wide, &stats,
				      &error), JSON_SCAN_E_INVALID);
		if (strcmp(error.reason, bad[i].reason) ||
		    error.offset != bad[i].offset)
			fail_msg("%s: %s at %zu", bad[i].json, error.reason,
				 error.offset);
		assert_int_equal(stats.values, 12345);
	}
}

/* What may stand in a long string, and what is wrong with it if it is. */
static const struct {
	const char *text;
	size_t size;
	const char *reason;
} inner[] = {
	{ "\\\"", 2, NULL }, { "\\\\", 2, NULL }, { "\\/", 2, NULL },
	{ "\\b", 2, NULL }, { "\\f", 2, NULL }, { "\\n", 2, NULL },
	{ "\\r", 2, NULL }, { "\\t", 2, NULL }, { "\\\\\\\"", 4, NULL },
	{ "\\u09aF", 6, NULL }, { "\xf0\x9f\x98\x80", 4, NULL },
	{ "\x7f", 1, NULL },
	{ "\n", 1, CONTROL }, { "\0", 1, CONTROL }, { "\x1f", 1, CONTROL },
	{ "\\a", 2, ESCAPE }, { "\\\0", 2, ESCAPE }, { "\\\x1f", 2, ESCAPE },
	{ "\\u/000", 6, ESCAPE }, { "\\u0:00", 6, ESCAPE },
	{ "\\u00@0", 6, ESCAPE }, { "\\u000G", 6, ESCAPE },
	{ "\\u`000", 6, ESCAPE }, { "\\u0g00", 6, ESCAPE },
	{ "\\u00\xc3\xa9", 6, ESCAPE }, { "\\u0\xf0\x9f\x98\x80", 7, ESCAPE },
	{ "\xff", 1, UTF8 }, { "\xc3", 1, UTF8 }, { "\xed\xa0\xbd", 3, UTF8 },
};

static void it_is_seen_at_every_place_of_a_long_string(void **state)
{
	struct json_error error;
	struct json_stats stats;
	char json[512];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(inner); i++)
	for (size_t before = 0; before < 140; before++)
	for (size_t after = 0; after < 140; after += 23) {
		size_t n = 0;
		int r;

		json[n++] = '"';
		memset(json + n, 'a', before);
		n += before;
		memcpy(json + n, inner[i].text, inner[i].size);
		n += inner[i].size;
		memset(json + n, 'z', after);
		n += after;
		json[n++] = '"';
		r = scan(json, n, &wide, &stats, &error);
		assert_int_equal(r, inner[i].reason ? JSON_SCAN_E_INVALID : 0);
		if (!r)
			continue;
		assert_string_equal(error.reason, inner[i].reason);
		assert_int_equal(error.offset, 1 + before);
	}
}

static void every_second_backslash_begins_an_escape(void **state)
{
	struct json_error error;
	struct json_stats stats;
	char json[512];

	(void)state;
	for (size_t before = 0; before < 70; before++)
	for (size_t run = 0; run < 140; run++) {
		size_t n = 0;
		int r;

		/* After an odd run the first quote is a part of the string. */
		json[n++] = '"';
		memset(json + n, 'a', before);
		n += before;
		memset(json + n, '\\', run);
		n += run;
		json[n++] = '"';
		r = scan(json, n, &wide, &stats, &error);
		assert_int_equal(r, run % 2 ? JSON_SCAN_E_INVALID : 0);
		memset(json + n, 'b', 100);
		n += 100;
		json[n++] = '"';
		r = scan(json, n, &wide, &stats, &error);
		assert_int_equal(r, run % 2 ? 0 : JSON_SCAN_E_INVALID);
	}
}

static void no_byte_of_a_control_character_is_missed(void **state)
{
	struct json_error error;
	struct json_stats stats;
	char json[102];

	(void)state;
	for (int c = 0; c < 0x80; c++) {
		memset(json, 'a', sizeof(json));
		json[0] = json[101] = '"';
		json[50] = (char)c;
		if (c == '"' || c == '\\')
			continue;
		assert_int_equal(scan(json, sizeof(json), &wide, &stats,
				      &error),
				 c < 0x20 ? JSON_SCAN_E_INVALID : 0);
	}
}

static void values_containers_and_depth_are_counted(void **state)
{
	static const char json[] =
		"{\"a\":[1,{\"b\":[[]]},\"x\"],\"c\":null,\"d\":{}}";
	struct json_error error;
	struct json_stats stats;

	(void)state;
	assert_int_equal(scan(json, strlen(json), &wide, &stats, &error), 0);
	assert_int_equal(stats.values, 9);
	assert_int_equal(stats.containers, 6);
	assert_int_equal(stats.depth, 5);
	assert_false(stats.wide_integers);
	assert_int_equal(scan(" 1 ", 3, &wide, &stats, &error), 0);
	assert_int_equal(stats.values, 1);
	assert_int_equal(stats.containers, 0);
	assert_int_equal(stats.depth, 0);
}

static void more_values_than_allowed_are_refused(void **state)
{
	static const char json[] = "[1,{\"a\":\"b\"},[]]";
	struct json_limits limits = { .depth_max = 10, .values_max = 5 };
	struct json_error error;
	struct json_stats stats;

	(void)state;
	assert_int_equal(scan(json, strlen(json), &limits, &stats, &error), 0);
	limits.values_max = 4;
	assert_int_equal(scan(json, strlen(json), &limits, &stats, &error),
			 JSON_SCAN_E_VALUES);
	assert_int_equal(error.offset, strlen(json) - 3);
	limits.values_max = 0;
	assert_int_equal(scan("1", 1, &limits, &stats, &error),
			 JSON_SCAN_E_VALUES);
}

static void deeper_nesting_than_allowed_is_refused(void **state)
{
	/* Arrays and objects in turn, and all of the one or the other. */
	static const char *const opens[] = { "[{\"a\":", "[[", "{\"\":{\"\":" };
	static const char *const closes[] = { "}]", "]]", "}}" };
	struct json_limits limits = { .values_max = SIZE_MAX };
	struct json_error error;
	struct json_stats stats;
	char json[16384];

	(void)state;
	for (size_t kind = 0; kind < ARRAY_SIZE(opens); kind++)
	for (size_t depth = 2; depth <= JSON_DEPTH_MAX + 2; depth += 2) {
		size_t n = 0;
		int r;

		for (size_t i = 0; i < depth; i += 2)
			n += (size_t)sprintf(json + n, "%s", opens[kind]);
		json[n++] = '0';
		for (size_t i = 0; i < depth; i += 2)
			n += (size_t)sprintf(json + n, "%s", closes[kind]);
		r = scan(json, n, &wide, &stats, &error);
		assert_int_equal(r, depth > JSON_DEPTH_MAX ?
				    JSON_SCAN_E_DEPTH : 0);
		if (!r)
			assert_int_equal(stats.depth, depth);
		limits.depth_max = depth - 1;
		assert_int_equal(scan(json, n, &limits, &stats, &error),
				 JSON_SCAN_E_DEPTH);
		/* A bracket of the other kind at any level is not missed. */
		json[n - depth / 2] ^= ']' ^ '}';
		assert_int_not_equal(scan(json, n, &wide, &stats, &error), 0);
	}
	limits.depth_max = SIZE_MAX;
	memset(json, '[', sizeof(json));
	assert_int_equal(scan(json, sizeof(json), &limits, &stats, &error),
			 JSON_SCAN_E_DEPTH);
	assert_int_equal(error.offset, JSON_DEPTH_MAX);
}

static void integers_beyond_int64_are_told(void **state)
{
	static const struct {
		const char *json;
		bool wide;
	} numbers[] = {
		{ "9223372036854775807", false },
		{ "9223372036854775808", true },
		{ "-9223372036854775808", false },
		{ "-9223372036854775809", true },
		{ "9999999999999999999", true },
		{ "1000000000000000000", false },
		{ "10000000000000000000", true },
		{ "18446744073709551616", true },
		{ "9223372036854775808.0", false },
		{ "9223372036854775808e0", false },
		{ "1e300", false },
		{ "[0,{\"a\":-99999999999999999999}]", true },
		{ "\"99999999999999999999\"", false },
	};
	struct json_error error;
	struct json_stats stats;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		assert_int_equal(scan(numbers[i].json, strlen(numbers[i].json),
				      &wide, &stats, &error), 0);
		if (stats.wide_integers != numbers[i].wide)
			fail_msg("%s", numbers[i].json);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_rfc_allows_passes),
		cmocka_unit_test(what_is_cut_off_is_never_whole),
		cmocka_unit_test(what_it_does_not_allow_is_said_with_its_place),
		cmocka_unit_test(it_is_seen_at_every_place_of_a_long_string),
		cmocka_unit_test(every_second_backslash_begins_an_escape),
		cmocka_unit_test(no_byte_of_a_control_character_is_missed),
		cmocka_unit_test(values_containers_and_depth_are_counted),
		cmocka_unit_test(more_values_than_allowed_are_refused),
		cmocka_unit_test(deeper_nesting_than_allowed_is_refused),
		cmocka_unit_test(integers_beyond_int64_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
