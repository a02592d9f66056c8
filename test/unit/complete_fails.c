/* SPDX-License-Identifier: MIT */

/* complete while tiers or the sink fail, or refuse. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "test/unit/scene.h"

static int complete(struct scene *scene)
{
	return scene_post(scene, "{\"sessionId\":\"%s\"}");
}

static void assert_done(struct scene *scene)
{
	assert_int_equal(complete(scene), 0);
	assert_answer(scene, 201, "{\"persistentId\":\"route-1\"}");
	assert_at_rest(scene);
	assert_int_equal(scene->redis.record.state, SESSION_COMPLETED);
}

static void failed_claim_is_given_back_and_the_sink_asked(void **state)
{
	struct scene *scene = *state;

	scene_send_all(scene);
	scene->redis.lies[FAKE_CLAIM] = -EIO;
	scene->mongodb.says[FAKE_CLAIM] = -EIO;
	scene->memory.says[FAKE_CLAIM] = -EIO;
	assert_int_equal(complete(scene), -EIO);
	assert_at_rest(scene);
	assert_reason(scene, "redis: claim lied");
	fake_sink_has(&scene->sink, &scene->session, "abcdef");
	assert_done(scene);
}

static void commit_that_failed_and_was_done_is_done(void **state)
{
	struct scene *scene = *state;

	scene_send_all(scene);
	scene->sink.lies[FAKE_COMMIT] = -ETIMEDOUT;
	assert_done(scene);
	assert_int_equal(scene->sink.calls[FAKE_COMMIT], 1);
}

static void failed_sink_is_unavailable_and_nothing_is_lost(void **state)
{
	static const enum fake_sink_op ops[] = {
		FAKE_FIND, FAKE_BEGIN, FAKE_WRITE, FAKE_COMMIT,
	};
	struct scene *scene = *state;

	scene_send_all(scene);
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		scene->sink.says[ops[i]] = -EIO;
		assert_int_equal(complete(scene), -EIO);
		assert_reason(scene, "sink: ");
		assert_at_rest(scene);
		assert_int_equal(scene->redis.record.state, SESSION_OPEN);
		assert_non_null(scene->redis.chunks[0].data);
		scene->sink.says[ops[i]] = 0;
	}
	assert_done(scene);
}

static void failed_tiers_are_unavailable_at_every_step(void **state)
{
	struct scene *scene = *state;

	scene_send_all(scene);
	for (int op = 0; op < FAKE_OPS; op++) {
		if (op != FAKE_GET_SESSION && op != FAKE_LIST_CHUNKS &&
		    op != FAKE_GET_CHUNK && op != FAKE_CLAIM)
			continue;
		scene->redis.says[op] = scene->mongodb.says[op] =
			scene->memory.says[op] = -EHOSTDOWN;
		assert_int_equal(complete(scene), -EHOSTDOWN);
		assert_reason(scene, "redis: ");
		assert_at_rest(scene);
		scene->redis.says[op] = scene->mongodb.says[op] =
			scene->memory.says[op] = 0;
	}
	assert_done(scene);
}

static void answer_that_cannot_be_recorded_is_asked_for_again(void **state)
{
	struct scene *scene = *state;

	scene_send_all(scene);
	scene->redis.says[FAKE_FINISH] = TIER_E_FULL;
	scene->mongodb.says[FAKE_FINISH] = -EIO;
	scene->memory.says[FAKE_FINISH] = -EIO;
	assert_int_equal(complete(scene), -EIO);
	assert_reason(scene, "mongodb: finish failed");
	/* The bytes that were committed stay until it is recorded. */
	assert_non_null(scene->redis.chunks[0].data);
	scene->mongodb.says[FAKE_FINISH] = TIER_E_FULL;
	scene->memory.says[FAKE_FINISH] = TIER_E_FULL;
	assert_int_equal(complete(scene), -ENOSPC);
	assert_reason(scene, "no tier has room for the record");
	assert_at_rest(scene);
	scene->redis.says[FAKE_FINISH] = 0;
	assert_done(scene);
	assert_int_equal(scene->sink.calls[FAKE_COMMIT], 1);
}

