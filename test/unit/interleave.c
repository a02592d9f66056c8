/* SPDX-License-Identifier: MIT */

/*
 * complete, abort and upload of one session at once, in every order of their
 * steps: each has a stack of its own, and before each step that others can see
 * it waits for its turn. One may be killed at any of them, and leases may end.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <cmocka.h>

#include "common/service.h"
#include "test/unit/fake_sink.h"
#include "test/unit/fake_tier.h"

#define ACTORS_MAX 3
#define STACK_SIZE KIB(512)	/* bytes; a sanitizer needs more than most */
#define CHOICES_MAX 128
#define SAMPLES 1000

int complete_main(void);
int abort_main(void);
int upload_main(void);

/* What the processes do; how many of each, in this order, is a cast. */
enum role { COMPLETE, ABORT, UPLOAD, ROLES };
struct cast {
	unsigned n[ROLES];
};

static const struct endpoint *endpoint;

int serve(const struct endpoint *of_function)
{
	endpoint = of_function;
	return 0;
}

/* A process that answers one request. */
struct actor {
	ucontext_t context;
	enum role role;
	struct fake_sink sink;
	struct service service;
	struct request request;
	struct reply reply;
	bool done;
	bool dead;		/* nothing that it does is done any more */
	unsigned status;	/* of its answer; 0: none */
};

static const struct config config = {
	.ttl_ms = 3600000, .max_inflated = 100, .max_chunk_size = 100,
};
static struct fake_tier tier;
static struct fake_sink place;	/* where all sinks store */
static struct session session;
static endpoint_fn *handlers[ROLES];
static struct actor actors[ACTORS_MAX];
static size_t n_actors;
static char *stacks[ACTORS_MAX];
static ucontext_t scheduler;
static struct actor *me;	/* whose turn it is; NULL: nobody's */

/* The choices of one run, and how many there were at each. */
static unsigned char path[CHOICES_MAX], width[CHOICES_MAX];
static size_t n_path, depth;
static uint64_t random_state;	/* 0: in every order */

static size_t choose(size_t n)
{
	assert_true(depth < CHOICES_MAX && n > 0);
	if (random_state) {
		random_state ^= random_state << 13;
		random_state ^= random_state >> 7;
		random_state ^= random_state << 17;
		return random_state % n;
	}
	if (depth == n_path)
		path[n_path++] = 0;
	width[depth] = (unsigned char)n;
	return path[depth++];
}

/* The next order; whether there is one. */
static bool next_path(void)
{
	while (n_path > 0 && path[n_path - 1] + 1 == width[n_path - 1])
		n_path--;
	if (n_path == 0)
		return false;
	path[n_path - 1]++;
	return true;
}

/* Before a step: waits for the turn. The dead do nothing. */
static int step(void)
{
	if (me && !me->dead)
		swapcontext(&me->context, &scheduler);
	return me && me->dead ? -EIO : 0;
}

static int tier_step(struct fake_tier *fake, enum fake_op op)
{
	(void)fake;
	/* What nobody else changes but in steps of these. */
	if (op == FAKE_GET_CHUNK)
		return me && me->dead ? -EIO : 0;
	return step();
}

static int sink_step(struct fake_sink *fake, enum fake_sink_op op)
{
	(void)fake;
	if (op == FAKE_FIND || op == FAKE_COMMIT)
		return step();
	return me && me->dead ? -EIO : 0;
}

static void call(struct actor *actor)
{
	struct request *req = &actor->request;
	int r;

	req->method = HTTP_POST;
	req->now_ms = clock_now_ms();
	req->deadline = deadline_in(60000);
	buf_printf(&req->body, "{\"sessionId\":\"%s\",\"chunkIndex\":0,"
		   "\"data\":\"abcdef\"}", session.id);
	r = handlers[actor->role](&actor->service, req, &actor->reply);
	actor->status = r ? 503 : actor->reply.status;
}

static void run(void)
{
	call(me);
	me->done = true;
}

