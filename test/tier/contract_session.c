/* SPDX-License-Identifier: MIT */

/* put_session, get_session, drop_session, and what holds for every call. */

#include <string.h>

#include "test/tier/contract.h"

static int put_session(struct contract *c, const struct session *session)
{
	return tier_put_session(c->tier, session, patience());
}

static void every_mandatory_operation_is_there(void **state)
{
	struct contract *c = *state;
	const struct tier_impl *impl = c->tier->impl;

	assert_non_null(impl->name);
	assert_true(impl->put_session && impl->get_session);
	assert_true(impl->put_chunk && impl->get_chunk && impl->list_chunks);
	assert_true(impl->claim && impl->release && impl->is_claimed);
	assert_true(impl->finish && impl->drop_session);
	assert_true(impl->drop_chunk && impl->drop_chunks);
	assert_true(impl->ping && impl->close);
}

static void ping_of_a_healthy_tier_is_done(void **state)
{
	struct contract *c = *state;

	assert_result(c->tier, tier_ping(c->tier, patience()), 0);
	assert_string_equal(c->tier->error, "");
}

static void sweep_takes_nothing_of_a_young_session(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(2, 6);
	struct chunk chunk = chunk_of_text(0, "abc");

	assert_result(c->tier, put_session(c, &s), 0);
	assert_result(c->tier, put(c->tier, &s, &chunk), 0);
	assert_result(c->tier, tier_sweep(c->tier, patience()), 0);
	assert_session_is(c->tier, &s);
	assert_chunk_is(c->tier, &s, &chunk);
}

static void session_is_got_as_it_was_put(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1000, UINT64_C(1) << 40);

	strcpy(s.owner, "j\xc3\xb6rg@\xe4\xbe\x8b.example");
	strcpy(s.persistent_id, "route:2026-07.Alps_1");
	strcpy(s.file_name, "\xd0\x9f\xd0\xbe\xd1\x85\xd1\x96\xd0\xb4 "
	       "\xe5\xb1\xb1 \xf0\x9f\x9a\xb2 \"a\\b\"\t{$x}.gpx");
	strcpy(s.content_type, "application/gpx+xml; charset=\"utf-8\"");
	memset(s.sha256, 'a', SESSION_SHA256_LEN);
	s.is_update = true;
	s.is_compressed = true;
	assert_result(c->tier, put_session(c, &s), 0);
	assert_session_is(c->tier, &s);
}

static void session_without_optional_fields_is_got_as_it_was_put(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 0);

	s.file_name[0] = '\0';
	s.content_type[0] = '\0';
	assert_result(c->tier, put_session(c, &s), 0);
	assert_session_is(c->tier, &s);
}

static void session_with_the_longest_fields_is_got_as_it_was_put(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(UINT32_MAX, UINT64_C(1) << 50);

	memset(s.owner, '"', SESSION_OWNER_MAX);
	memset(s.persistent_id, 'Z', SESSION_PERSISTENT_ID_MAX);
	memset(s.file_name, 1, SESSION_FILE_NAME_MAX);
	memset(s.content_type, '\\', SESSION_CONTENT_TYPE_MAX);
	assert_result(c->tier, put_session(c, &s), 0);
	assert_session_is(c->tier, &s);
}

static void either_way_of_reading_gives_the_session(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3), got;

	assert_result(c->tier, put_session(c, &s), 0);
	assert_result(c->tier, tier_get_session(c->tier, s.id, TIER_READ_FIRST,
						patience(), &got), 0);
	assert_string_equal(got.id, s.id);
	session_done(&got);
	assert_result(c->tier, tier_get_session(c->tier, s.id, TIER_READ_ALL,
						patience(), &got), 0);
	assert_string_equal(got.id, s.id);
	session_done(&got);
}

