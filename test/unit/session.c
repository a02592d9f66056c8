/* SPDX-License-Identifier: MIT */

/* Ids, times and records of sessions. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/record.h"
#include "common/session.h"

#define GOOD "1795537779193-62DXT43R447DP9VZTAGNJ3MKWK"

static void test_a_made_id_is_valid_and_has_its_time(void **state)
{
	char a[SESSION_ID_LEN + 1], b[SESSION_ID_LEN + 1];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(session_id_make(1795537779193 + i, a), 0);
		assert_int_equal(strlen(a), SESSION_ID_LEN);
		assert_true(session_id_is_valid(a, SESSION_ID_LEN));
		assert_int_equal(session_id_time(a), 1795537779193 + i);
		assert_int_equal(session_id_make(1795537779193 + i, b), 0);
		assert_string_not_equal(a, b);
	}
	assert_int_equal(session_id_make(-1, a), -34);
	assert_int_equal(session_id_make(INT64_MAX, a), -34);
}

static void test_ids_of_another_shape_are_not_valid(void **state)
{
	static const char *const bad[] = {
		"", "x", "1795537779193",
		"1795537779193-62dxt43r447dp9vztagnj3mkwk",
		"1795537779193-62DXT43R447DP9VZTAGNJ3MKW",
		"1795537779193-62DXT43R447DP9VZTAGNJ3MKWKK",
		"1795537779193-62DXT43R447DP9VZTAGNJ3MKWU",
		"1795537779193-62DXT43R447DP9VZTAGNJ3MKWI",
		"1795537779193_62DXT43R447DP9VZTAGNJ3MKWK",
		"179553777919a-62DXT43R447DP9VZTAGNJ3MKWK",
		"../../../../../../../../../etc/passwd...",
		"{1795537779193-62DXT43R447DP9VZTAGNJ3MK}",
		"1795537779193-62DXT43R447DP9VZTAGNJ3MKW*",
	};

	(void)state;
	assert_true(session_id_is_valid(GOOD, SESSION_ID_LEN));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(session_id_is_valid(bad[i], strlen(bad[i])));
	assert_false(session_id_is_valid(GOOD "\0", SESSION_ID_LEN + 1));
	assert_false(session_id_is_valid(
		"1795537779193-62DXT43R447DP9VZTAGNJ3MKW\0", SESSION_ID_LEN));
}

static void test_an_id_is_current_for_its_time_and_a_quarter(void **state)
{
	int64_t made = 1795537779193;

	(void)state;
	assert_true(session_id_is_current(GOOD, made, 1000));
	assert_true(session_id_is_current(GOOD, made + 1250, 1000));
	assert_false(session_id_is_current(GOOD, made + 1251, 1000));
	assert_true(session_id_is_current(GOOD, made - 250, 1000));
	assert_false(session_id_is_current(GOOD, made - 251, 1000));
}

static void test_persistent_ids(void **state)
{
	static const char *const good[] = {
		"a", "A.b", "route:1-2_3", "json", "x.jsonx", "-", ":",
	};
	static const char *const bad[] = {
		"", ".", "..", ".x", "../x", "a/b", "x.json", "x.JSON", "x.Json",
		".json", "a b", "a\n", "\xc3\xa9", "a$",
	};
	char id[SESSION_PERSISTENT_ID_MAX + 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(session_persistent_id_is_valid(good[i],
							strlen(good[i])));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(session_persistent_id_is_valid(bad[i],
							strlen(bad[i])));
	assert_false(session_persistent_id_is_valid("a\0b", 3));
	memset(id, 'a', sizeof(id));
	assert_true(session_persistent_id_is_valid(id, 128));
	assert_false(session_persistent_id_is_valid(id, 129));
}

static void test_a_derived_persistent_id_is_no_secret(void **state)
{
	char id[SESSION_PERSISTENT_ID_MAX + 1];
	char again[SESSION_PERSISTENT_ID_MAX + 1];

	(void)state;
	session_derive_persistent_id(GOOD, id);
	session_derive_persistent_id(GOOD, again);
	assert_string_equal(id, again);
	assert_true(session_persistent_id_is_valid(id, strlen(id)));
	assert_null(strstr(id, "62DXT"));
	assert_null(strstr(id, "17955"));
}

static void make(struct session *s)
{
	*s = (struct session){
		.id = GOOD,
		.owner = "J\xc3\xb8rgen \"J\" \\ \x01",
		.persistent_id = "route:1",
		.file_name = "\xf0\x9f\x9a\xb2.gpx",
		.content_type = "application/gpx+xml",
		.total_chunks = 4294967295,
		.total_size = INT64_MAX,
		.is_update = true,
		.is_compressed = true,
		.created_at = 1795537779193,
		.expires_at = 1795537789193,
		.state = SESSION_COMPLETED,
		.answer = { .status = 201, .persistent_id = "route:1" },
	};
	memset(s->sha256, 'a', SESSION_SHA256_LEN);
}

static void test_a_record_reads_back_as_it_was(void **state)
{
	struct session s, back = { 0 };
	struct buf record;

	(void)state;
	make(&s);
	s.answer.body_size = SESSION_ANSWER_MAX;
	s.answer.body = malloc(s.answer.body_size + 1);
	memset(s.answer.body, '\x01', s.answer.body_size);
	s.answer.body[s.answer.body_size] = '\0';
	buf_init(&record, RECORD_MAX);
	assert_int_equal(record_write(&record, &s), 0);
	assert_int_equal(record_read(record.data, record.size, &back), 0);
	assert_string_equal(back.id, s.id);
	assert_string_equal(back.owner, s.owner);
	assert_string_equal(back.persistent_id, s.persistent_id);
	assert_string_equal(back.file_name, s.file_name);
	assert_string_equal(back.content_type, s.content_type);
	assert_string_equal(back.sha256, s.sha256);
	assert_int_equal(back.total_chunks, s.total_chunks);
	assert_true(back.total_size == s.total_size);
	assert_true(back.is_update && back.is_compressed);
	assert_int_equal(back.created_at, s.created_at);
	assert_int_equal(back.expires_at, s.expires_at);
	assert_int_equal(back.state, SESSION_COMPLETED);
	assert_int_equal(back.answer.status, 201);
	assert_int_equal(back.answer.body_size, s.answer.body_size);
	assert_memory_equal(back.answer.body, s.answer.body,
			    s.answer.body_size);
	session_done(&s);
	session_done(&back);
	buf_done(&record);
}

static void test_a_long_answer_is_left_out_of_a_record(void **state)
{
	struct session s, back = { 0 };
	struct buf record;

	(void)state;
	make(&s);
	s.answer.body_size = SESSION_ANSWER_MAX + 1;
	s.answer.body = calloc(1, s.answer.body_size + 1);
	buf_init(&record, RECORD_MAX);
	assert_int_equal(record_write(&record, &s), 0);
	assert_int_equal(record_read(record.data, record.size, &back), 0);
	assert_null(back.answer.body);
	assert_int_equal(back.answer.status, 201);
	assert_string_equal(back.answer.persistent_id, "route:1");
	session_done(&s);
	session_done(&back);
	buf_done(&record);
}

static void test_what_is_no_record_is_refused(void **state)
{
	struct session s, back = { 0 };
	struct buf record;
	char *at;

	(void)state;
	make(&s);
	s.state = SESSION_OPEN;
	buf_init(&record, RECORD_MAX);
	assert_int_equal(record_write(&record, &s), 0);
	for (size_t n = 0; n < record.size; n++)
		assert_int_equal(record_read(record.data, n, &back), -74);
	/* Each field of it gone, or of another type. */
	for (size_t i = 1; i + 1 < record.size; i++) {
		char was = record.data[i];

		if (was != ':')
			continue;
		record.data[i - 2] ^= 1;
		(void)record_read(record.data, record.size, &back);
		session_done(&back);
		record.data[i - 2] ^= 1;
	}
	at = strstr(record.data, "\"version\":1");
	assert_non_null(at);
	at[10] = '2';
	assert_int_equal(record_read(record.data, record.size, &back), -74);
	buf_done(&record);
}