static void actor_init(struct actor *actor, enum role role)
{
	*actor = (struct actor){ .role = role };
	fake_sink_init(&actor->sink, NULL);
	actor->sink.shared = &place;
	actor->sink.before = sink_step;
	actor->service.config = &config;
	actor->service.store = &tier.base;
	actor->service.sink = &actor->sink.base;
	request_init(&actor->request);
	reply_init(&actor->reply);
}

static void actor_done(struct actor *actor)
{
	request_done(&actor->request);
	reply_done(&actor->reply);
	fake_sink_done(&actor->sink);
}

/* Until it waits for its turn again, or has ended. */
static void let_go(struct actor *actor)
{
	me = actor;
	swapcontext(&scheduler, &actor->context);
	me = NULL;
}

static void kill_it(struct actor *actor)
{
	actor->dead = true;
	let_go(actor);
}

/* One choice: somebody's step, or a death, or the end of a lease. */
static void choose_step(unsigned *deaths, unsigned *leases)
{
	struct actor *alive[ACTORS_MAX];
	size_t n = 0, choice;

	for (size_t i = 0; i < n_actors; i++)
		if (!actors[i].done && !actors[i].dead)
			alive[n++] = &actors[i];
	choice = choose(n + (*deaths ? n : 0) +
			(*leases && tier.holder[0] ? 1 : 0));
	if (choice < n) {
		let_go(alive[choice]);
	} else if (*deaths && choice < 2 * n) {
		--*deaths;
		kill_it(alive[choice - n]);
	} else {
		--*leases;
		tier.holder[0] = '\0';
	}
}

static bool anybody_left(void)
{
	for (size_t i = 0; i < n_actors; i++)
		if (!actors[i].done && !actors[i].dead)
			return true;
	return false;
}

static void begin(enum role role)
{
	struct actor *actor = &actors[n_actors];

	actor_init(actor, role);
	getcontext(&actor->context);
	actor->context.uc_stack.ss_sp = stacks[n_actors++];
	actor->context.uc_stack.ss_size = STACK_SIZE;
	actor->context.uc_link = &scheduler;
	makecontext(&actor->context, run, 0);
	/* Nobody sees what it does before its first step. */
	let_go(actor);
}

/* Plays it once, by the choices of the path. */
static void play(struct cast cast, unsigned deaths, unsigned leases)
{
	fake_init(&tier, "redis", NULL);
	tier.before = tier_step;
	fake_sink_init(&place, NULL);
	session = fake_session(1, 6);
	fake_has(&tier, &session);
	fake_has_chunk(&tier, 0, CHUNK_TEXT, "abcdef", 6);
	depth = n_actors = 0;
	for (enum role role = 0; role < ROLES; role++)
		for (unsigned i = 0; i < cast.n[role]; i++)
			begin(role);
	while (anybody_left())
		choose_step(&deaths, &leases);
}

/* What a client gets afterwards, when all leases have ended. */
static unsigned ask(enum role role)
{
	struct actor client;
	unsigned status;

	tier.holder[0] = '\0';
	actor_init(&client, role);
	call(&client);
	status = client.status;
	actor_done(&client);
	return status;
}

static void check(bool lost_leases)
{
	bool completed = false, aborted = false;
	unsigned status;

	for (size_t i = 0; i < n_actors; i++) {
		if (actors[i].dead)
			continue;
		if (actors[i].role == COMPLETE)
			completed |= actors[i].status == 201;
		if (actors[i].role == ABORT)
			aborted |= actors[i].status == 200;
		/* Nothing failed, so that nobody is told to wait in vain. */
		assert_int_not_equal(actors[i].status, 503);
	}
	/* What was said stays true. */
	if (completed) {
		assert_true(place.has);
		assert_int_equal(tier.record.state, SESSION_COMPLETED);
	}
	if (aborted && !lost_leases)
		assert_false(place.has || completed);
	/* And is said again. */
	status = ask(COMPLETE);
	if (place.has)
		assert_int_equal(status, 201);
	else
		assert_int_equal(status, 404);
	/* Nobody aborted it: nothing of it was lost. */
	if (!aborted && tier.record.state != SESSION_ABORTED)
		assert_string_equal(place.stored.data, "abcdef");
	assert_int_equal(ask(ABORT), place.has ? 409 : 200);
	assert_int_equal(ask(UPLOAD), place.has ? 409 : 404);
	assert_int_equal(ask(COMPLETE), place.has ? 201 : 404);
}

