/* SPDX-License-Identifier: MIT */

/* Parameters of a query, and a chunk's data in either form. */

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
static const struct field chunk_fields[] = {
	{ "sessionId", FIELD_ID, offsetof(struct in, id), 0, false },
	{ "n", FIELD_UINT, offsetof(struct in, number), 0, false },
	{ "data", FIELD_DATA, offsetof(struct in, chunk), 0, false },
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

/* Asserts a 400 whose words name the field. */
static void assert_invalid(int r, const char *name, const char *given)
{
	if (r != REQUEST_E_INVALID || !strstr(req.invalid, name))
		fail_msg("%s gave %d: %s", given, r, req.invalid);
}

static void data_of_a_body_is_text(void **state)
{
	static const struct {
		const char *json, *value;
	} good[] = {
		{ "\"\"", "" }, { "\"12345678\"", "12345678" },
		{ "\"\\u0041\\n\"", "A\n" },
		{ "\"\\ud83d\\ude00\\ud83d\\ude00\"",
		  "\xf0\x9f\x98\x80\xf0\x9f\x98\x80" },
		/* Half a pair stays what it is. */
		{ "\"x\\ud83d\"", "x\xed\xa0\xbd" },
		{ "\"\\ude00x\"", "\xed\xb8\x80x" },
	};
	static const char *const order[] = {
		"{\"data\":%s,\"sessionId\":\"" ID "\",\"n\":7}",
		"{\"sessionId\":\"" ID "\",\"n\":7,\"data\":%s}",
		" { \"n\" : 7 , \"d\\u0061ta\" : %s , \"x\" : \"data\" , "
		"\"sessionId\" : \"" ID "\" } ",
	};
	char body[256];
	struct in in;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good) * ARRAY_SIZE(order); i++) {
		size_t n = i / ARRAY_SIZE(order), split;
		const char *form = order[i % ARRAY_SIZE(order)];

		split = (size_t)(strstr(form, "%s") - form);
		snprintf(body, sizeof(body), "%.*s%s%s", (int)split, form,
			 good[n].json, form + split + 2);
		print_message("%s\n", body);
		assert_int_equal(parse(body, chunk_fields, 3, &in), 0);
		assert_string_equal(in.id, ID);
		assert_int_equal(in.number, 7);
		assert_int_equal(in.chunk.info.kind, CHUNK_TEXT);
		assert_int_equal(in.chunk.info.size, strlen(good[n].value));
		assert_memory_equal(in.chunk.data, good[n].value,
				    in.chunk.info.size);
	}
}

static int parse_data(const char *value, struct in *ret_in)
{
	char body[256];

	snprintf(body, sizeof(body), "{\"sessionId\":\"" ID "\",\"n\":0,"
		 "\"data\":%s}", value);
	return parse(body, chunk_fields, 3, ret_in);
}

static void data_may_have_a_nul(void **state)
{
	struct in in;

	(void)state;
	assert_int_equal(parse_data("\"a\\u0000b\"", &in), 0);
	assert_int_equal(in.chunk.info.size, 3);
	assert_memory_equal(in.chunk.data, "a\0b", 3);
}

static void data_of_another_type_or_too_long_is_refused(void **state)
{
	static const char *const bad[] = {
		"null", "5", "true", "[]", "[\"a\"]", "{}",
	};
	static const char *const large[] = {
		"\"123456789\"", "\"\\u0031\\u003233456789\"",
		"\"\\ud83d\\ude00\\ud83d\\ude00x\"",
	};
	struct in in;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_invalid(parse_data(bad[i], &in), i ? "data must be" :
			       "data is missing", bad[i]);
	assert_invalid(parse("{\"sessionId\":\"" ID "\",\"n\":0}",
			     chunk_fields, 3, &in), "data", "absent");
	assert_invalid(parse("{\"data\":\"a\",\"data\":\"a\",\"n\":0}",
			     chunk_fields, 3, &in), "data", "twice");
	for (size_t i = 0; i < ARRAY_SIZE(large); i++) {
		assert_int_equal(parse_data(large[i], &in),
				 REQUEST_E_TOO_LARGE);
		assert_string_equal(req.limit, "maxChunkSize");
		assert_int_equal(req.limit_max, DATA_MAX);
	}
}

static int parse_query(const char *query, const char *body, size_t size,
		       struct in *ret_in)
{
	return parse_bytes(HTTP_PUT, query, body, size, chunk_fields, 3,
			   ret_in);
}

