/* SPDX-License-Identifier: MIT */

/* The steps of complete, and what comes between them. */

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

static void steps_are_in_their_order(void **state)
{
	struct scene *scene = *state;

	scene_send_all(scene);
	assert_done(scene);
	assert_journal(&scene->journal,
		       /* 1 */
		       "redis.get_session "
		       /* 2 */
		       "redis.claim mongodb.claim memory.claim "
		       "redis.get_session mongodb.get_session "
		       "memory.get_session "
		       /* 3 */
		       "sink.find "
		       "redis.list_chunks mongodb.list_chunks "
		       "memory.list_chunks "
		       "sink.begin redis.get_chunk redis.get_chunk "
		       "sink.commit "
		       /* 4 */
		       "redis.finish mongodb.finish memory.get_session "
		       /* 5 */
		       "redis.drop_chunks mongodb.drop_chunks "
		       "memory.drop_chunks "
		       "redis.release mongodb.release memory.release ");
	assert_string_equal(scene->sink.stored.data, "abcdef");
	assert_string_equal(scene->service.store->served, "redis");
	assert_null(scene->redis.chunks[0].data);
	assert_reason(scene, "");
}

static void completed_is_answered_from_the_record(void **state)
{
	struct scene *scene = *state;

	scene_send_all(scene);
	assert_done(scene);
	/* Also when the sink is away. */
	scene->sink.says[FAKE_FIND] = -EIO;
	assert_done(scene);
	assert_journal(&scene->journal, "redis.get_session ");
}

static void other_tier_that_knows_better_is_believed(void **state)
{
	struct scene *scene = *state;
	struct session done = fake_finished(&scene->session, SESSION_COMPLETED,
					    "{\"from\":\"mongodb\"}");
	struct session gone = fake_finished(&scene->session, SESSION_ABORTED,
					    NULL);

	scene_send_all(scene);
	fake_has(&scene->mongodb, &gone);
	assert_int_equal(complete(scene), 0);
	assert_answer(scene, 404, "\"not_found\"");
	assert_at_rest(scene);
	assert_int_equal(scene->redis.record.state, SESSION_ABORTED);
	/* One that says so first does not end it, and no sink is needed. */
	fake_has(&scene->mongodb, &done);
	scene->sink.says[FAKE_FIND] = -EIO;
	assert_int_equal(complete(scene), 0);
	assert_answer(scene, 201, "{\"from\":\"mongodb\"}");
	assert_int_equal(scene->sink.calls[FAKE_BEGIN], 0);
	session_done(&done);
}

/* Its time is over as soon as the claim is taken. */
static int vanish(struct fake_tier *fake, enum fake_op op)
{
	if (op == FAKE_CLAIM)
		fake_done(fake);
	return 0;
}

static void session_that_is_gone_meanwhile_is_absent(void **state)
{
	struct scene *scene = *state;

	scene_send_all(scene);
	scene->redis.before = scene->mongodb.before = vanish;
	assert_int_equal(complete(scene), 0);
	assert_answer(scene, 404, "\"not_found\"");
	assert_int_equal(scene->sink.calls[FAKE_BEGIN], 0);
	assert_at_rest(scene);
	/* But not what the sink has. */
	fake_has(&scene->redis, &scene->session);
	fake_sink_has(&scene->sink, &scene->session, "abcdef");
	assert_done(scene);
}

static void what_the_sink_has_is_recorded_and_answered(void **state)
{
	struct scene *scene = *state;

	/* A process died between commit and record, some chunks are gone. */
	fake_has_chunk(&scene->redis, 0, CHUNK_RAW, "abc", 3);
	fake_sink_has(&scene->sink, &scene->session, "abcdef");
	assert_done(scene);
	assert_int_equal(scene->sink.calls[FAKE_BEGIN], 0);
	assert_int_equal(scene->mongodb.record.state, SESSION_COMPLETED);
	assert_null(scene->redis.chunks[0].data);
}

static void other_holder_is_said_and_nothing_done(void **state)
{
	struct scene *scene = *state;

	scene_send_all(scene);
	strcpy(scene->mongodb.holder, "somebody");
	assert_int_equal(complete(scene), 0);
	assert_answer(scene, 409, "\"claimed\"");
	assert_int_equal(scene->reply.retry_after, REPLY_RETRY_CLAIMED);
	assert_string_equal(scene->redis.holder, "");
	assert_string_equal(scene->mongodb.holder, "somebody");
	assert_int_equal(scene->sink.calls[FAKE_BEGIN], 0);
	/* Nothing negative without a look: the other may be done. */
	assert_int_equal(scene->sink.calls[FAKE_FIND], 1);
	fake_sink_has(&scene->sink, &scene->session, "abcdef");
	assert_int_equal(complete(scene), 0);
	assert_answer(scene, 201, "route-1");
	assert_string_equal(scene->mongodb.holder, "somebody");
}

