/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <cmocka.h>

#include "common/tier/stack.h"
#include "test/unit/cast.h"

#define STACK_SIZE KIB(512)	/* bytes; a sanitizer needs more than most */
#define CHOICES_MAX 128
#define FAULT_ODDS 16		/* one of so many calls, while there are any */

int complete_main(void);
int abort_main(void);
int upload_main(void);

static const struct endpoint *endpoint;

int serve(const struct endpoint *of_function)
{
	endpoint = of_function;
	return 0;
}

/* A process while it is at work. */
struct process {
	struct actor actor;
	ucontext_t context;
	struct fake_sink sink;
	struct service service;
	struct request request;
	struct reply reply;
	bool done;
};

static const struct config config = {
	.ttl_ms = 3600000, .max_inflated = 100, .max_chunk_size = 100,
};
struct stage stage;
static endpoint_fn *handlers[ROLES];
static struct process processes[CAST_ACTORS_MAX];
static char *stacks[CAST_ACTORS_MAX];
static ucontext_t scheduler;
static struct process *me;	/* whose turn it is; NULL: nobody's */
static struct mishaps left;

/* Who holds each tier's claim, as it was seen after each step. */
static struct {
	char holder[TIER_TOKEN_LEN + 1];
	const struct process *process;
} claims[CAST_TIERS_MAX];

/* The choices of one run, and how many there were at each. */
static unsigned char path[CHOICES_MAX], width[CHOICES_MAX];
static size_t n_path, depth;
static uint64_t random_state;	/* 0: in every order */

static size_t choose(size_t n)
{
	assert_true(n > 0);
	if (random_state) {
		random_state ^= random_state << 13;
		random_state ^= random_state >> 7;
		random_state ^= random_state << 17;
		return random_state % n;
	}
	assert_true(depth < CHOICES_MAX);
	if (depth == n_path)
		path[n_path++] = 0;
	width[depth] = (unsigned char)n;
	return path[depth++];
}

void cast_begin_every_order(void)
{
	random_state = 0;
	n_path = 0;
}

void cast_begin_by_chance(void)
{
	random_state = UINT64_C(0x9e3779b97f4a7c15);
}

bool cast_next_order(void)
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
	if (me && !me->actor.dead)
		swapcontext(&me->context, &scheduler);
	return me && me->actor.dead ? -EIO : 0;
}

static int tier_step(struct fake_tier *fake, enum fake_op op)
{
	int r;

	fake->lies[op] = 0;
	/* What nobody else changes but in steps of these. */
	if (op == FAKE_GET_CHUNK && !stage.lost && !left.losses)
		return me && me->actor.dead ? -EIO : 0;
	r = step();
	if (r || !me || !left.faults || choose(FAULT_ODDS) > 0)
		return r;
	left.faults--;
	stage.faulted = true;
	/* It fails, and has done it or not. */
	if (choose(2))
		return -EIO;
	fake->lies[op] = -EIO;
	return 0;
}

static int sink_step(struct fake_sink *fake, enum fake_sink_op op)
{
	(void)fake;
	if (op == FAKE_FIND || op == FAKE_COMMIT)
		return step();
	return me && me->actor.dead ? -EIO : 0;
}

static void call(struct process *process)
{
	struct request *req = &process->request;
	int r;

	req->method = HTTP_POST;
	req->now_ms = clock_now_ms();
	req->deadline = deadline_in(60000);
	buf_printf(&req->body, "{\"sessionId\":\"%s\",\"chunkIndex\":0,"
		   "\"data\":\"abcdef\"}", stage.session.id);
	r = handlers[process->actor.role](&process->service, req,
					  &process->reply);
	process->actor.status = r ? 503 : process->reply.status;
}

static void run(void)
{
	call(me);
	me->done = true;
}

static void process_init(struct process *process, enum role role)
{
	struct stack_tier tiers[CAST_TIERS_MAX];

	*process = (struct process){ .actor.role = role };
	fake_sink_init(&process->sink, NULL);
	process->sink.shared = &stage.place;
	process->sink.before = sink_step;
	for (size_t i = 0; i < stage.n_tiers; i++)
		tiers[i] = (struct stack_tier){ &stage.tiers[i].base, true };
	process->service.config = &config;
	assert_int_equal(tier_stack_open(tiers, stage.n_tiers, stage.copies,
					 &process->service.store), 0);
	process->service.sink = &process->sink.base;
	request_init(&process->request);
	reply_init(&process->reply);
}

static void process_done(struct process *process)
{
	tier_close(process->service.store);
	request_done(&process->request);
	reply_done(&process->reply);
	fake_sink_done(&process->sink);
}

/* Until it waits for its turn again, or has ended. */
static void let_go(struct process *process)
{
	me = process;
	swapcontext(&scheduler, &process->context);
	me = NULL;
	for (size_t i = 0; i < stage.n_tiers; i++) {
		if (strcmp(claims[i].holder, stage.tiers[i].holder) == 0)
			continue;
		strcpy(claims[i].holder, stage.tiers[i].holder);
		claims[i].process = process;
	}
}

