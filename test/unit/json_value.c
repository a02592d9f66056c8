/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "common/base.h"
#include "common/json_value.h"

static struct json_value value_of(const char *json)
{
	return json_value_of(json, strlen(json));
}

static void names_are_compared_after_their_escapes(void **state)
{
	static const char *const same[] = {
		"\"data\"", "\"d\\u0061ta\"", "\"\\u0064\\u0061\\u0074\\u0061\"",
	};
	static const char *const others[] = {
		"\"\"", "\"dat\"", "\"data2\"", "\"Data\"", "\"d\\u00e1ta\"",
		/* A NUL is a character, and ends no name. */
		"\"data\\u0000\"", "\"data\\u0000x\"", "\"\\u0000\"",
		"\"\\u0000data\"",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		if (!json_is_name(value_of(same[i]), "data"))
			fail_msg("%s", same[i]);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (json_is_name(value_of(others[i]), "data"))
			fail_msg("%s", others[i]);
	assert_true(json_is_name(value_of("\"\""), ""));
	assert_false(json_is_name(value_of("\"\\u0000\""), ""));
	assert_true(json_is_name(value_of("\"\\u00e5\""), "\xc3\xa5"));
}

static void the_first_member_of_a_name_is_found(void **state)
{
	static const char json[] = " {\"data\\u0000\":1, \"a\":{\"data\":2},"
				   "\"b\":\"\\\"data\\\":3\" ,\"data\" : 4,"
				   "\"data\":5} ";
	struct json_value value;
	int64_t number;

	(void)state;
	assert_true(json_member(value_of(json), "data", &value));
	assert_int_equal(json_int(value, &number), 0);
	assert_int_equal(number, 4);
	assert_false(json_member(value_of(json), "c", &value));
	assert_false(json_member(value_of("{}"), "data", &value));
	assert_false(json_member(value_of("[\"data\"]"), "data", &value));
}

static void a_text_fits_with_its_nul(void **state)
{
	char text[8];
	size_t len;

	(void)state;
	assert_int_equal(json_text(value_of("\"1234567\""), text,
				   sizeof(text), &len), 0);
	assert_int_equal(len, 7);
	assert_string_equal(text, "1234567");
	assert_int_equal(json_text(value_of("\"12345678\""), text,
				   sizeof(text), &len), -EMSGSIZE);
	assert_int_equal(json_text(value_of("\"12345\\u00e5\""), text,
				   sizeof(text), &len), 0);
	assert_int_equal(json_text(value_of("\"123456\\u00e5\""), text,
				   sizeof(text), &len), -EMSGSIZE);
	assert_int_equal(json_text(value_of("\"\\ud800x\\udc00\""), text,
				   sizeof(text), &len), 0);
	assert_string_equal(text, "\xef\xbf\xbdx\xef\xbf\xbd");
	assert_int_equal(json_text(value_of("1"), text, sizeof(text), &len),
			 -EBADMSG);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_compared_after_their_escapes),
		cmocka_unit_test(the_first_member_of_a_name_is_found),
		cmocka_unit_test(a_text_fits_with_its_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