static void session_that_was_not_put_is_absent(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3), got, before;

	memset(&got, 0x5a, sizeof(got));
	before = got;
	assert_result(c->tier, tier_get_session(c->tier, s.id, TIER_READ_ALL,
						patience(), &got),
		      TIER_E_ABSENT);
	assert_memory_equal(&got, &before, sizeof(got));
	assert_string_equal(c->tier->error, "");
}

static void session_put_again_stays_as_it_was(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(7, 70), other = s;

	other.total_chunks = 8;
	strcpy(other.owner, "mallory");
	assert_result(c->tier, put_session(c, &s), 0);
	assert_result(c->tier, put_session(c, &s), 0);
	assert_result(c->tier, put_session(c, &other), 0);
	assert_session_is(c->tier, &s);
}

static void session_of_a_later_state_is_put_over_an_earlier(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(7, 70);
	struct session gone = aborted(&s);
	struct session done = completed(&s, (char []){ "{\"a\": 1}" });

	assert_result(c->tier, put_session(c, &s), 0);
	assert_result(c->tier, put_session(c, &gone), 0);
	assert_session_is(c->tier, &gone);
	assert_result(c->tier, put_session(c, &done), 0);
	assert_session_is(c->tier, &done);
}

static void session_put_over_a_later_state_changes_nothing(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(7, 70);
	struct session gone = aborted(&s);
	struct session done = completed(&s, (char []){ "{\"a\": 1}" });
	struct session other = completed(&s, (char []){ "{\"b\": 2}" });

	assert_result(c->tier, put_session(c, &gone), 0);
	assert_result(c->tier, put_session(c, &s), 0);
	assert_session_is(c->tier, &gone);
	assert_result(c->tier, put_session(c, &done), 0);
	assert_result(c->tier, put_session(c, &gone), 0);
	assert_result(c->tier, put_session(c, &s), 0);
	assert_result(c->tier, put_session(c, &other), 0);
	assert_session_is(c->tier, &done);
}

static void session_past_its_time_is_kept_until_its_purge_time(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3);

	/* Expired a minute ago; its purge time is in fourteen. */
	s.created_at -= 61 * 60000;
	s.expires_at = s.created_at + 60 * 60000;
	assert_int_equal(session_id_make(s.created_at, s.id), 0);
	assert_result(c->tier, put_session(c, &s), 0);
	assert_session_is(c->tier, &s);
}

static void session_past_its_purge_time_is_absent(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3);

	s.expires_at = s.created_at + 400;
	assert_result(c->tier, put_session(c, &s), 0);
	while (clock_now_ms() < session_purge_at(&s))
		assert_int_equal(deadline_sleep(patience(), 10), 0);
	assert_session_is_absent(c->tier, s.id);
}

static void session_put_past_its_purge_time_is_absent(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3);

	s.created_at -= 3 * 60 * 60000;
	s.expires_at = s.created_at + 60 * 60000;
	assert_int_equal(session_id_make(s.created_at, s.id), 0);
	assert_result(c->tier, put_session(c, &s), 0);
	assert_session_is_absent(c->tier, s.id);
}

static void drop_session_takes_an_earlier_state_away(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(2, 6);
	struct session done = completed(&s, NULL);
	struct chunk chunk = chunk_of_text(1, "abc");

	assert_result(c->tier, put_session(c, &s), 0);
	assert_result(c->tier, put(c->tier, &s, &chunk), 0);
	assert_result(c->tier, tier_drop_session(c->tier, &done, patience()),
		      0);
	assert_session_is_absent(c->tier, s.id);
	/* Chunks stay. */
	assert_chunk_is(c->tier, &s, &chunk);
	assert_list_is(c->tier, &s, 1, 3);
	/* And again, when there is nothing. */
	assert_result(c->tier, tier_drop_session(c->tier, &done, patience()),
		      0);
	assert_result(c->tier, put_session(c, &done), 0);
	assert_session_is(c->tier, &done);
}