static void kill_it(struct process *process)
{
	left.deaths--;
	process->actor.dead = true;
	let_go(process);
}

static bool is_held(void)
{
	for (size_t i = 0; i < stage.n_tiers; i++)
		if (stage.tiers[i].holder[0])
			return true;
	return false;
}

/* In any of the tiers where it is held. */
static void end_lease(void)
{
	const struct process *process;
	size_t i;

	do
		i = choose(stage.n_tiers);
	while (!stage.tiers[i].holder[0]);
	process = claims[i].process;
	stage.robbed |= !process->actor.dead && !process->done;
	stage.tiers[i].holder[0] = '\0';
	left.leases--;
}

static void lose_all(void)
{
	struct fake_tier *tier = &stage.tiers[stage.loser];

	left.losses--;
	stage.lost = true;
	fake_done(tier);
	tier->holder[0] = '\0';
}

/* One choice: somebody's step, or a mishap. */
static void choose_step(void)
{
	struct process *alive[CAST_ACTORS_MAX];
	size_t n = 0, deaths, leases, choice;

	for (size_t i = 0; i < stage.n_actors; i++)
		if (!processes[i].done && !processes[i].actor.dead)
			alive[n++] = &processes[i];
	deaths = left.deaths ? n : 0;
	leases = left.leases && is_held() ? 1 : 0;
	choice = choose(n + deaths + leases + (left.losses ? 1 : 0));
	if (choice < n) {
		let_go(alive[choice]);
	} else if (choice < n + deaths) {
		kill_it(alive[choice - n]);
	} else if (choice < n + deaths + leases) {
		end_lease();
	} else {
		lose_all();
	}
}

static bool anybody_left(void)
{
	for (size_t i = 0; i < stage.n_actors; i++)
		if (!processes[i].done && !processes[i].actor.dead)
			return true;
	return false;
}

static void begin(enum role role)
{
	struct process *process = &processes[stage.n_actors];

	process_init(process, role);
	stage.actors[stage.n_actors] = &process->actor;
	getcontext(&process->context);
	process->context.uc_stack.ss_sp = stacks[stage.n_actors++];
	process->context.uc_stack.ss_size = STACK_SIZE;
	process->context.uc_link = &scheduler;
	makecontext(&process->context, run, 0);
	/* Nobody sees what it does before its first step. */
	let_go(process);
}

/* A session that is open, and its chunk in as many tiers as it must be. */
static void stage_init(void)
{
	stage = (struct stage){
		.n_tiers = stage.n_tiers, .copies = stage.copies,
		.session = fake_session(1, 6),
	};
	memset(claims, 0, sizeof(claims));
	fake_sink_init(&stage.place, NULL);
	for (size_t i = 0; i < stage.n_tiers; i++) {
		fake_init(&stage.tiers[i], i ? "mongodb" : "redis", NULL);
		stage.tiers[i].before = tier_step;
		fake_has(&stage.tiers[i], &stage.session);
		if (i < stage.copies)
			fake_has_chunk(&stage.tiers[i], 0, CHUNK_TEXT,
				       "abcdef", 6);
	}
}

void cast_play(struct cast cast, struct mishaps mishaps)
{
	stage_init();
	depth = 0;
	left = (struct mishaps){ 0 };
	if (mishaps.losses)
		stage.loser = choose(stage.n_tiers);
	for (enum role role = 0; role < ROLES; role++)
		for (unsigned i = 0; i < cast.n[role]; i++)
			begin(role);
	left = mishaps;
	while (anybody_left())
		choose_step();
	left = (struct mishaps){ 0 };
}

unsigned cast_ask(enum role role)
{
	struct process client;
	unsigned status;

	for (size_t i = 0; i < stage.n_tiers; i++)
		stage.tiers[i].holder[0] = '\0';
	process_init(&client, role);
	call(&client);
	status = client.actor.status;
	process_done(&client);
	return status;
}

enum session_state cast_read(void)
{
	struct session session = { 0 };
	struct process client;
	enum session_state state;

	process_init(&client, UPLOAD);
	assert_int_equal(tier_get_session(client.service.store,
					  stage.session.id, TIER_READ_ALL,
					  deadline_in(60000), &session), 0);
	state = session.state;
	session_done(&session);
	process_done(&client);
	return state;
}

void cast_end(void)
{
	for (size_t i = 0; i < stage.n_actors; i++)
		process_done(&processes[i]);
	for (size_t i = 0; i < stage.n_tiers; i++)
		fake_done(&stage.tiers[i]);
	fake_sink_done(&stage.place);
}

int cast_setup(void **state)
{
	(void)state;
	complete_main();
	handlers[COMPLETE] = endpoint->handle;
	abort_main();
	handlers[ABORT] = endpoint->handle;
	upload_main();
	handlers[UPLOAD] = endpoint->handle;
	for (size_t i = 0; i < CAST_ACTORS_MAX; i++) {
		stacks[i] = malloc(STACK_SIZE);
		assert_non_null(stacks[i]);
	}
	return 0;
}

int cast_teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < CAST_ACTORS_MAX; i++)
		free(stacks[i]);
	return 0;
}
