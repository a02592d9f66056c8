/* SPDX-License-Identifier: MIT */

/* Parameters of a JSON body: every type, right and wrong. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "common/fields.h"

#define ID "1700000000000-01234567890123456789012345"
#define DATA_MAX 8

struct in {
	char id[SESSION_ID_LEN + 1];
	uint64_t number;
	bool flag;
	char text[9];
	char name[9];
	struct chunk chunk;
};

static const struct field id_field[] = {
	{ "sessionId", FIELD_ID, offsetof(struct in, id), 0, false },
};
static const struct field number_field[] = {
	{ "n", FIELD_UINT, offsetof(struct in, number), 0, false },
};
static const struct field flag_field[] = {
	{ "flag", FIELD_BOOL, offsetof(struct in, flag), 0, false },
};
static const struct field text_field[] = {
	{ "text", FIELD_STRING, offsetof(struct in, text), 9, false },
};
static const struct field name_field[] = {
	{ "name", FIELD_NAME, offsetof(struct in, name), 9, false },
};
static const struct field optional_fields[] = {
	{ "n", FIELD_UINT, offsetof(struct in, number), 0, true },
	{ "flag", FIELD_BOOL, offsetof(struct in, flag), 0, true },
	{ "text", FIELD_STRING, offsetof(struct in, text), 9, true },
	{ "name", FIELD_NAME, offsetof(struct in, name), 9, true },
};

static struct request req;

static int setup(void **state)
{
	(void)state;
	request_init(&req);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	request_done(&req);
	return 0;
}

static int parse_bytes(enum http_method method, const char *query,
		       const char *body, size_t size,
		       const struct field *fields, size_t n, struct in *ret_in)
{
	request_end(&req);
	req.method = method;
	req.query = query;
	assert_int_equal(buf_append(&req.body, body, size), 0);
	*ret_in = (struct in){ 0 };
	return request_fields(&req, fields, n, DATA_MAX, ret_in);
}

static int parse(const char *body, const struct field *fields, size_t n,
		 struct in *ret_in)
{
	return parse_bytes(HTTP_POST, "", body, strlen(body), fields, n,
			   ret_in);
}

/* A body of one field whose value is @value as JSON. */
static int parse_value(const char *value, const struct field *field,
		       struct in *ret_in)
{
	char body[2048];

	snprintf(body, sizeof(body), "{\"%s\":%s}", field->name, value);
	return parse(body, field, 1, ret_in);
}

/* Asserts a 400 whose words name the field. */
static void assert_invalid(int r, const char *name, const char *given)
{
	if (r != REQUEST_E_INVALID || !strstr(req.invalid, name))
		fail_msg("%s gave %d: %s", given, r, req.invalid);
}

static void integers(void **state)
{
	static const struct {
		const char *json;
		uint64_t value;
	} good[] = {
		{ "0", 0 }, { "1", 1 }, { "-0", 0 }, { "-0.0", 0 },
		{ "1.0", 1 }, { "1.000", 1 }, { "1e2", 100 }, { "1E+2", 100 },
		{ "100e-2", 1 }, { "0.2e1", 2 }, { "0e99", 0 },
		{ "4294967296", UINT64_C(4294967296) },
		{ "9007199254740993", UINT64_C(9007199254740993) },
		{ "9223372036854775807", INT64_MAX },
		/* Larger than any limit, and told so. */
		{ "9223372036854775808", UINT64_C(9223372036854775808) },
		{ "18446744073709551615", UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX },
		{ "999999999999999999999999999999", UINT64_MAX },
		{ "1e19", UINT64_MAX }, { "1e300", UINT64_MAX },
		{ "9223372036854775808.0", UINT64_MAX },
	};
	static const char *const bad[] = {
		"null", "true", "false", "\"1\"", "\"\"", "[]", "[1]", "{}",
		"{\"n\":1}", "-1", "-1.0", "-1e300", "-9223372036854775808",
		"-9223372036854775809", "-999999999999999999999999999999",
		"0.5", "1.5", "1e-3", "-0.5", "1.0000001",
	};
	struct in in;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		print_message("%s\n", good[i].json);
		assert_int_equal(parse_value(good[i].json, number_field, &in),
				 0);
		assert_true(in.number == good[i].value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_invalid(parse_value(bad[i], number_field, &in), "n ",
			       bad[i]);
		if (bad[i][0] == '-')
			assert_string_equal(req.invalid,
					    "n must not be negative");
	}
}