static void end(void)
{
	for (size_t i = 0; i < n_actors; i++)
		actor_done(&actors[i]);
	fake_done(&tier);
	fake_sink_done(&place);
}

/* Whether one of those that live got what it asked for. */
static bool anybody_won(void)
{
	for (size_t i = 0; i < n_actors; i++)
		if (!actors[i].dead && actors[i].role != UPLOAD &&
		    actors[i].status < 300)
			return true;
	return false;
}

static unsigned in_every_order(struct cast cast)
{
	unsigned runs = 0;

	random_state = 0;
	n_path = 0;
	do {
		play(cast, 0, 0);
		assert_true(anybody_won());
		check(/* lost_leases= */ false);
		end();
		runs++;
	} while (next_path());
	print_message("%u orders\n", runs);
	return runs;
}

static void in_some_orders(struct cast cast, unsigned deaths, unsigned leases)
{
	random_state = UINT64_C(0x9e3779b97f4a7c15);
	for (unsigned i = 0; i < SAMPLES; i++) {
		play(cast, deaths, leases);
		check(leases > 0);
		end();
	}
}

/* Completes, aborts, uploads. */
#define CAST(...) ((struct cast){ { __VA_ARGS__ } })

static void two_at_once_in_every_order(void **state)
{
	(void)state;
	assert_true(in_every_order(CAST(1, 1, 0)) > 100);
	assert_true(in_every_order(CAST(2, 0, 0)) > 1000);
	assert_true(in_every_order(CAST(0, 2, 0)) > 50);
}

/* The chunk that it brings may come after the others were dropped. */
static void with_an_upload_in_every_order(void **state)
{
	(void)state;
	assert_true(in_every_order(CAST(1, 1, 1)) > 1000);
}

static void three_at_once(void **state)
{
	(void)state;
	in_some_orders(CAST(2, 1, 0), 0, 0);
}

static void one_is_killed_at_any_step(void **state)
{
	(void)state;
	in_some_orders(CAST(1, 1, 0), 1, 0);
	in_some_orders(CAST(2, 0, 0), 1, 0);
	in_some_orders(CAST(2, 1, 0), 2, 0);
	in_some_orders(CAST(1, 1, 1), 1, 0);
}

static void leases_end_at_any_step(void **state)
{
	(void)state;
	in_some_orders(CAST(1, 1, 0), 0, 1);
	in_some_orders(CAST(2, 1, 0), 1, 2);
}

static int setup(void **state)
{
	(void)state;
	complete_main();
	handlers[COMPLETE] = endpoint->handle;
	abort_main();
	handlers[ABORT] = endpoint->handle;
	upload_main();
	handlers[UPLOAD] = endpoint->handle;
	for (size_t i = 0; i < ACTORS_MAX; i++) {
		stacks[i] = malloc(STACK_SIZE);
		assert_non_null(stacks[i]);
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < ACTORS_MAX; i++)
		free(stacks[i]);
	return 0;
}

static const struct CMUnitTest cases[] = {
	cmocka_unit_test(two_at_once_in_every_order),
	cmocka_unit_test(with_an_upload_in_every_order),
	cmocka_unit_test(three_at_once),
	cmocka_unit_test(one_is_killed_at_any_step),
	cmocka_unit_test(leases_end_at_any_step),
};

int main(void)
{
	return cmocka_run_group_tests(cases, setup, teardown);
}
