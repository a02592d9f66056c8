/* SPDX-License-Identifier: MIT */

/* What start makes a session of, and who keeps it. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "test/unit/scene.h"

static void assert_said(struct scene *scene, const char *body, unsigned status,
			const char *words)
{
	assert_int_equal(scene_post(scene, body), 0);
	assert_answer(scene, status, words);
}

static void forget(struct scene *scene)
{
	fake_done(&scene->redis);
	fake_done(&scene->mongodb);
	fake_done(&scene->memory);
}

#define DIGEST "00112233445566778899aAbBcCdDeEfF" \
	       "00112233445566778899aAbBcCdDeEfF"

static void session_has_what_was_said_of_it(void **state)
{
	struct scene *scene = *state;
	const struct session *s = &scene->redis.record;

	forget(scene);
	assert_said(scene, "{\"totalChunks\":3,\"totalSize\":30,"
		    "\"persistentId\":\"a:1\",\"isUpdate\":true,"
		    "\"isCompressed\":true,\"fileName\":\"\xc3\xa9\","
		    "\"contentType\":\"text/plain\",\"sha256\":\"" DIGEST
		    "\"}", 200, "\"maxChunkSize\":1000}");
	assert_journal(&scene->journal,
		       "redis.put_session mongodb.put_session ");
	assert_int_equal(s->total_chunks, 3);
	assert_int_equal(s->total_size, 30);
	assert_true(s->is_update && s->is_compressed);
	assert_string_equal(s->persistent_id, "a:1");
	assert_string_equal(s->file_name, "\xc3\xa9");
	assert_string_equal(s->content_type, "text/plain");
	assert_string_equal(s->sha256, "00112233445566778899aabbccddeeff"
			    "00112233445566778899aabbccddeeff");
	assert_string_equal(s->owner, "");
	assert_int_equal(s->state, SESSION_OPEN);
	assert_int_equal(s->created_at, scene->request.now_ms);
	assert_int_equal(s->expires_at, s->created_at + 3600000);
	assert_int_equal(session_id_time(s->id), s->created_at);
	assert_answer(scene, 200, s->id);
	assert_string_equal(scene->service.session_id, s->id);
}

static void numbers_at_their_edges(void **state)
{
	static const struct {
		const char *body;
		unsigned status;
		const char *words;
	} cases[] = {
		{ "{\"totalChunks\":1,\"totalSize\":0}", 200, "sessionId" },
		{ "{\"totalChunks\":1,\"totalSize\":1000}", 200, "sessionId" },
		{ "{\"totalChunks\":1,\"totalSize\":1001}", 400, "totalSize" },
		{ "{\"totalChunks\":100,\"totalSize\":100}", 200,
		  "sessionId" },
		{ "{\"totalChunks\":101,\"totalSize\":200}", 413,
		  "\"limit\":\"maxChunks\",\"max\":100}" },
		{ "{\"totalChunks\":10,\"totalSize\":10000}", 200,
		  "sessionId" },
		{ "{\"totalChunks\":20,\"totalSize\":10001}", 413,
		  "\"limit\":\"maxSize\",\"max\":10000}" },
		{ "{\"totalChunks\":2,\"totalSize\":1}", 400, "totalChunks" },
		{ "{\"totalChunks\":2,\"totalSize\":0}", 400, "totalChunks" },
		{ "{\"totalChunks\":0,\"totalSize\":0}", 400, "totalChunks" },
		{ "{\"totalChunks\":1e30,\"totalSize\":1}", 413, "maxChunks" },
		{ "{\"totalChunks\":1,\"totalSize\":1e30}", 413, "maxSize" },
	};
	struct scene *scene = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		print_message("%s\n", cases[i].body);
		assert_said(scene, cases[i].body, cases[i].status,
			    cases[i].words);
	}
}

static void texts_that_cannot_be_right(void **state)
{
#define START "{\"totalChunks\":1,\"totalSize\":1,"
	static const struct {
		const char *body, *words;
	} cases[] = {
		{ START "\"isUpdate\":true}", "Missing route ID" },
		{ START "\"persistentId\":\"\"}", "persistentId" },
		{ START "\"persistentId\":\".x\"}", "persistentId" },
		{ START "\"persistentId\":\"x.Json\"}", "persistentId" },
		{ START "\"persistentId\":\"a/b\"}", "persistentId" },
		{ START "\"sha256\":\"\"}", "sha256" },
		{ START "\"sha256\":\"00\"}", "sha256" },
		{ START "\"sha256\":\"g" DIGEST "\"}", "sha256" },
		{ START "\"contentType\":\"\xc3\xa9\"}", "contentType" },
		{ START "\"contentType\":\"a\\r\\nb\"}", "contentType" },
	};
	struct scene *scene = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_said(scene, cases[i].body, 400, cases[i].words);
		assert_answer(scene, 400, "\"bad_request\"");
		assert_journal(&scene->journal, "");
	}
}

static void tier_that_keeps_it_is_enough(void **state)
{
	struct scene *scene = *state;
	const char *body = "{\"totalChunks\":1,\"totalSize\":1}";

	forget(scene);
	scene->redis.fails = -EIO;
	assert_said(scene, body, 200, "sessionId");
	assert_string_equal(scene->service.store->served, "mongodb");
	scene->mongodb.fails = TIER_E_FULL;
	assert_said(scene, body, 200, "sessionId");
	assert_string_equal(scene->service.store->served, "memory");
	assert_reason(scene, "redis: put_session failed");
}

static void session_that_nobody_keeps_is_unavailable(void **state)
{
	struct scene *scene = *state;
	const char *body = "{\"totalChunks\":1,\"totalSize\":1}";

	scene->redis.fails = scene->mongodb.fails = scene->memory.fails =
		TIER_E_FULL;
	assert_int_equal(scene_post(scene, body), -ENOSPC);
	assert_reason(scene, "no tier has room for the session");
	scene->mongodb.fails = -EIO;
	assert_int_equal(scene_post(scene, body), -EIO);
	assert_reason(scene, "mongodb: put_session failed");
	scene->redis.fails = scene->mongodb.fails = scene->memory.fails =
		-ENODEV;
	assert_int_equal(scene_post(scene, body), -ENODEV);
	assert_reason(scene, "redis: ");
}

static const struct CMUnitTest cases[] = {
	SCENE_CASE(session_has_what_was_said_of_it),
	SCENE_CASE(numbers_at_their_edges),
	SCENE_CASE(texts_that_cannot_be_right),
	SCENE_CASE(tier_that_keeps_it_is_enough),
	SCENE_CASE(session_that_nobody_keeps_is_unavailable),
};

int main(void)
{
	return cmocka_run_group_tests(cases, NULL, NULL);
}
