/* SPDX-License-Identifier: MIT */

/* complete, begun in time, while its session's time runs out. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "test/unit/fake_wall.h"
#include "test/unit/scene.h"

/* Past expiresAt, and past the grace that tiers keep it for. */
#define OVER_MS (3600000 + 1000)
#define PURGED_MS (OVER_MS + 3600000 / 4)

static int complete(struct scene *scene)
{
	return scene_post(scene, "{\"sessionId\":\"%s\"}");
}

static void assert_absent(struct scene *scene)
{
	assert_int_equal(complete(scene), 0);
	assert_answer(scene, 404, "\"not_found\"");
	assert_at_rest(scene);
	assert_int_equal(scene->sink.calls[FAKE_COMMIT], 0);
}

/* As it was before: open, in time, and nothing of it in the sink. */
static void begin_anew(struct scene *scene)
{
	fake_wall_set(0);
	fake_done(&scene->redis);
	fake_done(&scene->mongodb);
	fake_has(&scene->redis, &scene->session);
	fake_has(&scene->mongodb, &scene->session);
	scene_send_all(scene);
	scene->sink.has = false;
}

/* The calls of tiers and sink until now, and at which the time is over. */
static unsigned calls, over_at;

static int count_call(void)
{
	if (++calls == over_at)
		fake_wall_set(OVER_MS);
	return 0;
}

static int tier_called(struct fake_tier *fake, enum fake_op op)
{
	(void)fake;
	(void)op;
	return count_call();
}

static int sink_called(struct fake_sink *fake, enum fake_sink_op op)
{
	(void)fake;
	(void)op;
	return count_call();
}

/* The grace is for this: what began in time ends, and is answered again. */
static void work_that_began_in_time_ends(void **state)
{
	struct scene *scene = *state;

	scene->redis.before = scene->mongodb.before = tier_called;
	scene->sink.before = sink_called;
	over_at = 0;
	do {
		begin_anew(scene);
		over_at++;
		calls = 0;
		assert_int_equal(complete(scene), 0);
		assert_answer(scene, 201, "{\"persistentId\":\"route-1\"}");
		assert_at_rest(scene);
		assert_string_equal(scene->sink.stored.data, "abcdef");
		assert_int_equal(scene->redis.record.state, SESSION_COMPLETED);
		fake_wall_set(OVER_MS);
		assert_int_equal(complete(scene), 0);
		assert_answer(scene, 201, "{\"persistentId\":\"route-1\"}");
		fake_wall_set(PURGED_MS);
		assert_int_equal(complete(scene), 0);
		assert_answer(scene, 404, "\"not_found\"");
	} while (calls >= over_at);
	assert_true(over_at > 10);
}

/* One that came too late does nothing at all. */
static void work_that_came_late_does_not_begin(void **state)
{
	struct scene *scene = *state;

	scene_send_all(scene);
	fake_wall_set(OVER_MS);
	assert_absent(scene);
	assert_journal(&scene->journal, "redis.get_session ");
}

static enum fake_op purged_at;	/* FAKE_OPS: never */

/* Tiers purge each thing by itself: the record is there for longer. */
static int purge_chunks(struct fake_tier *fake, enum fake_op op)
{
	struct session record = fake->record;

	if (op != purged_at)
		return 0;
	fake_wall_set(PURGED_MS);
	fake_done(fake);
	fake_has(fake, &record);
	return 0;
}

static void chunks_that_were_purged_are_not_asked_for(void **state)
{
	static const enum fake_op ops[] = {
		FAKE_CLAIM, FAKE_LIST_CHUNKS, FAKE_GET_CHUNK,
	};
	struct scene *scene = *state;

	scene->redis.before = purge_chunks;
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		begin_anew(scene);
		purged_at = ops[i];
		assert_absent(scene);
		assert_int_equal(scene->redis.record.state, SESSION_OPEN);
		/* In time they would be, by their names. */
		begin_anew(scene);
		fake_done(&scene->redis);
		fake_has(&scene->redis, &scene->session);
		purged_at = FAKE_OPS;
		assert_int_equal(complete(scene), 0);
		assert_answer(scene, 400, "\"missing\":[[0,1]]");
	}
}

static int run_out(struct fake_sink *fake, enum fake_sink_op op)
{
	(void)fake;
	if (op == FAKE_BEGIN)
		fake_wall_set(OVER_MS);
	return 0;
}

static void what_is_wrong_with_it_is_no_matter_then(void **state)
{
	static const int answers[] = {
		SINK_E_NO_ROUTE, SINK_E_BAD_DATA, SINK_E_BAD_FIELDS,
		SINK_E_TOO_LARGE, SINK_E_FULL,
	};
	struct scene *scene = *state;

	scene->sink.before = run_out;
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		begin_anew(scene);
		scene->sink.says[FAKE_BEGIN] = answers[i];
		assert_absent(scene);
	}
}

/* It may be done soon, and then that is the answer. */
static void other_at_work_is_waited_for(void **state)
{
	struct scene *scene = *state;

	scene->sink.before = run_out;
	scene_send_all(scene);
	strcpy(scene->redis.holder, "somebody");
	assert_int_equal(complete(scene), 0);
	assert_answer(scene, 409, "\"claimed\"");
	scene->redis.holder[0] = '\0';
	scene->sink.says[FAKE_BEGIN] = SINK_E_TAKEN;
	assert_int_equal(complete(scene), 0);
	assert_answer(scene, 409, "\"taken\"");
}

/* Another finished it, and then its chunks went. */
static int finish_elsewhere(struct fake_tier *fake, enum fake_op op)
{
	struct scene *scene = fake->user;

	if (op == FAKE_LIST_CHUNKS)
		fake_sink_has(&scene->sink, &scene->session, "abcdef");
	return purge_chunks(fake, op);
}

static void what_the_sink_has_by_then_is_answered(void **state)
{
	struct scene *scene = *state;

	scene_send_all(scene);
	scene->redis.before = finish_elsewhere;
	scene->redis.user = scene;
	purged_at = FAKE_LIST_CHUNKS;
	assert_int_equal(complete(scene), 0);
	assert_answer(scene, 201, "{\"persistentId\":\"route-1\"}");
	assert_int_equal(scene->sink.calls[FAKE_BEGIN], 0);
	assert_at_rest(scene);
}

/* 503 has the client ask again, and that is too late. */
static void failure_is_no_absence(void **state)
{
	struct scene *scene = *state;

	scene_send_all(scene);
	scene->sink.before = run_out;
	scene->sink.says[FAKE_BEGIN] = -EIO;
	assert_int_equal(complete(scene), -EIO);
	assert_at_rest(scene);
	assert_absent(scene);
}

static const struct CMUnitTest cases[] = {
	SCENE_CASE(work_that_began_in_time_ends),
	SCENE_CASE(work_that_came_late_does_not_begin),
	SCENE_CASE(chunks_that_were_purged_are_not_asked_for),
	SCENE_CASE(what_is_wrong_with_it_is_no_matter_then),
	SCENE_CASE(other_at_work_is_waited_for),
	SCENE_CASE(what_the_sink_has_by_then_is_answered),
	SCENE_CASE(failure_is_no_absence),
};

int main(void)
{
	return cmocka_run_group_tests(cases, NULL, NULL);
}
