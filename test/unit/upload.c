/* SPDX-License-Identifier: MIT */

/* Where a chunk goes, and in which order what is wrong is said. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "test/unit/scene.h"

#define CHUNK(index, text) \
	"{\"sessionId\":\"%s\",\"chunkIndex\":" #index ",\"data\":\"" text "\"}"

static void assert_said(struct scene *scene, const char *body, unsigned status,
			const char *words)
{
	assert_int_equal(scene_post(scene, body), 0);
	assert_answer(scene, status, words);
}

static void assert_counted(struct scene *scene, const char *body,
			   unsigned held)
{
	char words[64];

	snprintf(words, sizeof(words), "{\"success\":true,\"receivedChunks\":"
		 "%u,\"totalChunks\":2}", held);
	assert_said(scene, body, 200, words);
}

static void chunk_goes_to_the_first_tier_that_takes_it(void **state)
{
	struct scene *scene = *state;

	assert_counted(scene, CHUNK(0, "abc"), 1);
	assert_journal(&scene->journal, "redis.get_session redis.put_chunk ");
	assert_string_equal(scene->redis.chunks[0].data, "abc");
	assert_int_equal(scene->redis.chunks[0].info.kind, CHUNK_TEXT);
	scene->redis.fails = -EIO;
	assert_counted(scene, CHUNK(1, "def"), 1);
	assert_string_equal(scene->service.store->served, "mongodb");
	assert_reason(scene, "redis: ");
	scene->redis.fails = 0;
	assert_counted(scene, CHUNK(1, "def"), 2);
	assert_string_equal(scene->service.store->served, "redis");
}

static void session_is_looked_for_until_one_has_it(void **state)
{
	struct scene *scene = *state;

	fake_done(&scene->redis);
	assert_counted(scene, CHUNK(0, "abc"), 1);
	assert_journal(&scene->journal, "redis.get_session mongodb.get_session "
		       "redis.put_session redis.put_chunk ");
}

static void no_room_anywhere_is_507_and_silence_503(void **state)
{
	struct scene *scene = *state;

	scene->redis.says[FAKE_PUT_CHUNK] = TIER_E_FULL;
	scene->mongodb.says[FAKE_PUT_CHUNK] = TIER_E_FULL;
	scene->memory.says[FAKE_PUT_CHUNK] = TIER_E_FULL;
	assert_said(scene, CHUNK(0, "abc"), 507, "\"code\":\"full\"");
	assert_reason(scene, "no tier has room for the chunk");
	scene->mongodb.says[FAKE_PUT_CHUNK] = -ETIMEDOUT;
	assert_int_equal(scene_post(scene, CHUNK(0, "abc")), -ETIMEDOUT);
	assert_reason(scene, "mongodb: put_chunk failed");
}

static void checks_come_in_their_order(void **state)
{
	struct scene *scene = *state;
	struct session done = fake_finished(&scene->session, SESSION_COMPLETED,
					    "{}");
	struct session gone = fake_finished(&scene->session, SESSION_ABORTED,
					    NULL);

	/* The form, before a tier is asked. */
	assert_said(scene, "{\"sessionId\":\"\",\"chunkIndex\":-1,"
		    "\"data\":\"x\"}", 400, "chunkIndex");
	assert_said(scene, "{\"sessionId\":\"\",\"chunkIndex\":0,"
		    "\"data\":\"x\"}", 404, "\"not_found\"");
	assert_journal(&scene->journal, "");
	/* The session, its state, then the values. */
	fake_has(&scene->redis, &gone);
	assert_said(scene, CHUNK(9, ""), 404, "\"not_found\"");
	fake_has(&scene->redis, &done);
	assert_said(scene, CHUNK(9, ""), 409, "\"completed\"");
	fake_has(&scene->redis, &scene->session);
	assert_said(scene, CHUNK(2, "x"), 400, "chunkIndex");
	assert_said(scene, CHUNK(18446744073709551616, "x"), 400,
		    "chunkIndex");
	assert_said(scene, CHUNK(4294967296, "x"), 400, "chunkIndex");
	assert_said(scene, CHUNK(0, ""), 400, "data is empty");
	assert_int_equal(scene->redis.calls[FAKE_PUT_CHUNK], 0);
	/* Other bytes, then what is held. */
	fake_has_chunk(&scene->redis, 0, CHUNK_RAW, "abc", 3);
	assert_said(scene, CHUNK(0, "0123456789012345678"), 409,
		    "\"conflict\"");
	assert_said(scene, CHUNK(1, "0123456789012345"), 413,
		    "\"limit\":\"totalSize\",\"max\":18}");
	assert_counted(scene, CHUNK(1, "012345678901234"), 2);
	session_done(&done);
}

static void chunk_that_is_too_large_is_told_before_the_session(void **state)
{
	struct scene *scene = *state;

	scene->config.max_chunk_size = 3;
	assert_said(scene, CHUNK(7, "abcd"), 413,
		    "\"limit\":\"maxChunkSize\",\"max\":3}");
	assert_journal(&scene->journal, "");
	assert_counted(scene, CHUNK(0, "abc"), 1);
}

static void silent_or_foreign_session(void **state)
{
	struct scene *scene = *state;

	strcpy(scene->session.owner, "bo");
	fake_has(&scene->redis, &scene->session);
	assert_said(scene, CHUNK(0, "abc"), 404, "\"not_found\"");
	assert_null(scene->service.store->served);
	fake_done(&scene->redis);
	scene->mongodb.fails = -EIO;
	assert_int_equal(scene_post(scene, CHUNK(0, "abc")), -EIO);
	assert_int_equal(scene->redis.calls[FAKE_PUT_CHUNK], 0);
}

static const struct CMUnitTest cases[] = {
	SCENE_CASE(chunk_goes_to_the_first_tier_that_takes_it),
	SCENE_CASE(session_is_looked_for_until_one_has_it),
	SCENE_CASE(no_room_anywhere_is_507_and_silence_503),
	SCENE_CASE(checks_come_in_their_order),
	SCENE_CASE(chunk_that_is_too_large_is_told_before_the_session),
	SCENE_CASE(silent_or_foreign_session),
};

int main(void)
{
	return cmocka_run_group_tests(cases, NULL, NULL);
}
