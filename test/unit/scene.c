/* SPDX-License-Identifier: MIT */

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/tier/stack.h"
#include "test/unit/fake_wall.h"
#include "test/unit/scene.h"

/* The function's main(), as it is called here. */
int function_main(void);

static const struct endpoint *endpoint;

/* In place of the program around a function. */
int serve(const struct endpoint *of_function)
{
	endpoint = of_function;
	return 0;
}

static void open_store(struct scene *scene)
{
	const struct stack_tier tiers[] = {
		{ &scene->redis.base, true },
		{ &scene->mongodb.base, true },
		{ &scene->memory.base, false },
	};

	assert_int_equal(tier_stack_open(tiers, ARRAY_SIZE(tiers), 1,
					 &scene->service.store), 0);
}

int scene_setup(void **state)
{
	struct scene *scene = calloc(1, sizeof(*scene));

	assert_non_null(scene);
	fake_clock_set(0);
	fake_wall_set(0);
	fake_init(&scene->redis, "redis", &scene->journal);
	fake_init(&scene->mongodb, "mongodb", &scene->journal);
	fake_init(&scene->memory, "memory", &scene->journal);
	fake_sink_init(&scene->sink, &scene->journal);
	scene->config = (struct config){
		.ttl_ms = 3600000,
		.max_chunks = 100,
		.max_chunk_size = 1000,
		.max_size = 10000,
		.max_inflated = 500,
	};
	scene->service.config = &scene->config;
	scene->service.sink = &scene->sink.base;
	open_store(scene);
	request_init(&scene->request);
	reply_init(&scene->reply);
	scene->session = fake_session(2, 6);
	fake_has(&scene->redis, &scene->session);
	fake_has(&scene->mongodb, &scene->session);
	*state = scene;
	return function_main();
}

int scene_teardown(void **state)
{
	struct scene *scene = *state;

	tier_close(scene->service.store);
	fake_done(&scene->redis);
	fake_done(&scene->mongodb);
	fake_done(&scene->memory);
	fake_sink_done(&scene->sink);
	request_done(&scene->request);
	reply_done(&scene->reply);
	free(scene);
	return 0;
}

void scene_send_all(struct scene *scene)
{
	fake_has_chunk(&scene->redis, 0, CHUNK_RAW, "abc", 3);
	fake_has_chunk(&scene->redis, 1, CHUNK_RAW, "def", 3);
}

/* @format is the test's own. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"

static int call(struct scene *scene, enum http_method method,
		const char *query, const char *body)
{
	struct request *req = &scene->request;
	char text[512];
	int r;

	request_end(req);
	snprintf(text, sizeof(text), query, scene->session.id);
	req->method = method;
	req->query = text;
	req->now_ms = clock_now_ms();
	req->deadline = deadline_in(10000);
	r = buf_printf(&req->body, body, scene->session.id);
	assert_int_equal(r, 0);
	scene->service.session_id[0] = '\0';
	scene->service.reason[0] = '\0';
	scene->service.store->served = NULL;
	scene->service.store->error[0] = '\0';
	scene->sink.base.error[0] = '\0';
	scene->reply.status = 0;
	scene->journal.text[0] = '\0';
	r = endpoint->handle(&scene->service, req, &scene->reply);
	req->query = "";
	assert_true(r <= 0);
	if (!r)
		assert_int_not_equal(scene->reply.status, 0);
	return r;
}

int scene_post(struct scene *scene, const char *body)
{
	return call(scene, HTTP_POST, "", body);
}

int scene_get(struct scene *scene, enum http_method method, const char *query)
{
	return call(scene, method, query, "");
}

void assert_answer(const struct scene *scene, unsigned status,
		   const char *words)
{
	const struct reply *reply = &scene->reply;

	if (reply->status != status || !strstr(reply->body.data, words))
		fail_msg("%u %s", reply->status, reply->body.data);
}

void assert_reason(const struct scene *scene, const char *words)
{
	const char *said = service_words(&scene->service);

	if (!strstr(said, words) || (!*words && *said))
		fail_msg("the log would say: %s", said);
}

void assert_at_rest(const struct scene *scene)
{
	assert_string_equal(scene->redis.holder, "");
	assert_string_equal(scene->mongodb.holder, "");
	assert_string_equal(scene->memory.holder, "");
	assert_false(scene->sink.writing);
}
