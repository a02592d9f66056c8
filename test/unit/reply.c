/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "common/reply.h"

static struct reply reply;

static int setup(void **state)
{
	(void)state;
	reply_init(&reply);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	reply_done(&reply);
	return 0;
}

static void assert_body(const char *expected)
{
	assert_string_equal(reply.body.data, expected);
	assert_int_equal(reply.body.size, strlen(expected));
}

static void every_field_has_its_form(void **state)
{
	const struct answer answer = {
		.status = 200, .body = (char *)"[1]", .body_size = 3,
	};
	struct chunk_list list = { 0 };

	(void)state;
	reply_open(&reply, 200);
	reply_string(&reply, "s", "text");
	reply_uint(&reply, "u", UINT64_MAX);
	reply_uint(&reply, "zero", 0);
	reply_bool(&reply, "t", true);
	reply_bool(&reply, "f", false);
	reply_time(&reply, "when", 1700000000123);
	reply_result(&reply, "result", &answer);
	reply_missing(&reply, &list, 1);
	assert_int_equal(reply_close(&reply), 0);
	assert_int_equal(reply.status, 200);
	assert_null(reply.code);
	assert_body("{\"s\":\"text\",\"u\":18446744073709551615,\"zero\":0,"
		    "\"t\":true,\"f\":false,"
		    "\"when\":\"2023-11-14T22:13:20.123Z\","
		    "\"result\":[1],\"missing\":[[0,0]]}");
}

static void empty_object(void **state)
{
	(void)state;
	reply_open(&reply, 204);
	assert_int_equal(reply_close(&reply), 0);
	assert_body("{}");
}

static void texts_are_escaped_and_come_back(void **state)
{
	struct json_object *root, *value;
	char text[256], *out = text;

	(void)state;
	for (int c = 1; c < 0x80; c++)
		*out++ = (char)c;
	strcpy(out, "\xc3\xa9\xf0\x9f\x98\x80");
	reply_open(&reply, 200);
	reply_string(&reply, "s", text);
	reply_string(&reply, "empty", "");
	reply_string(&reply, "\"\\", "\n");
	assert_int_equal(reply_close(&reply), 0);
	root = json_tokener_parse(reply.body.data);
	assert_true(json_object_object_get_ex(root, "s", &value));
	assert_string_equal(json_object_get_string(value), text);
	assert_true(json_object_object_get_ex(root, "\"\\", &value));
	assert_string_equal(json_object_get_string(value), "\n");
	json_object_put(root);
	/* Nothing below a space stands there raw. */
	for (size_t i = 0; i < reply.body.size; i++)
		assert_true((unsigned char)reply.body.data[i] >= ' ');
}

static void missing(const char *held, uint32_t total, const char *expected)
{
	struct chunk_list list = { 0 };
	char whole[256];

	for (uint32_t i = 0; held[i]; i++)
		if (held[i] == 'x')
			assert_int_equal(chunk_list_add(&list,
				&(struct chunk_info){ .index = i }), 0);
	reply_open(&reply, 200);
	reply_missing(&reply, &list, total);
	assert_int_equal(reply_close(&reply), 0);
	snprintf(whole, sizeof(whole), "{\"missing\":%s}", expected);
	assert_body(whole);
	chunk_list_done(&list);
}

static void missing_chunks_are_ranges(void **state)
{
	(void)state;
	missing("", 0, "[]");
	missing("", 1, "[[0,0]]");
	missing("", 10000, "[[0,9999]]");
	missing("x", 1, "[]");
	missing("xxxx", 4, "[]");
	missing(".xxx", 4, "[[0,0]]");
	missing("xxx.", 4, "[[3,3]]");
	missing("x..x", 4, "[[1,2]]");
	missing(".x.x.", 5, "[[0,0],[2,2],[4,4]]");
	missing("..xx...x..", 10, "[[0,1],[4,6],[8,9]]");
	missing("", UINT32_MAX, "[[0,4294967294]]");
	/* What is held beyond the end is none of them. */
	missing("xx..x", 3, "[[2,2]]");
}

