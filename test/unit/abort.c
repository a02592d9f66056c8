/* SPDX-License-Identifier: MIT */

/* The steps of abort. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "test/unit/scene.h"

static int abort_it(struct scene *scene)
{
	return scene_post(scene, "{\"sessionId\":\"%s\"}");
}

static void assert_gone(struct scene *scene)
{
	assert_int_equal(abort_it(scene), 0);
	assert_answer(scene, 200, "{\"success\":true}");
	assert_at_rest(scene);
	assert_int_equal(scene->redis.record.state, SESSION_ABORTED);
	assert_null(scene->redis.chunks[0].data);
}

static void assert_completed(struct scene *scene)
{
	assert_int_equal(abort_it(scene), 0);
	assert_answer(scene, 409, "\"code\":\"completed\"");
	assert_at_rest(scene);
}

static void steps_are_in_their_order(void **state)
{
	struct scene *scene = *state;

	scene_send_all(scene);
	assert_gone(scene);
	assert_journal(&scene->journal,
		       "redis.get_session "
		       "redis.claim mongodb.claim memory.claim "
		       "redis.get_session mongodb.get_session "
		       "memory.get_session sink.find "
		       "redis.finish mongodb.finish memory.get_session "
		       "redis.drop_chunks mongodb.drop_chunks "
		       "memory.drop_chunks "
		       "redis.release mongodb.release memory.release ");
}

static void second_abort_does_it_all_again(void **state)
{
	struct scene *scene = *state;

	assert_gone(scene);
	scene_send_all(scene);
	fake_done(&scene->mongodb);
	assert_gone(scene);
	assert_int_equal(scene->mongodb.record.state, SESSION_ABORTED);
}

static void abort_by_delete_has_its_id_in_the_query(void **state)
{
	struct scene *scene = *state;

	assert_int_equal(scene_get(scene, HTTP_DELETE, "sessionId=%s"), 0);
	assert_answer(scene, 200, "{\"success\":true}");
	assert_int_equal(scene->redis.record.state, SESSION_ABORTED);
}

static void completed_is_not_aborted(void **state)
{
	struct scene *scene = *state;
	struct session done = fake_finished(&scene->session, SESSION_COMPLETED,
					    "{}");

	fake_has(&scene->mongodb, &done);
	assert_completed(scene);
	assert_int_equal(scene->redis.record.state, SESSION_COMPLETED);
	assert_completed(scene);
	assert_journal(&scene->journal, "redis.get_session ");
	session_done(&done);
}

static void what_the_sink_has_is_recorded_as_completed(void **state)
{
	struct scene *scene = *state;
	struct session gone = fake_finished(&scene->session, SESSION_ABORTED,
					    NULL);

	fake_sink_has(&scene->sink, &scene->session, "abcdef");
	assert_completed(scene);
	assert_int_equal(scene->redis.record.state, SESSION_COMPLETED);
	assert_string_equal(scene->redis.record.answer.body,
			    "{\"persistentId\":\"route-1\"}");
	/* A complete that lost its claim may have come after an abort. */
	fake_done(&scene->redis);
	fake_has(&scene->redis, &gone);
	fake_done(&scene->mongodb);
	assert_completed(scene);
	assert_int_equal(scene->redis.record.state, SESSION_COMPLETED);
}

static int completes_record(struct fake_tier *fake, enum fake_op op)
{
	struct session *done = fake->user;

	if (op == FAKE_FINISH)
		fake_has(fake, done);
	return 0;
}

static void complete_that_comes_between_wins(void **state)
{
	struct scene *scene = *state;
	struct session done = fake_finished(&scene->session, SESSION_COMPLETED,
					    "{}");

	scene->redis.before = completes_record;
	scene->redis.user = &done;
	assert_completed(scene);
	assert_int_equal(scene->mongodb.record.state, SESSION_OPEN);
	session_done(&done);
}

static void other_holder_is_said_and_nothing_done(void **state)
{
	struct scene *scene = *state;

	scene_send_all(scene);
	strcpy(scene->mongodb.holder, "somebody");
	assert_int_equal(abort_it(scene), 0);
	assert_answer(scene, 409, "\"claimed\"");
	assert_int_equal(scene->reply.retry_after, REPLY_RETRY_CLAIMED);
	assert_string_equal(scene->redis.holder, "");
	assert_int_equal(scene->redis.record.state, SESSION_OPEN);
	assert_non_null(scene->redis.chunks[0].data);
}