static void abort_that_holds_the_claim_may_have_ended_it(void **state)
{
	struct scene *scene = *state;
	struct session gone = fake_finished(&scene->session, SESSION_ABORTED,
					    NULL);

	strcpy(scene->redis.holder, "somebody");
	fake_has(&scene->mongodb, &gone);
	assert_int_equal(complete(scene), 0);
	assert_answer(scene, 404, "\"not_found\"");
}

static void missing_chunks_are_named(void **state)
{
	struct scene *scene = *state;

	fake_has_chunk(&scene->mongodb, 1, CHUNK_RAW, "def", 3);
	assert_int_equal(complete(scene), 0);
	assert_answer(scene, 400, "\"missing_chunks\",\"receivedChunks\":1,"
		      "\"totalChunks\":2,\"missing\":[[0,0]]");
	assert_int_equal(scene->reply.retry_after, 0);
	assert_at_rest(scene);
	assert_int_equal(scene->redis.record.state, SESSION_OPEN);
	assert_non_null(scene->mongodb.chunks[1].data);
	/* While a tier is silent, waiting is as good as sending. */
	scene->redis.fails = -EIO;
	assert_int_equal(complete(scene), 0);
	assert_answer(scene, 400, "\"missing\":[[0,0]]");
	assert_int_equal(scene->reply.retry_after, REPLY_RETRY_SICK);
}

static int rot(struct fake_tier *fake, enum fake_op op)
{
	if (op == FAKE_GET_CHUNK && fake->chunks[1].data)
		fake_done(fake);
	return 0;
}

static void rot_that_was_taken_away_is_missing(void **state)
{
	struct scene *scene = *state;

	scene_send_all(scene);
	fake_has_chunk(&scene->memory, 0, CHUNK_RAW, "abc", 3);
	scene->redis.before = rot;
	assert_int_equal(complete(scene), 0);
	assert_answer(scene, 400, "\"missing\":[[1,1]]");
	assert_at_rest(scene);
	assert_int_equal(scene->sink.calls[FAKE_ABANDON], 1);
}

static void chunk_that_came_back_is_read_again_later(void **state)
{
	struct scene *scene = *state;

	scene_send_all(scene);
	scene->redis.says[FAKE_GET_CHUNK] = TIER_E_ABSENT;
	assert_int_equal(complete(scene), -EAGAIN);
	assert_reason(scene, "a chunk went away and came back");
	assert_at_rest(scene);
	scene->redis.says[FAKE_GET_CHUNK] = 0;
	assert_done(scene);
}

static void not_what_start_declared_is_refused(void **state)
{
	struct scene *scene = *state;

	fake_has_chunk(&scene->redis, 0, CHUNK_RAW, "abc", 3);
	fake_has_chunk(&scene->redis, 1, CHUNK_RAW, "defg", 4);
	assert_int_equal(complete(scene), 0);
	assert_answer(scene, 422, "\"mismatch\"");
	assert_int_equal(scene->sink.calls[FAKE_COMMIT], 0);
	assert_at_rest(scene);
}

/* The claim runs out while the first chunk is read, and another takes it. */
static int lose(struct fake_tier *fake, enum fake_op op)
{
	if (op != FAKE_GET_CHUNK)
		return 0;
	fake_clock_set(TIER_CLAIM_LEASE_MS / 2);
	strcpy(fake->holder, "somebody");
	return 0;
}

static void claim_lost_at_work_is_anothers(void **state)
{
	struct scene *scene = *state;

	scene_send_all(scene);
	scene->redis.before = lose;
	assert_int_equal(complete(scene), 0);
	assert_answer(scene, 409, "\"claimed\"");
	assert_int_equal(scene->sink.calls[FAKE_COMMIT], 0);
	assert_string_equal(scene->redis.holder, "somebody");
	assert_string_equal(scene->mongodb.holder, "");
	assert_int_equal(scene->sink.calls[FAKE_ABANDON], 1);
}

/* So late that no chunk comes after it. */
static int lose_last(struct fake_tier *fake, enum fake_op op)
{
	if (fake->calls[FAKE_GET_CHUNK] == 2)
		lose(fake, op);
	return 0;
}

static void claim_lost_at_the_last_chunk_commits_nothing(void **state)
{
	struct scene *scene = *state;

	scene_send_all(scene);
	scene->redis.before = lose_last;
	assert_int_equal(complete(scene), 0);
	assert_answer(scene, 409, "\"claimed\"");
	assert_int_equal(scene->sink.calls[FAKE_COMMIT], 0);
}

