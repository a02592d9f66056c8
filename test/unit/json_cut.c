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

static int cut(const char *json, size_t size, const char *key,
	       struct json_cut *ret_cut, struct json_error *ret_error)
{
	char *copy = copy_of(json, size);
	int r = json_scan_cut(copy, size, &wide, key, ret_cut, ret_error);

	assert_int_equal(!r, !ret_error->reason);
	free(copy);
	return r;
}

static const struct {
	const char *json;
	const char *value;	/* NULL: not found */
} cuts[] = {
	{ "{}", NULL },
	{ " { } ", NULL },
	{ "{\"dat\":1,\"data2\":2,\"Data\":3,\"\":4}", NULL },
	{ "{\"a\":{\"data\":1},\"b\":[{\"data\":2}]}", NULL },
	{ "{\"data\\\\\":1}", NULL },
	{ "{\"data\":\"x\"}", "\"x\"" },
	{ "\n{ \"data\" : \"x\" } ", "\"x\"" },
	{ "{\"data\":\"\",\"a\":1}", "\"\"" },
	{ "{\"a\":\"data\",\"data\" :\t-1.5e3\n,\"b\":[]}", "-1.5e3" },
	{ "{\"data\": null }", "null" },
	{ "{\"data\": [1, {\"data\":2}] }", "[1, {\"data\":2}]" },
	{ "{\"d\\u0061t\\u0061\":\"\\\"\"}", "\"\\\"\"" },
	{ "{\"\\u0064\\u0061\\u0074\\u0061\":true}", "true" },
};

static void a_member_of_the_top_object_is_cut_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
		const char *json = cuts[i].json, *value = cuts[i].value;
		struct json_error error;
		struct json_cut found;

		assert_int_equal(cut(json, strlen(json), "data", &found,
				     &error), 0);
		if (found.found != !!value)
			fail_msg("%s", json);
		if (value) {
			assert_int_equal(found.end - found.start,
					 strlen(value));
			assert_memory_equal(json + found.start, value,
					    strlen(value));
		}
		assert_int_equal(cut(json, strlen(json), NULL, &found,
				     &error), 0);
		assert_false(found.found);
	}
}

static void a_body_must_be_an_object(void **state)
{
	static const char *const others[] = {
		"[]", " \"a\"", "1", "null", "[{\"data\":1}]",
	};
	struct json_cut found = { .start = 777 };
	struct json_error error;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		assert_int_equal(cut(others[i], strlen(others[i]), "data",
				     &found, &error), JSON_SCAN_E_INVALID);
		assert_string_equal(error.reason, "not an object");
		assert_int_equal(error.offset, others[i][0] == ' ');
	}
	assert_int_equal(found.start, 777);
}

static void a_body_is_checked_as_strictly(void **state)
{
	static const struct {
		const char *json, *reason;
		size_t offset;
	} bad[] = {
		{ "", "unexpected end of text", 0 },
		{ " ", "unexpected end of text", 1 },
		{ "{", "unexpected end of text", 1 },
		{ "{\"data\":1", "unexpected end of text", 9 },
		{ "{\"data\":1}}", "text after the value", 10 },
		{ "{\"data\":1}{}", "text after the value", 10 },
		{ "\xef\xbb\xbf{}", "byte order mark", 0 },
		{ "{\"data\":1,}", "expected a key", 10 },
		{ "{\"data\" 1}", "expected a colon", 8 },
		{ "{\"data\":1]", "expected a comma or a bracket", 9 },
		{ "{\"data\":[1}", "expected a comma or a bracket", 10 },
		{ "{\"data\":01}", "bad number", 8 },
		{ "{\"data\":nil}", "expected a value", 8 },
		{ "{\"data\":\"\\x\"}", "bad escape", 9 },
		{ "{\"data\":\"\n\"}", "control character in a string", 9 },
		{ "{\"\\x\":1}", "bad escape", 2 },
		{ "{\"data\":\"\xff\"}", "not UTF-8", 9 },
		{ "nil", "expected a value", 0 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct json_error error;
		struct json_cut found;

		assert_int_equal(cut(bad[i].json, strlen(bad[i].json), "data",
				     &found, &error), JSON_SCAN_E_INVALID);
		assert_string_equal(error.reason, bad[i].reason);
		assert_int_equal(error.offset, bad[i].offset);
	}
}

static void a_key_given_twice_is_refused(void **state)
{
	static const char *const twice[] = {
		"{\"a\":1,\"a\":2}",
		"{\"a\":1,\"b\":2,\"c\":3,\"\\u0061\":4}",
		"{\"\":1,\"\":2}",
		"{\"\\u00e9\":1,\"\xc3\xa9\":2}",
		"{\"\\ud83d\\uDE00\":1,\"\xf0\x9f\x98\x80\":2}",
		"{\"\\/\":1,\"/\":2}",
		"{\"\\n\":1,\"\\u000A\":2}",
		"{\"data\":1,\"data\":2}",
	};
	static const char once[] =
		"{\"a\":{\"b\":1,\"b\":2},\"b\":1,\"A\":1,\"\":1,\"\\ud83d\":1,"
		"\"\\ude00\":1,\"\\ud83d\\ude00\":1,\"\xef\xbf\xbd\":1}";
	struct json_error error;
	struct json_cut found;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(twice); i++) {
		if (cut(twice[i], strlen(twice[i]), "data", &found, &error) !=
		    JSON_SCAN_E_DUPLICATE)
			fail_msg("%s", twice[i]);
		assert_true(error.offset > 1);
		assert_int_equal(twice[i][error.offset], '"');
	}
	assert_int_equal(cut(once, strlen(once), "data", &found, &error), 0);
}