static void test_a_completed_session_outlives_its_time_by_the_grace(void **st)
{
	struct session s;

	(void)st;
	make(&s);
	assert_int_equal(session_purge_at(&s), s.expires_at + 2500);
	assert_false(session_is_expired(&s, s.expires_at + 2499));
	assert_true(session_is_expired(&s, s.expires_at + 2500));
	s.state = SESSION_OPEN;
	assert_false(session_is_expired(&s, s.expires_at - 1));
	assert_true(session_is_expired(&s, s.expires_at));
}

static void test_the_bytes_that_may_be_held_do_not_overflow(void **state)
{
	struct session s = { .total_size = 10 };

	(void)state;
	assert_true(session_bytes_max(&s) == 30);
	s.total_size = UINT64_MAX / 2;
	assert_true(session_bytes_max(&s) == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_made_id_is_valid_and_has_its_time),
		cmocka_unit_test(test_ids_of_another_shape_are_not_valid),
		cmocka_unit_test(test_an_id_is_current_for_its_time_and_a_quarter),
		cmocka_unit_test(test_persistent_ids),
		cmocka_unit_test(test_a_derived_persistent_id_is_no_secret),
		cmocka_unit_test(test_a_record_reads_back_as_it_was),
		cmocka_unit_test(test_a_long_answer_is_left_out_of_a_record),
		cmocka_unit_test(test_what_is_no_record_is_refused),
		cmocka_unit_test(test_a_completed_session_outlives_its_time_by_the_grace),
		cmocka_unit_test(test_the_bytes_that_may_be_held_do_not_overflow),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