static void many_ranges_fit(void **state)
{
	struct chunk_list list = { 0 };

	(void)state;
	for (uint32_t i = 0; i < 1000000; i += 2)
		assert_int_equal(chunk_list_add(&list,
				&(struct chunk_info){ .index = i }), 0);
	reply_open(&reply, 200);
	reply_missing(&reply, &list, 1000000);
	assert_int_equal(reply_close(&reply), 0);
	assert_non_null(strstr(reply.body.data, ",[999999,999999]]}"));
	chunk_list_done(&list);
	/* The next one does not pay for it. */
	reply_end(&reply);
	assert_null(reply.body.data);
}

static void errors_have_two_fields_and_more(void **state)
{
	(void)state;
	assert_int_equal(reply_error(&reply, 409, "conflict", "No"), 0);
	assert_int_equal(reply.status, 409);
	assert_string_equal(reply.code, "conflict");
	assert_body("{\"error\":\"No\",\"code\":\"conflict\"}");
	assert_int_equal(reply_too_large(&reply, "Big", "maxSize", 9), 0);
	assert_int_equal(reply.status, 413);
	assert_body("{\"error\":\"Big\",\"code\":\"too_large\","
		    "\"limit\":\"maxSize\",\"max\":9}");
	assert_int_equal(reply_no_session(&reply), 0);
	assert_int_equal(reply.status, 404);
	assert_body("{\"error\":\"Upload session not found or expired\","
		    "\"code\":\"not_found\"}");
	assert_int_equal(reply.retry_after, 0);
	assert_int_equal(reply_claimed(&reply), 0);
	assert_int_equal(reply.status, 409);
	assert_int_equal(reply.retry_after, REPLY_RETRY_CLAIMED);
	assert_int_equal(reply_unavailable(&reply), 0);
	assert_int_equal(reply.status, 503);
	assert_int_equal(reply.retry_after, REPLY_RETRY_SICK);
}

static void reply_begun_anew_forgets_the_one_before(void **state)
{
	(void)state;
	assert_int_equal(reply_claimed(&reply), 0);
	reply_open(&reply, 200);
	reply_bool(&reply, "success", true);
	assert_int_equal(reply_close(&reply), 0);
	assert_int_equal(reply.status, 200);
	assert_int_equal(reply.retry_after, 0);
	assert_null(reply.code);
	assert_body("{\"success\":true}");
}

static void first_failure_sticks_until_it_is_begun_anew(void **state)
{
	(void)state;
	/* What comes after it would fit. */
	reply.body.max = 8;
	reply_open(&reply, 200);
	reply_string(&reply, "s", "much too long");
	assert_int_equal(reply_close(&reply), -ENOBUFS);
	assert_string_equal(reply.body.data, "{\"s\":\"\"}");
	assert_int_equal(reply_error(&reply, 400, "bad_request", "no"),
			 -ENOBUFS);
	reply.body.max = REPLY_BODY_MAX;
	reply_open(&reply, 200);
	assert_int_equal(reply_close(&reply), 0);
}

static void answers_stand_as_they_are(void **state)
{
	static char body[] = "{\"a\" : [ 1,\n2 ]}";
	struct answer answer = {
		.status = 201, .persistent_id = "route:1", .body = body,
		.body_size = sizeof(body) - 1,
	};

	(void)state;
	assert_int_equal(reply_answer(&reply, &answer), 0);
	assert_int_equal(reply.status, 201);
	assert_body(body);
	answer.body = NULL;
	assert_int_equal(reply_answer(&reply, &answer), 0);
	assert_int_equal(reply.status, 201);
	assert_body("{\"persistentId\":\"route:1\"}");
	reply_open(&reply, 200);
	reply_result(&reply, "result", &answer);
	assert_int_equal(reply_close(&reply), 0);
	assert_body("{\"result\":{\"persistentId\":\"route:1\"}}");
	answer.body = body;
	answer.body_size = REPLY_BODY_MAX + 1;
	reply.body.max = 4;
	assert_int_equal(reply_answer(&reply, &answer), -ENOBUFS);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest cases[] = {
	CASE(every_field_has_its_form),
	CASE(empty_object),
	CASE(texts_are_escaped_and_come_back),
	CASE(missing_chunks_are_ranges),
	CASE(many_ranges_fit),
	CASE(errors_have_two_fields_and_more),
	CASE(reply_begun_anew_forgets_the_one_before),
	CASE(first_failure_sticks_until_it_is_begun_anew),
	CASE(answers_stand_as_they_are),
};

int main(void)
{
	return cmocka_run_group_tests(cases, NULL, NULL);
}