/* json-c would read a key up to there, and take it for one of ours. */
static void a_key_with_a_nul_is_refused(void **state)
{
	static const char *const refused[] = {
		"{\"data\\u0000\":1}", "{\"\\u0000\":1}",
		"{\"data\":1,\"data\\u0000x\":2}",
	};
	static const char below[] = "{\"a\":{\"data\\u0000\":\"\\u0000\"}}";
	struct json_error error;
	struct json_cut found;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		if (cut(refused[i], strlen(refused[i]), "data", &found,
			&error) != JSON_SCAN_E_INVALID)
			fail_msg("%s", refused[i]);
		assert_string_equal(error.reason, "a key with a NUL");
		assert_int_equal(refused[i][error.offset], '"');
	}
	assert_int_equal(cut(below, strlen(below), "data", &found, &error), 0);
}

/* An object of @n keys in a mixed order, the last of them @last. */
static size_t many_keys(size_t n, size_t last, char *json)
{
	size_t size = (size_t)sprintf(json, "{");

	for (size_t i = 0; i < n - 1; i++)
		size += (size_t)sprintf(json + size, "\"k%zu\":0,",
					i * 7919 % (n - 1));
	return size + (size_t)sprintf(json + size, "\"k%zu\":0}", last);
}

static void keys_are_compared_up_to_a_number_and_a_length(void **state)
{
	static char json[65536];
	struct json_error error;
	struct json_cut found;
	size_t n;

	(void)state;
	n = many_keys(JSON_KEYS_MAX, JSON_KEYS_MAX, json);
	assert_int_equal(cut(json, n, "k0", &found, &error), 0);
	assert_true(found.found);
	for (size_t last = 0; last < JSON_KEYS_MAX - 1; last += 31) {
		n = many_keys(JSON_KEYS_MAX, last, json);
		assert_int_equal(cut(json, n, "k0", &found, &error),
				 JSON_SCAN_E_DUPLICATE);
	}
	n = many_keys(JSON_KEYS_MAX + 1, JSON_KEYS_MAX + 1, json);
	assert_int_equal(cut(json, n, "k0", &found, &error),
			 JSON_SCAN_E_VALUES);

	n = (size_t)sprintf(json, "{\"%0*d\":1}", (int)JSON_KEY_MAX, 0);
	assert_int_equal(cut(json, n, "k0", &found, &error), 0);
	n = (size_t)sprintf(json, "{\"%0*d\":1}", (int)JSON_KEY_MAX + 1, 0);
	assert_int_equal(cut(json, n, "k0", &found, &error),
			 JSON_SCAN_E_VALUES);
	n = (size_t)sprintf(json, "{\"a\":{\"%0*d\":1}}", (int)JSON_KEY_MAX + 1,
			    0);
	assert_int_equal(cut(json, n, "k0", &found, &error), 0);
}

static void limits_hold_for_a_body_too(void **state)
{
	static const char json[] = "{\"a\":[1,[2]],\"data\":\"x\"}";
	struct json_limits limits = { .depth_max = 3, .values_max = 6 };
	struct json_error error;
	struct json_cut found;

	(void)state;
	assert_int_equal(json_scan_cut(json, strlen(json), &limits, "data",
				       &found, &error), 0);
	limits.values_max = 5;
	assert_int_equal(json_scan_cut(json, strlen(json), &limits, "data",
				       &found, &error), JSON_SCAN_E_VALUES);
	limits = (struct json_limits){ .depth_max = 2, .values_max = 6 };
	assert_int_equal(json_scan_cut(json, strlen(json), &limits, "data",
				       &found, &error), JSON_SCAN_E_DEPTH);
	limits.depth_max = 0;
	assert_int_equal(json_scan_cut("{}", 2, &limits, "data", &found,
				       &error), JSON_SCAN_E_DEPTH);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_member_of_the_top_object_is_cut_out),
		cmocka_unit_test(a_body_must_be_an_object),
		cmocka_unit_test(a_body_is_checked_as_strictly),
		cmocka_unit_test(a_key_given_twice_is_refused),
		cmocka_unit_test(a_key_with_a_nul_is_refused),
		cmocka_unit_test(keys_are_compared_up_to_a_number_and_a_length),
		cmocka_unit_test(limits_hold_for_a_body_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