static void flags(void **state)
{
	static const char *const bad[] = {
		"null", "0", "1", "\"true\"", "\"\"", "[]", "{}",
	};
	struct in in;

	(void)state;
	assert_int_equal(parse_value("true", flag_field, &in), 0);
	assert_true(in.flag);
	assert_int_equal(parse_value("false", flag_field, &in), 0);
	assert_false(in.flag);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_invalid(parse_value(bad[i], flag_field, &in), "flag",
			       bad[i]);
}

static void texts(void **state)
{
	static const struct {
		const char *json, *value;
	} good[] = {
		{ "\"\"", "" }, { "\"12345678\"", "12345678" },
		{ "\"\xc3\xa9\\u00e9\"", "\xc3\xa9\xc3\xa9" },
		{ "\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80" },
		/* Half a character is none. */
		{ "\"\\ud83d\"", "\xef\xbf\xbd" },
		{ "\"a\\n\\\"\"", "a\n\"" },
	};
	static const char *const bad[] = {
		"null", "0", "true", "[]", "[\"a\"]", "{}", "\"123456789\"",
		"\"a\\u0000b\"", "\"\\u0000\"",
	};
	struct in in;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(parse_value(good[i].json, text_field, &in),
				 0);
		assert_string_equal(in.text, good[i].value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_invalid(parse_value(bad[i], text_field, &in), "text",
			       bad[i]);
		assert_invalid(parse_value(bad[i], name_field, &in), "name",
			       bad[i]);
	}
	assert_invalid(parse_value("\"\"", name_field, &in), "name", "\"\"");
}

static void ids(void **state)
{
	/* Of another shape or type: no session has it. */
	static const char *const none[] = {
		"\"\"", "0", "1e300", "true", "false", "[]", "[\"" ID "\"]",
		"{}", "{\"$ne\":\"\"}", "\"" ID "x\"", "\"x" ID "\"",
		"\"../../etc\"", "\"" ID "\\u0000\"", "\" " ID "\"",
		"\"1700000000000-0123456789012345678901234i\"",
		"\"1700000000000-abcdefghjkmnpqrstvwxyz0123\"",
	};
	struct in in;

	(void)state;
	assert_int_equal(parse_value("\"" ID "\"", id_field, &in), 0);
	assert_string_equal(in.id, ID);
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		print_message("%s\n", none[i]);
		assert_int_equal(parse_value(none[i], id_field, &in), 0);
		assert_string_equal(in.id, "");
	}
	assert_invalid(parse_value("null", id_field, &in), "sessionId",
		       "null");
	assert_invalid(parse("{}", id_field, 1, &in), "sessionId", "{}");
}

static void optional_ones_may_be_absent_or_null(void **state)
{
	static const char *const bodies[] = {
		"{}", " \t\r\n{ } \n",
		"{\"n\":null,\"flag\":null,\"text\":null,\"name\":null}",
		"{\"unknown\":{\"n\":[1]},\"N\":5,\"n \":5}",
	};
	struct in in, nothing = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		assert_int_equal(parse(bodies[i], optional_fields,
				       ARRAY_SIZE(optional_fields), &in), 0);
		assert_memory_equal(&in, &nothing, sizeof(in));
	}
	/* Of the wrong type they are as wrong as others. */
	assert_invalid(parse("{\"n\":\"5\"}", optional_fields,
			     ARRAY_SIZE(optional_fields), &in), "n ", "n");
	assert_invalid(parse("{\"name\":\"\"}", optional_fields,
			     ARRAY_SIZE(optional_fields), &in), "name",
		       "name");
}