/* The sink is slow, and the claim goes to a complete. */
static int lose(struct fake_sink *fake, enum fake_sink_op op)
{
	struct scene *scene = fake->user;

	if (op != FAKE_FIND)
		return 0;
	fake_clock_set(TIER_CLAIM_LEASE_MS / 2);
	strcpy(scene->mongodb.holder, "somebody");
	return 0;
}

static void claim_lost_at_work_writes_nothing(void **state)
{
	struct scene *scene = *state;

	scene->sink.before = lose;
	scene->sink.user = scene;
	assert_int_equal(abort_it(scene), 0);
	assert_answer(scene, 409, "\"claimed\"");
	assert_int_equal(scene->redis.record.state, SESSION_OPEN);
	assert_string_equal(scene->redis.holder, "");
	assert_string_equal(scene->mongodb.holder, "somebody");
}

static void one_tier_that_records_it_is_enough(void **state)
{
	struct scene *scene = *state;

	fake_has(&scene->memory, &scene->session);
	scene->redis.fails = -EIO;
	assert_int_equal(abort_it(scene), 0);
	assert_answer(scene, 200, "{\"success\":true}");
	assert_int_equal(scene->mongodb.record.state, SESSION_ABORTED);
	assert_int_equal(scene->memory.record.state, SESSION_ABORTED);
	/* The log hears of the tier all the same. */
	assert_reason(scene, "redis: ");
}

static void abort_that_nobody_can_record_is_unavailable(void **state)
{
	struct scene *scene = *state;

	scene_send_all(scene);
	scene->redis.says[FAKE_FINISH] = TIER_E_FULL;
	scene->mongodb.says[FAKE_FINISH] = TIER_E_FULL;
	scene->memory.says[FAKE_FINISH] = TIER_E_FULL;
	assert_int_equal(abort_it(scene), -ENOSPC);
	assert_reason(scene, "no tier has room for the record");
	scene->mongodb.says[FAKE_FINISH] = -EIO;
	assert_int_equal(abort_it(scene), -EIO);
	assert_reason(scene, "mongodb: finish failed");
	assert_at_rest(scene);
	assert_non_null(scene->redis.chunks[0].data);
	scene->redis.says[FAKE_FINISH] = 0;
	assert_gone(scene);
}

static void silent_sink_is_unavailable(void **state)
{
	struct scene *scene = *state;

	scene_send_all(scene);
	scene->sink.says[FAKE_FIND] = -EIO;
	assert_int_equal(abort_it(scene), -EIO);
	assert_reason(scene, "sink: find failed");
	assert_at_rest(scene);
	assert_int_equal(scene->redis.record.state, SESSION_OPEN);
	assert_non_null(scene->redis.chunks[0].data);
}

static void absent_or_silent_is_told_apart(void **state)
{
	struct scene *scene = *state;

	fake_done(&scene->redis);
	scene->mongodb.fails = -EIO;
	assert_int_equal(abort_it(scene), -EIO);
	scene->mongodb.fails = 0;
	fake_done(&scene->mongodb);
	assert_int_equal(abort_it(scene), 0);
	assert_answer(scene, 404, "\"not_found\"");
}

static const struct CMUnitTest cases[] = {
	SCENE_CASE(steps_are_in_their_order),
	SCENE_CASE(second_abort_does_it_all_again),
	SCENE_CASE(abort_by_delete_has_its_id_in_the_query),
	SCENE_CASE(completed_is_not_aborted),
	SCENE_CASE(what_the_sink_has_is_recorded_as_completed),
	SCENE_CASE(complete_that_comes_between_wins),
	SCENE_CASE(other_holder_is_said_and_nothing_done),
	SCENE_CASE(claim_lost_at_work_writes_nothing),
	SCENE_CASE(one_tier_that_records_it_is_enough),
	SCENE_CASE(abort_that_nobody_can_record_is_unavailable),
	SCENE_CASE(silent_sink_is_unavailable),
	SCENE_CASE(absent_or_silent_is_told_apart),
};

int main(void)
{
	return cmocka_run_group_tests(cases, NULL, NULL);
}