static void chunks_that_stay_are_no_failure(void **state)
{
	struct scene *scene = *state;

	scene_send_all(scene);
	scene->redis.says[FAKE_DROP_CHUNKS] = -EIO;
	scene->mongodb.says[FAKE_DROP_CHUNKS] = -EIO;
	scene->memory.says[FAKE_DROP_CHUNKS] = -EIO;
	assert_done(scene);
}

/* Another complete commits as soon as this one is about to. */
static int other_wins(struct fake_sink *fake, enum fake_sink_op op)
{
	if (op == FAKE_BEGIN || op == FAKE_COMMIT)
		fake_sink_has(fake, fake->user, "theirs");
	return 0;
}

static void nothing_negative_is_said_when_another_has_won(void **state)
{
	static const int answers[] = {
		SINK_E_TAKEN, SINK_E_NO_ROUTE, SINK_E_BAD_DATA,
		SINK_E_BAD_FIELDS, SINK_E_TOO_LARGE, SINK_E_FULL, -EIO,
	};
	struct scene *scene = *state;

	scene->sink.before = other_wins;
	scene->sink.user = &scene->session;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(answers); i++) {
		enum fake_sink_op op = i % 2 ? FAKE_BEGIN : FAKE_COMMIT;

		fake_done(&scene->redis);
		fake_done(&scene->mongodb);
		fake_has(&scene->redis, &scene->session);
		scene_send_all(scene);
		scene->sink.has = false;
		scene->sink.says[op] = answers[i / 2];
		assert_done(scene);
		assert_string_equal(scene->sink.stored.data, "theirs");
		scene->sink.says[op] = 0;
	}
}

static void refusals_of_the_sink_have_their_words(void **state)
{
	static const struct {
		int says;
		unsigned status;
		const char *words, *reason;
	} cases[] = {
		{ SINK_E_TAKEN, 409, "\"code\":\"taken\"", "" },
		{ SINK_E_NO_ROUTE, 404, "\"Route not found\",\"code\":"
		  "\"no_route\"", "" },
		{ SINK_E_BAD_DATA, 400, "\"Failed to parse reassembled data\","
		  "\"code\":\"bad_data\",\"details\":\"no good\"", "" },
		{ SINK_E_BAD_FIELDS, 400, "\"Missing required fields\","
		  "\"code\":\"bad_data\",\"details\":\"no good\"", "" },
		{ SINK_E_TOO_LARGE, 413, "\"code\":\"too_large\","
		  "\"limit\":\"maxDocument\",\"max\":99", "" },
		{ SINK_E_FULL, 507, "\"code\":\"full\"",
		  "the sink has no room" },
	};
	static const enum fake_sink_op ops[] = {
		FAKE_BEGIN, FAKE_WRITE, FAKE_COMMIT,
	};
	struct scene *scene = *state;

	scene_send_all(scene);
	for (size_t i = 0; i < ARRAY_SIZE(cases) * ARRAY_SIZE(ops); i++) {
		enum fake_sink_op op = ops[i / ARRAY_SIZE(cases)];
		size_t n = i % ARRAY_SIZE(cases);

		scene->sink.says[op] = cases[n].says;
		assert_int_equal(complete(scene), 0);
		assert_answer(scene, cases[n].status, cases[n].words);
		assert_reason(scene, cases[n].reason);
		assert_at_rest(scene);
		/* Nothing of the upload is lost. */
		assert_int_equal(scene->redis.record.state, SESSION_OPEN);
		assert_non_null(scene->redis.chunks[1].data);
		scene->sink.says[op] = 0;
	}
	assert_done(scene);
}

static const struct CMUnitTest cases[] = {
	SCENE_CASE(failed_claim_is_given_back_and_the_sink_asked),
	SCENE_CASE(commit_that_failed_and_was_done_is_done),
	SCENE_CASE(failed_sink_is_unavailable_and_nothing_is_lost),
	SCENE_CASE(failed_tiers_are_unavailable_at_every_step),
	SCENE_CASE(answer_that_cannot_be_recorded_is_asked_for_again),
	SCENE_CASE(chunks_that_stay_are_no_failure),
	SCENE_CASE(nothing_negative_is_said_when_another_has_won),
	SCENE_CASE(refusals_of_the_sink_have_their_words),
};

int main(void)
{
	return cmocka_run_group_tests(cases, NULL, NULL);
}
