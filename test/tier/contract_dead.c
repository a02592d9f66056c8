/* SPDX-License-Identifier: MIT */

/* Servers that refuse, and servers that accept and never answer. */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "test/tier/contract.h"

/*
 * Of each call of a driver, and of each operation. The last is when a tier
 * counts as one that hangs: a bound for a busy machine, and no speed.
 */
#define TIMEOUT_MS 200
#define DEADLINE_MS 1000
#define HUNG_MS 8000

/* The servers' address, which tests and tiers have. */
struct dead {
	struct place place;
	int fd;			/* bound; listening where it accepts */
	char port[8];
	char redis_url[80];
	char mongodb_uri[80];
};

/* A port of ours: refused while nobody listens, silent while nobody reads. */
static void dead_open(struct contract *c, bool silent, struct dead *ret_dead)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(address);
	struct dead *dead = ret_dead;

	*dead = (struct dead){ .place = c->place };
	dead->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(dead->fd >= 0);
	assert_int_equal(bind(dead->fd, (struct sockaddr *)&address, len), 0);
	assert_int_equal(getsockname(dead->fd, (struct sockaddr *)&address,
				     &len), 0);
	if (silent)
		assert_int_equal(listen(dead->fd, 128), 0);
	snprintf(dead->port, sizeof(dead->port), "%u",
		 ntohs(address.sin_port));
	snprintf(dead->redis_url, sizeof(dead->redis_url),
		 "redis://jane:hunter2@127.0.0.1:%s/0", dead->port);
	snprintf(dead->mongodb_uri, sizeof(dead->mongodb_uri),
		 "mongodb://jane:hunter2@127.0.0.1:%s/upload", dead->port);
	dead->place.redis_url = dead->redis_url;
	dead->place.mongodb_uri = dead->mongodb_uri;
	dead->place.timeout_ms = TIMEOUT_MS;
}

static void assert_words(const struct tier *t, const struct dead *dead)
{
	const char *const secrets[] = {
		"hunter2", "jane", "127.0.0.1", dead->port, "://",
	};

	assert_true(t->error[0] != '\0');
	for (size_t i = 0; i < ARRAY_SIZE(secrets); i++)
		if (strstr(t->error, secrets[i]))
			fail_msg("the words have \"%s\": %s", secrets[i],
				 t->error);
}

/* Every operation, and what it would put its results into. */
struct calls {
	struct session session;
	struct session done;
	struct chunk chunk;
	struct tier_token token;
};

struct results {
	struct session session;
	struct chunk_count count;
	struct chunk_info info;
	struct chunk_list list;
	bool held;
};

enum { N_CALLS = 13 };

static int call(struct tier *t, const struct calls *in, int i,
		struct deadline dl, struct buf *data, struct results *out)
{
	const struct session *s = &in->session;

	switch (i) {
	case 0:
		return tier_ping(t, dl);
	case 1:
		return tier_put_session(t, s, dl);
	case 2:
		return tier_get_session(t, s->id, TIER_READ_FIRST, dl,
					&out->session);
	case 3:
		return tier_get_session(t, s->id, TIER_READ_ALL, dl,
					&out->session);
	case 4:
		return tier_put_chunk(t, s, &in->chunk, dl, &out->count);
	case 5:
		return tier_get_chunk(t, s, 0, dl, data, &out->info);
	case 6:
		return tier_list_chunks(t, s, dl, &out->list);
	case 7:
		return tier_claim(t, s, &in->token, dl);
	case 8:
		return tier_release(t, s, &in->token, dl);
	case 9:
		return tier_is_claimed(t, s, dl, &out->held);
	case 10:
		return tier_finish(t, &in->done, dl);
	case 11:
		return tier_drop_chunk(t, s, &in->chunk.info, dl);
	default:
		return tier_drop_chunks(t, s, dl);
	}
}

static void every_call_fails(struct contract *c, bool silent)
{
	struct calls in = { .session = session_of(1, 3) };
	struct results out, before;
	struct tier *t = NULL;
	struct dead dead;
	struct buf data;

	in.done = completed(&in.session, NULL);
	in.chunk = chunk_of_text(0, "abc");
	assert_int_equal(tier_token_make(&in.token), 0);
	memset(&out, 0x5a, sizeof(out));
	out.list = (struct chunk_list){ 0 };
	before = out;
	buf_init(&data, 100);
	dead_open(c, silent, &dead);
	/* Opening asks nobody. */
	assert_int_equal(setting_open(c->setting, &dead.place, &t), 0);
	for (int i = 0; i < N_CALLS; i++) {
		int64_t begun = clock_monotonic_ms();
		int r;

		r = call(t, &in, i, deadline_in(DEADLINE_MS), &data, &out);
		if (r >= 0 || r == -ENOTSUP)
			fail_msg("call %d gave %d", i, r);
		assert_words(t, &dead);
		assert_in_range(clock_monotonic_ms() - begun, 0, HUNG_MS);
		/* Results are as they were. */
		assert_memory_equal(&out, &before, sizeof(out));
		assert_null(t->served);
	}
	tier_close(t);
	buf_done(&data);
	close(dead.fd);
}

static void every_call_on_a_refused_port_fails_with_words(void **state)
{
	every_call_fails(*state, /* silent= */ false);
}

static void every_call_on_a_silent_port_fails_in_time(void **state)
{
	every_call_fails(*state, /* silent= */ true);
}

static void failure_is_forgotten_by_the_next_tier_that_is_well(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3);
	struct tier *t = NULL;
	struct dead dead;

	dead_open(c, /* silent= */ false, &dead);
	assert_int_equal(setting_open(c->setting, &dead.place, &t), 0);
	assert_true(tier_put_session(t, &s, deadline_in(DEADLINE_MS)) < 0);
	tier_close(t);
	close(dead.fd);
	assert_result(c->tier, tier_put_session(c->tier, &s, patience()), 0);
	assert_string_equal(c->tier->error, "");
	assert_session_is(c->tier, &s);
}

static const struct CMUnitTest cases[] = {
	cmocka_unit_test(every_call_on_a_refused_port_fails_with_words),
	cmocka_unit_test(every_call_on_a_silent_port_fails_in_time),
	cmocka_unit_test(failure_is_forgotten_by_the_next_tier_that_is_well),
};

const struct subject dead_subject = { cases, ARRAY_SIZE(cases) };
