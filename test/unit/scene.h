/* SPDX-License-Identifier: MIT */

/*
 * scene - a function of functions/ between fakes: a stack of redis, mongodb
 * and memory, and a sink, with one session of two chunks to be sent. The
 * program's own serve() stands aside.
 */

#pragma once

#include "common/service.h"
#include "test/unit/fake_clock.h"
#include "test/unit/fake_sink.h"
#include "test/unit/fake_tier.h"

struct scene {
	struct journal journal;
	struct fake_tier redis, mongodb, memory;
	struct fake_sink sink;
	struct config config;
	struct service service;
	struct request request;
	struct reply reply;
	/* Of nobody, 2 chunks and 6 bytes: what start made of it. */
	struct session session;
};

/* Of each case, whose state is the scene. */
int scene_setup(void **state);
int scene_teardown(void **state);

#define SCENE_CASE(name) \
	cmocka_unit_test_setup_teardown(name, scene_setup, scene_teardown)

/* The session as it is when both chunks are in redis. */
void scene_send_all(struct scene *scene);

/*
 * Calls the function as serve() does, with @body, in which %s is the session's
 * id. Gives what its handler gives; the answer is in the reply.
 */
int scene_post(struct scene *scene, const char *body);

/* The same with a query, in which %s is the session's id. */
int scene_get(struct scene *scene, enum http_method method, const char *query);

/* Asserts the answer: its status, and that its body has @words. */
void assert_answer(const struct scene *scene, unsigned status,
		   const char *words);

/* Asserts what the log would say of the failure. */
void assert_reason(const struct scene *scene, const char *words);

/* Asserts that nobody holds the claim, and that nothing is being written. */
void assert_at_rest(const struct scene *scene);
