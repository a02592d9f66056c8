/* SPDX-License-Identifier: MIT */

/* finish: how a session ends, and what is kept of the answer. */

#include <stdlib.h>
#include <string.h>

#include "test/tier/contract.h"

static int put_session(struct contract *c, const struct session *session)
{
	return tier_put_session(c->tier, session, patience());
}

static int finish(struct contract *c, const struct session *session)
{
	return tier_finish(c->tier, session, patience());
}

static void finish_moves_an_open_session_on(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3);
	struct session done = completed(&s, (char []){ "{\"a\": [1, 2]}" });

	assert_result(c->tier, put_session(c, &s), 0);
	assert_result(c->tier, finish(c, &done), 0);
	assert_session_is(c->tier, &done);
}

static void finish_makes_a_record_that_is_absent(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3), t = session_of(2, 9);
	struct session gone = aborted(&s);
	struct session done = completed(&t, (char []){ "{}" });

	assert_result(c->tier, finish(c, &gone), 0);
	assert_session_is(c->tier, &gone);
	assert_result(c->tier, finish(c, &done), 0);
	assert_session_is(c->tier, &done);
}

static void finish_completes_what_was_aborted(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3);
	struct session gone = aborted(&s);
	struct session done = completed(&s, (char []){ "{}" });

	assert_result(c->tier, finish(c, &gone), 0);
	assert_result(c->tier, finish(c, &done), 0);
	assert_session_is(c->tier, &done);
}

static void finish_never_aborts_what_was_completed(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3);
	struct session gone = aborted(&s);
	struct session done = completed(&s, (char []){ "{}" });

	assert_result(c->tier, finish(c, &done), 0);
	assert_result(c->tier, finish(c, &gone), TIER_E_CONFLICT);
	assert_string_equal(c->tier->error, "");
	assert_session_is(c->tier, &done);
}

static void first_answer_stays(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3);
	struct session first = completed(&s, (char []){ "{\"first\": 1}" });
	struct session second = completed(&s, (char []){ "{\"second\": 2}" });

	second.answer.status = 200;
	strcpy(second.answer.persistent_id, "other");
	assert_result(c->tier, finish(c, &first), 0);
	assert_result(c->tier, finish(c, &second), 0);
	assert_result(c->tier, finish(c, &first), 0);
	assert_session_is(c->tier, &first);
}

static void abort_again_is_done(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3);
	struct session gone = aborted(&s);

	assert_result(c->tier, put_session(c, &s), 0);
	assert_result(c->tier, finish(c, &gone), 0);
	assert_result(c->tier, finish(c, &gone), 0);
	assert_session_is(c->tier, &gone);
}

static void finish_leaves_the_chunks(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3);
	struct session done = completed(&s, NULL);
	struct chunk chunk = chunk_of_text(0, "abc");

	assert_result(c->tier, put_session(c, &s), 0);
	assert_result(c->tier, put(c->tier, &s, &chunk), 0);
	assert_result(c->tier, finish(c, &done), 0);
	assert_chunk_is(c->tier, &s, &chunk);
}

static void answer_with_every_escape_is_kept(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3);
	struct session done = completed(&s, (char []){
		"{\"q\\\"b\\\\\\/\\b\\f\\n\\r\\t\\u0000\\u00e9\\ud83d\\ude00\":"
		" \"\xc3\xa9 \xf0\x9f\x9a\xb2 \xe2\x80\xa8 ' ] }\",\n\t\"n\":"
		" -1.5e-300}" });

	assert_result(c->tier, finish(c, &done), 0);
	assert_session_is(c->tier, &done);
}

static void answer_without_a_body_is_kept(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3);
	struct session done = completed(&s, NULL);

	assert_result(c->tier, finish(c, &done), 0);
	assert_session_is(c->tier, &done);
}

/* JSON of @size bytes; @fill is what it has most of. */
static char *long_body(size_t size, char fill)
{
	char *body = malloc(size + 1);

	assert_non_null(body);
	memset(body, fill, size);
	body[0] = '"';
	body[size - 1] = '"';
	body[size] = '\0';
	return body;
}

static void answer_of_64_kib_is_kept(void **state)
{
	static const char fills[] = { 'a', '\\' };
	struct contract *c = *state;

	for (size_t i = 0; i < sizeof(fills); i++) {
		char *body = long_body(SESSION_ANSWER_MAX, fills[i]);
		struct session s = session_of(1, 3);
		struct session done = completed(&s, body);

		assert_result(c->tier, finish(c, &done), 0);
		assert_session_is(c->tier, &done);
		free(body);
	}
}

static void answer_over_64_kib_is_kept_without_its_body(void **state)
{
	struct contract *c = *state;
	char *body = long_body(SESSION_ANSWER_MAX + 1, 'a');
	struct session s = session_of(1, 3);
	struct session done = completed(&s, body);

	assert_result(c->tier, finish(c, &done), 0);
	done.answer.body = NULL;
	done.answer.body_size = 0;
	assert_session_is(c->tier, &done);
	free(body);
}

static const struct CMUnitTest cases[] = {
	cmocka_unit_test(finish_moves_an_open_session_on),
	cmocka_unit_test(finish_makes_a_record_that_is_absent),
	cmocka_unit_test(finish_completes_what_was_aborted),
	cmocka_unit_test(finish_never_aborts_what_was_completed),
	cmocka_unit_test(first_answer_stays),
	cmocka_unit_test(abort_again_is_done),
	cmocka_unit_test(finish_leaves_the_chunks),
	cmocka_unit_test(answer_with_every_escape_is_kept),
	cmocka_unit_test(answer_without_a_body_is_kept),
	cmocka_unit_test(answer_of_64_kib_is_kept),
	cmocka_unit_test(answer_over_64_kib_is_kept_without_its_body),
};

const struct subject finish_subject = { cases, ARRAY_SIZE(cases) };
