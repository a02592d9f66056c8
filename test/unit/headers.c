/* SPDX-License-Identifier: MIT */

/* What comes beside a body: queries, Content-Digest, CORS. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/content_digest.h"
#include "common/cors.h"
#include "common/query.h"

static void test_query_values(void **state)
{
	static const struct {
		const char *query;
		int r;
		const char *value;
	} cases[] = {
		{ "", QUERY_E_ABSENT, NULL },
		{ "b=1", QUERY_E_ABSENT, NULL },
		{ "aa=1", QUERY_E_ABSENT, NULL },
		{ "A=1", QUERY_E_ABSENT, NULL },
		{ "a", 0, "" },
		{ "a=", 0, "" },
		{ "a=1", 0, "1" },
		{ "&&a=1&", 0, "1" },
		{ "b=2&a=1&c", 0, "1" },
		{ "a=1=2", 0, "1=2" },
		{ "a=%41%2d+x", 0, "A- x" },
		{ "a=%e2%82%ac", 0, "\xe2\x82\xac" },
		{ "a=%", QUERY_E_INVALID, NULL },
		{ "a=%4", QUERY_E_INVALID, NULL },
		{ "a=%4g", QUERY_E_INVALID, NULL },
		{ "a=%00", QUERY_E_INVALID, NULL },
		{ "a=1&a=1", QUERY_E_INVALID, NULL },
		{ "a=1&a", QUERY_E_INVALID, NULL },
		{ "a=1234567", 0, "1234567" },
		{ "a=12345678", QUERY_E_LONG, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char value[8];

		print_message("?%s\n", cases[i].query);
		assert_int_equal(query_get(cases[i].query, "a", value,
					   sizeof(value)), cases[i].r);
		if (cases[i].r == 0)
			assert_string_equal(value, cases[i].value);
		assert_int_equal(query_has(cases[i].query, "a"),
				 cases[i].r != QUERY_E_ABSENT);
	}
}

#define EMPTY "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static void test_content_digests(void **state)
{
	static const struct {
		const char *value;
		int r;
	} cases[] = {
		{ "sha-256=:" EMPTY ":", 0 },
		{ "  sha-256=:" EMPTY ":  ", 0 },
		{ "sha-512=:YWJj:, sha-256=:" EMPTY ":", 0 },
		{ "sha-256=:" EMPTY ":,md5=:YWJj:", 0 },
		{ "sha-512=:YWJj:", CONTENT_DIGEST_E_ABSENT },
		{ "", CONTENT_DIGEST_E_INVALID },
		{ "sha-256", CONTENT_DIGEST_E_INVALID },
		{ "sha-256=", CONTENT_DIGEST_E_INVALID },
		{ "sha-256=" EMPTY, CONTENT_DIGEST_E_INVALID },
		{ "sha-256=:" EMPTY, CONTENT_DIGEST_E_INVALID },
		{ "sha-256=:YWJj:", CONTENT_DIGEST_E_INVALID },
		{ "sha-256=:!!!!:", CONTENT_DIGEST_E_INVALID },
		{ "sha-256=:" EMPTY ":,", CONTENT_DIGEST_E_INVALID },
		{ "sha-256=:" EMPTY ": x", CONTENT_DIGEST_E_INVALID },
		{ "SHA-256=:" EMPTY ":", CONTENT_DIGEST_E_INVALID },
		{ "sha-256=:" EMPTY EMPTY EMPTY ":", CONTENT_DIGEST_E_INVALID },
	};
	uint8_t digest[SHA256_SIZE], empty[SHA256_SIZE];

	(void)state;
	sha256_of("", 0, empty);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		print_message("%s\n", cases[i].value);
		assert_int_equal(content_digest_parse(cases[i].value, digest),
				 cases[i].r);
		if (cases[i].r == 0)
			assert_memory_equal(digest, empty, SHA256_SIZE);
	}
}

static const char *cors(const char *allowed, const char *origin, bool preflight,
			struct buf *out)
{
	buf_reset(out);
	assert_int_equal(cors_headers(allowed, origin, preflight, out), 0);
	return out->data ? out->data : "";
}

static void test_cors(void **state)
{
	const char *list = "https://a.example,http://b.example:81";
	struct buf out;

	(void)state;
	buf_init(&out, 4096);
	assert_string_equal(cors("", "https://a.example", true, &out), "");
	assert_non_null(strstr(cors("*", "https://x.example", false, &out),
			       "Allow-Origin: *\r\n"));
	assert_null(strstr(out.data, "Credentials"));
	assert_non_null(strstr(cors(list, "http://b.example:81", true, &out),
			       "Allow-Origin: http://b.example:81\r\n"));
	assert_non_null(strstr(out.data, "Vary: Origin\r\n"));
	assert_non_null(strstr(out.data, "Allow-Methods: "));
	assert_string_equal(cors(list, "http://b.example", true, &out),
			    "Vary: Origin\r\n");
	assert_string_equal(cors(list, "https://a.example,http://b.example:81",
				 true, &out), "Vary: Origin\r\n");
	assert_string_equal(cors(list, NULL, true, &out), "Vary: Origin\r\n");
	buf_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query_values),
		cmocka_unit_test(test_content_digests),
		cmocka_unit_test(test_cors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