static void body_is_raw_when_the_id_is_in_the_query(void **state)
{
	struct in in;

	(void)state;
	assert_int_equal(parse_query("n=12&sessionId=" ID, "\0\xff{}\"", 5,
				     &in), 0);
	assert_string_equal(in.id, ID);
	assert_int_equal(in.number, 12);
	assert_int_equal(in.chunk.info.kind, CHUNK_RAW);
	assert_int_equal(in.chunk.info.size, 5);
	assert_memory_equal(in.chunk.data, "\0\xff{}\"", 5);
	assert_int_equal(parse_query("n=12&sessionId=" ID, "", 0, &in), 0);
	assert_int_equal(in.chunk.info.size, 0);
	assert_int_equal(parse_query("n=12&sessionId=" ID, "123456789", 9,
				     &in), REQUEST_E_TOO_LARGE);
	assert_string_equal(req.limit, "maxChunkSize");
	/* Also by POST; and without the id it is JSON, whatever else. */
	assert_int_equal(parse_bytes(HTTP_POST, "sessionId=" ID "&n=1", "{}",
				     2, chunk_fields, 3, &in), 0);
	assert_int_equal(in.chunk.info.kind, CHUNK_RAW);
	assert_invalid(parse_query("n=1", "abc", 3, &in), "JSON", "abc");
}

static void only_data_makes_a_body_raw(void **state)
{
	struct in in;

	(void)state;
	assert_int_equal(parse_bytes(HTTP_POST, "sessionId=x",
				     "{\"sessionId\":\"" ID "\"}", 56,
				     id_field, 1, &in), 0);
	assert_string_equal(in.id, ID);
}

static void numbers_of_a_query_are_plain_digits(void **state)
{
	static const struct {
		const char *digits;
		uint64_t value;
	} good[] = {
		{ "0", 0 }, { "007", 7 }, { "%30", 0 },
		{ "18446744073709551615", UINT64_MAX },
		{ "18446744073709551616", UINT64_MAX },
		{ "18446744073709551617", UINT64_MAX },
		{ "99999999999999999999999999999999999", UINT64_MAX },
	};
	static const char *const bad[] = {
		"", "-1", "-0", "+1", "%2B1", "1.0", "1e2", "0x1", " 1", "1+",
		"1%20", "%00", "1%00", "1%", "%D9%A1", "one", "1&n=1", "1,000",
	};
	char query[256];
	struct in in;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		snprintf(query, sizeof(query), "n=%s", good[i].digits);
		assert_int_equal(parse_bytes(HTTP_GET, query, "", 0,
					     number_field, 1, &in), 0);
		assert_true(in.number == good[i].value);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(query, sizeof(query), "n=%s", bad[i]);
		assert_invalid(parse_bytes(HTTP_DELETE, query, "", 0,
					   number_field, 1, &in), "n ",
			       bad[i]);
	}
	assert_invalid(parse_bytes(HTTP_GET, "", "{\"n\":1}", 7, number_field,
				   1, &in), "n ", "body of GET");
}

static void ids_of_a_query(void **state)
{
	static const char *const none[] = {
		"sessionId", "sessionId=", "sessionId=x", "sessionId=" ID "0",
		"sessionId=../x", "sessionId=" ID "%20",
	};
	char longest[600];
	struct in in;

	(void)state;
	assert_int_equal(parse_bytes(HTTP_GET, "a=b&sessionId=" ID "&c", "", 0,
				     id_field, 1, &in), 0);
	assert_string_equal(in.id, ID);
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		assert_int_equal(parse_bytes(HTTP_GET, none[i], "", 0,
					     id_field, 1, &in), 0);
		assert_string_equal(in.id, "");
	}
	snprintf(longest, sizeof(longest), "sessionId=%0500d", 1);
	assert_int_equal(parse_bytes(HTTP_GET, longest, "", 0, id_field, 1,
				     &in), 0);
	assert_string_equal(in.id, "");
	assert_invalid(parse_bytes(HTTP_GET, "sessionId=" ID "&sessionId=" ID,
				   "", 0, id_field, 1, &in), "sessionId",
		       "twice");
	assert_invalid(parse_bytes(HTTP_GET, "session=" ID, "", 0, id_field, 1,
				   &in), "sessionId", "absent");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest cases[] = {
	CASE(data_of_a_body_is_text),
	CASE(data_may_have_a_nul),
	CASE(data_of_another_type_or_too_long_is_refused),
	CASE(body_is_raw_when_the_id_is_in_the_query),
	CASE(only_data_makes_a_body_raw),
	CASE(numbers_of_a_query_are_plain_digits),
	CASE(ids_of_a_query),
};

int main(void)
{
	return cmocka_run_group_tests(cases, NULL, NULL);
}