/* The claim runs out, and an abort comes and goes. */
static int lose_to_an_abort(struct fake_tier *fake, enum fake_op op)
{
	if (op != FAKE_GET_CHUNK)
		return 0;
	fake_clock_set(TIER_CLAIM_LEASE_MS);
	fake->holder[0] = '\0';
	fake_has(fake, fake->user);
	return 0;
}

static void abort_after_a_lost_claim_is_believed(void **state)
{
	struct scene *scene = *state;
	struct session gone = fake_finished(&scene->session, SESSION_ABORTED,
					    NULL);

	scene_send_all(scene);
	scene->redis.before = lose_to_an_abort;
	scene->redis.user = &gone;
	assert_int_equal(complete(scene), 0);
	assert_answer(scene, 404, "\"not_found\"");
	assert_int_equal(scene->sink.calls[FAKE_COMMIT], 0);
	assert_at_rest(scene);
}

static void silent_tier_is_no_absence(void **state)
{
	struct scene *scene = *state;

	fake_done(&scene->mongodb);
	scene->redis.fails = -EIO;
	assert_int_equal(complete(scene), -EIO);
	scene->redis.fails = 0;
	fake_done(&scene->redis);
	assert_int_equal(complete(scene), 0);
	assert_answer(scene, 404, "\"not_found\"");
	assert_int_equal(scene->redis.calls[FAKE_CLAIM], 0);
}

static void others_session_does_not_exist(void **state)
{
	struct scene *scene = *state;
	struct session theirs = scene->session;

	scene_send_all(scene);
	strcpy(theirs.owner, "bo");
	fake_has(&scene->redis, &theirs);
	assert_int_equal(complete(scene), 0);
	assert_answer(scene, 404, "\"not_found\"");
	assert_journal(&scene->journal, "redis.get_session ");
	/* Not by a header either. */
	assert_null(scene->service.store->served);
}

static void session_past_its_time_is_absent_but_for_its_answer(void **state)
{
	struct scene *scene = *state;
	struct session *s = &scene->session;
	struct session done;

	s->created_at -= 3600000 + 1000;
	s->expires_at -= 3600000 + 1000;
	fake_has(&scene->redis, s);
	assert_int_equal(complete(scene), 0);
	assert_answer(scene, 404, "\"not_found\"");
	done = fake_finished(s, SESSION_COMPLETED, "{\"a\":1}");
	fake_has(&scene->redis, &done);
	assert_int_equal(complete(scene), 0);
	assert_answer(scene, 201, "{\"a\":1}");
	session_done(&done);
}

static void answer_too_large_for_the_record_comes_from_the_sink(void **state)
{
	struct scene *scene = *state;
	struct session done = fake_finished(&scene->session, SESSION_COMPLETED,
					    "{}");

	answer_done(&done.answer);
	done.answer.status = 200;
	strcpy(done.answer.persistent_id, "route-1");
	fake_has(&scene->redis, &done);
	fake_sink_has(&scene->sink, &scene->session, "abcdef");
	assert_int_equal(complete(scene), 0);
	/* As it was answered before. */
	assert_answer(scene, 200, "{\"persistentId\":\"route-1\"}");
	scene->sink.says[FAKE_FIND] = -EIO;
	assert_int_equal(complete(scene), -EIO);
	/* Deleted since: what is left of the answer. */
	scene->sink.says[FAKE_FIND] = SINK_E_ABSENT;
	assert_int_equal(complete(scene), 0);
	assert_answer(scene, 200, "{\"persistentId\":\"route-1\"}");
}

static const struct CMUnitTest cases[] = {
	SCENE_CASE(steps_are_in_their_order),
	SCENE_CASE(completed_is_answered_from_the_record),
	SCENE_CASE(other_tier_that_knows_better_is_believed),
	SCENE_CASE(session_that_is_gone_meanwhile_is_absent),
	SCENE_CASE(what_the_sink_has_is_recorded_and_answered),
	SCENE_CASE(other_holder_is_said_and_nothing_done),
	SCENE_CASE(abort_that_holds_the_claim_may_have_ended_it),
	SCENE_CASE(missing_chunks_are_named),
	SCENE_CASE(rot_that_was_taken_away_is_missing),
	SCENE_CASE(chunk_that_came_back_is_read_again_later),
	SCENE_CASE(not_what_start_declared_is_refused),
	SCENE_CASE(claim_lost_at_work_is_anothers),
	SCENE_CASE(claim_lost_at_the_last_chunk_commits_nothing),
	SCENE_CASE(abort_after_a_lost_claim_is_believed),
	SCENE_CASE(silent_tier_is_no_absence),
	SCENE_CASE(others_session_does_not_exist),
	SCENE_CASE(session_past_its_time_is_absent_but_for_its_answer),
	SCENE_CASE(answer_too_large_for_the_record_comes_from_the_sink),
};

int main(void)
{
	return cmocka_run_group_tests(cases, NULL, NULL);
}
