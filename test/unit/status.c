/* SPDX-License-Identifier: MIT */

/* What status says, and when it says to wait. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "test/unit/scene.h"

static int status(struct scene *scene)
{
	return scene_get(scene, HTTP_GET, "sessionId=%s");
}

static void assert_status(struct scene *scene, const char *words,
			  unsigned retry_after)
{
	assert_int_equal(status(scene), 0);
	assert_answer(scene, 200, words);
	assert_int_equal(scene->reply.retry_after, retry_after);
}

static void open_session_is_described(void **state)
{
	struct scene *scene = *state;
	char expected[512], expires[CLOCK_ISO_MAX];

	fake_has_chunk(&scene->redis, 1, CHUNK_RAW, "abcd", 4);
	clock_iso(scene->session.expires_at, expires);
	snprintf(expected, sizeof(expected), "{\"sessionId\":\"%s\","
		 "\"state\":\"open\",\"totalChunks\":2,\"receivedChunks\":1,"
		 "\"receivedBytes\":4,\"expiresAt\":\"%s\","
		 "\"missing\":[[0,0]]}", scene->session.id, expires);
	assert_status(scene, expected, 0);
	assert_string_equal(scene->service.store->served, "redis");
}

static void every_tier_is_asked_and_brought_up(void **state)
{
	struct scene *scene = *state;

	fake_done(&scene->redis);
	fake_has_chunk(&scene->redis, 0, CHUNK_RAW, "abc", 3);
	fake_has_chunk(&scene->memory, 0, CHUNK_RAW, "abcde", 5);
	fake_has_chunk(&scene->memory, 1, CHUNK_RAW, "def", 3);
	assert_status(scene, "\"receivedChunks\":2,\"receivedBytes\":6,", 0);
	assert_string_equal(scene->service.store->served, "mongodb");
	assert_true(scene->redis.has_record);
}

static void claimed_session_is_completing(void **state)
{
	struct scene *scene = *state;

	strcpy(scene->mongodb.holder, "somebody");
	assert_status(scene, "\"state\":\"completing\"", 0);
	scene->redis.fails = -EIO;
	assert_status(scene, "\"state\":\"completing\"", REPLY_RETRY_SICK);
}

static void what_a_silent_tier_may_have_is_missing_and_may_come(void **state)
{
	struct scene *scene = *state;

	scene_send_all(scene);
	scene->redis.fails = -EHOSTDOWN;
	assert_status(scene, "\"receivedChunks\":0,\"receivedBytes\":0,",
		      REPLY_RETRY_SICK);
	assert_answer(scene, 200, "\"missing\":[[0,1]]");
	assert_reason(scene, "redis: ");
	scene->redis.fails = 0;
	assert_status(scene, "\"missing\":[]", 0);
	/* One that cannot be used has nothing. */
	scene->redis.fails = -ENODEV;
	assert_status(scene, "\"missing\":[[0,1]]", 0);
}

static void completed_session_has_all_and_its_answer(void **state)
{
	struct scene *scene = *state;
	struct session done = fake_finished(&scene->session, SESSION_COMPLETED,
					    "{\"a\":[1]}");

	fake_has(&scene->mongodb, &done);
	assert_status(scene, "\"state\":\"completed\",\"totalChunks\":2,"
		      "\"receivedChunks\":2,\"receivedBytes\":6,", 0);
	assert_answer(scene, 200, "\"missing\":[],\"result\":{\"a\":[1]}}");
	/* Silence of another changes nothing. */
	scene->redis.fails = -EIO;
	assert_status(scene, "\"state\":\"completed\"", 0);
	session_done(&done);
}

static void answer_too_large_for_the_record_comes_from_the_sink(void **state)
{
	struct scene *scene = *state;
	struct session done = fake_finished(&scene->session, SESSION_COMPLETED,
					    "{}");

	answer_done(&done.answer);
	done.answer.status = 201;
	strcpy(done.answer.persistent_id, "route-9");
	fake_has(&scene->redis, &done);
	fake_sink_has(&scene->sink, &scene->session, "abcdef");
	assert_status(scene, "\"result\":{\"persistentId\":\"route-1\"}}", 0);
	scene->sink.says[FAKE_FIND] = -EIO;
	assert_int_equal(status(scene), -EIO);
	assert_reason(scene, "sink: find failed");
	/* Deleted since. */
	scene->sink.says[FAKE_FIND] = SINK_E_ABSENT;
	assert_status(scene, "\"result\":{\"persistentId\":\"route-9\"}}", 0);
}

static void aborted_or_absent_session_is_not_found(void **state)
{
	struct scene *scene = *state;
	struct session gone = fake_finished(&scene->session, SESSION_ABORTED,
					    NULL);

	fake_has(&scene->mongodb, &gone);
	assert_int_equal(status(scene), 0);
	assert_answer(scene, 404, "\"not_found\"");
	fake_done(&scene->redis);
	fake_done(&scene->mongodb);
	assert_int_equal(status(scene), 0);
	assert_answer(scene, 404, "\"not_found\"");
	scene->memory.fails = -EIO;
	assert_int_equal(status(scene), -EIO);
}

static void session_is_not_told_while_nothing_can_be_listed(void **state)
{
	struct scene *scene = *state;

	scene->redis.says[FAKE_LIST_CHUNKS] = -EIO;
	scene->mongodb.says[FAKE_LIST_CHUNKS] = -EIO;
	scene->memory.says[FAKE_LIST_CHUNKS] = -EIO;
	assert_int_equal(status(scene), -EIO);
}

static void limits_are_told_without_asking_a_tier(void **state)
{
	struct scene *scene = *state;

	scene->redis.fails = scene->mongodb.fails = scene->memory.fails = -EIO;
	assert_int_equal(scene_get(scene, HTTP_GET, ""), 0);
	assert_answer(scene, 200, "{\"maxChunkSize\":1000,\"maxChunks\":100,"
		      "\"maxSize\":10000,\"ttl\":3600}");
	assert_journal(&scene->journal, "");
	assert_int_equal(scene_get(scene, HTTP_GET, "session=%s"), 0);
	assert_answer(scene, 200, "maxChunkSize");
	assert_int_equal(scene_get(scene, HTTP_GET, "sessionId="), 0);
	assert_answer(scene, 404, "\"not_found\"");
	assert_journal(&scene->journal, "");
}

static const struct CMUnitTest cases[] = {
	SCENE_CASE(open_session_is_described),
	SCENE_CASE(every_tier_is_asked_and_brought_up),
	SCENE_CASE(claimed_session_is_completing),
	SCENE_CASE(what_a_silent_tier_may_have_is_missing_and_may_come),
	SCENE_CASE(completed_session_has_all_and_its_answer),
	SCENE_CASE(answer_too_large_for_the_record_comes_from_the_sink),
	SCENE_CASE(aborted_or_absent_session_is_not_found),
	SCENE_CASE(session_is_not_told_while_nothing_can_be_listed),
	SCENE_CASE(limits_are_told_without_asking_a_tier),
};

int main(void)
{
	return cmocka_run_group_tests(cases, NULL, NULL);
}