static void drop_session_leaves_the_same_and_a_later_state(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(2, 6);
	struct session gone = aborted(&s);
	struct session done = completed(&s, (char []){ "{}" });

	assert_result(c->tier, put_session(c, &s), 0);
	assert_result(c->tier, tier_drop_session(c->tier, &s, patience()), 0);
	assert_session_is(c->tier, &s);
	assert_result(c->tier, put_session(c, &done), 0);
	assert_result(c->tier, tier_drop_session(c->tier, &gone, patience()),
		      0);
	assert_result(c->tier, tier_drop_session(c->tier, &done, patience()),
		      0);
	assert_session_is(c->tier, &done);
}

static bool is_a_part(const struct contract *c, const char *name)
{
	for (size_t i = 0; i < setting_parts(c->setting); i++)
		if (strcmp(c->setting->parts[i]->name, name) == 0)
			return true;
	return false;
}

static void served_names_the_tier_that_did(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3), got;
	struct session done = completed(&s, NULL);
	struct chunk chunk = chunk_of_text(0, "abc");
	struct tier *t = NULL;

	assert_int_equal(setting_open(c->setting, &c->place, &t), 0);
	assert_null(t->served);
	assert_result(t, tier_put_session(t, &s, patience()), 0);
	assert_non_null(t->served);
	assert_true(is_a_part(c, t->served));
	tier_close(t);

	assert_int_equal(setting_open(c->setting, &c->place, &t), 0);
	assert_result(t, tier_get_session(t, s.id, TIER_READ_FIRST, patience(),
					  &got), 0);
	session_done(&got);
	assert_non_null(t->served);
	assert_true(is_a_part(c, t->served));
	tier_close(t);

	assert_int_equal(setting_open(c->setting, &c->place, &t), 0);
	assert_result(t, put(t, &s, &chunk), 0);
	assert_non_null(t->served);
	assert_true(is_a_part(c, t->served));
	tier_close(t);

	assert_int_equal(setting_open(c->setting, &c->place, &t), 0);
	assert_result(t, tier_finish(t, &done, patience()), 0);
	assert_non_null(t->served);
	assert_true(is_a_part(c, t->served));
	tier_close(t);
}

static void another_process_sees_what_was_put(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3);
	struct chunk chunk = chunk_of_text(0, "abc");
	struct tier *t = NULL;

	assert_result(c->tier, put_session(c, &s), 0);
	assert_result(c->tier, put(c->tier, &s, &chunk), 0);
	assert_int_equal(setting_open(c->setting, &c->place, &t), 0);
	assert_session_is(t, &s);
	assert_chunk_is(t, &s, &chunk);
	tier_close(t);
}

static const struct CMUnitTest cases[] = {
	cmocka_unit_test(every_mandatory_operation_is_there),
	cmocka_unit_test(ping_of_a_healthy_tier_is_done),
	cmocka_unit_test(sweep_takes_nothing_of_a_young_session),
	cmocka_unit_test(session_is_got_as_it_was_put),
	cmocka_unit_test(session_without_optional_fields_is_got_as_it_was_put),
	cmocka_unit_test(session_with_the_longest_fields_is_got_as_it_was_put),
	cmocka_unit_test(either_way_of_reading_gives_the_session),
	cmocka_unit_test(session_that_was_not_put_is_absent),
	cmocka_unit_test(session_put_again_stays_as_it_was),
	cmocka_unit_test(session_of_a_later_state_is_put_over_an_earlier),
	cmocka_unit_test(session_put_over_a_later_state_changes_nothing),
	cmocka_unit_test(session_past_its_time_is_kept_until_its_purge_time),
	cmocka_unit_test(session_past_its_purge_time_is_absent),
	cmocka_unit_test(session_put_past_its_purge_time_is_absent),
	cmocka_unit_test(drop_session_takes_an_earlier_state_away),
	cmocka_unit_test(drop_session_leaves_the_same_and_a_later_state),
	cmocka_unit_test(served_names_the_tier_that_did),
	cmocka_unit_test(another_process_sees_what_was_put),
};

const struct subject session_subject = { cases, ARRAY_SIZE(cases) };