static void body_that_is_no_object_is_refused(void **state)
{
	static const char *const bodies[] = {
		"", " ", "null", "5", "\"\"", "[]", "[{}]", "{", "}", "{}}",
		"{} {}", "{\"n\":1", "{\"n\":1,}", "{\"n\" 1}", "{n:1}",
		"{'n':1}", "\xef\xbb\xbf{}", "{\"n\":NaN}", "{\"n\":01}",
		"{\"n\":+1}", "{\"n\":1.}", "{\"n\":Infinity}", "{}\xff",
		"{\"n\":1}\x01", "/**/{}", "{\"a\":\"\x01\"}",
		"{\"a\":\"\xed\xa0\x80\"}", "{\"a\":\"\\x\"}",
	};
	struct in in;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++)
		assert_invalid(parse(bodies[i], optional_fields,
				     ARRAY_SIZE(optional_fields), &in),
			       "JSON object", bodies[i]);
	/* A NUL ends nothing. */
	assert_invalid(parse_bytes(HTTP_POST, "", "{}\0", 3, optional_fields,
				   ARRAY_SIZE(optional_fields), &in),
		       "JSON object", "NUL");
}

static void deep_or_wide_bodies_are_refused(void **state)
{
	char body[65536], *out = body;
	struct in in;

	(void)state;
	out = stpcpy(body, "{\"a\":");
	out = memset(out, '[', 100), out += 100;
	memset(out, ']', 100);
	strcpy(out + 100, "}");
	assert_invalid(parse(body, optional_fields, 1, &in), "deeper", "deep");
	out = stpcpy(body, "{\"a\":[0");
	for (int i = 0; i < 10000; i++)
		out = stpcpy(out, ",0");
	strcpy(out, "]}");
	assert_invalid(parse(body, optional_fields, 1, &in), "too many",
		       "wide");
}

static void key_given_twice_is_named(void **state)
{
	static const struct {
		const char *body, *words;
	} cases[] = {
		{ "{\"n\":1,\"n\":1}", "n is given twice" },
		{ "{\"n\":1,\"n\":null}", "n is given twice" },
		{ "{\"n\":null,\"n\":1}", "n is given twice" },
		{ "{\"\\u006e\":1,\"n\":1}", "n is given twice" },
		{ "{\"n\":1,\"x\":2,\"\\u006E\":1}", "n is given twice" },
		{ "{\"fl\\u0061g\":true,\"flag\":true}",
		  "flag is given twice" },
		{ "{\"x\":1,\"x\":1}", "The body has a key twice" },
		{ "{\"\\ud800\":1,\"\\ud800\":1}", "The body has a key twice" },
		{ "{\"\\\"\":1,\"\\\"\":1}", "The body has a key twice" },
		{ "{\"\":1,\"\":1}", "The body has a key twice" },
	};
	char body[2300], *out;
	struct in in;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		print_message("%s\n", cases[i].body);
		assert_int_equal(parse(cases[i].body, optional_fields,
				       ARRAY_SIZE(optional_fields), &in),
				 REQUEST_E_INVALID);
		assert_string_equal(req.invalid, cases[i].words);
	}
	/* The longest key that is compared. */
	out = stpcpy(body, "{\"");
	out = (char *)memset(out, 'k', 1024) + 1024;
	out = stpcpy(out, "\":1,\"");
	out = (char *)memset(out, 'k', 1024) + 1024;
	strcpy(out, "\":1}");
	assert_invalid(parse(body, optional_fields, 1, &in), "twice", "k");
	/* Deeper down it is somebody else's. */
	assert_int_equal(parse("{\"a\":{\"n\":1,\"n\":2},\"n\":3}",
			       number_field, 1, &in), 0);
	assert_int_equal(in.number, 3);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest cases[] = {
	CASE(integers),
	CASE(flags),
	CASE(texts),
	CASE(ids),
	CASE(optional_ones_may_be_absent_or_null),
	CASE(body_that_is_no_object_is_refused),
	CASE(deep_or_wide_bodies_are_refused),
	CASE(key_given_twice_is_named),
};

int main(void)
{
	return cmocka_run_group_tests(cases, NULL, NULL);
}
