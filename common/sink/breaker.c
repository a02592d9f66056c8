/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/sink/breaker.h"

/* Milliseconds: a call that got less of them says nothing of a server. */
#define FAIR_MS 100

struct breaker {
	struct sink base;	/* must be first */
	const struct config *config;
	const char *name;
	sink_open_fn *open;
	struct sink *sink;	/* NULL until first needed */
	struct circuit circuit;
	int64_t given_ms;	/* what the last call had to its deadline */
};

static struct breaker *self(struct sink *sink)
{
	return (struct breaker *)sink;
}

/* What the sink said besides @r. */
static int take_words(struct breaker *b, int r)
{
	memcpy(b->base.error, b->sink->error, sizeof(b->base.error));
	memcpy(b->base.reason, b->sink->reason, sizeof(b->base.reason));
	b->base.limit = b->sink->limit;
	b->base.limit_max = b->sink->limit_max;
	return r;
}

/* Makes sure that the sink is open, which asks nobody yet. */
static int get_ready(struct breaker *b)
{
	char why[SINK_ERROR_MAX] = "";
	int r;

	if (b->sink)
		return 0;
	r = b->open(b->config, why, &b->sink);
	return r ? sink_fail(&b->base, r, "%s: %.200s", b->name,
			     why[0] ? why : strerrordesc_np(-r)) : 0;
}

/* Whether the server may be asked now, and until when. */
static int enter(struct breaker *b, struct deadline *dl)
{
	int r;

	b->given_ms = deadline_left(*dl);
	if (b->given_ms == 0)
		return sink_fail(&b->base, -ETIMEDOUT,
				 "%s: no time was left to ask", b->name);
	r = circuit_enter(&b->circuit, dl);
	if (r)
		return sink_fail(&b->base, r, "%s %s", b->name,
				 circuit_words(&b->circuit));
	r = get_ready(b);
	if (r)
		circuit_unknown(&b->circuit);
	return r;
}

/* The failure @r keeps others off when it is the server's silence. */
static void judge(struct breaker *b, int r)
{
	if (!circuit_is_silence(r) ||
	    (r == -ETIMEDOUT && b->given_ms < FAIR_MS)) {
		circuit_unknown(&b->circuit);
		return;
	}
	circuit_report(&b->circuit, r, b->base.error, sizeof(b->base.error));
}

/* What the sink said, and what follows from it. */
static int leave(struct breaker *b, int r)
{
	take_words(b, r);
	if (r >= 0)
		circuit_well(&b->circuit);
	else
		judge(b, r);
	return r;
}

static int breaker_find(struct sink *sink, const struct session *session,
			struct deadline dl, struct answer *ret_answer)
{
	struct breaker *b = self(sink);
	int r = enter(b, &dl);

	return r ? r : leave(b, sink_find(b->sink, session, dl, ret_answer));
}

/* Until commit nothing is asked of a server. */
static int breaker_begin(struct sink *sink, const struct session *session,
			 struct deadline dl)
{
	struct breaker *b = self(sink);
	int r = get_ready(b);

	return r ? r : take_words(b, sink_begin(b->sink, session, dl));
}

static int breaker_write(struct sink *sink, const void *data, size_t size,
			 struct deadline dl)
{
	struct breaker *b = self(sink);

	return take_words(b, sink_write(b->sink, data, size, dl));
}

static void breaker_abandon(struct sink *sink)
{
	struct breaker *b = self(sink);

	if (b->sink)
		sink_abandon(b->sink);
}

static int breaker_commit(struct sink *sink, const struct session *session,
			  const struct sink_content *content,
			  struct deadline dl, struct answer *ret_answer)
{
	struct breaker *b = self(sink);
	int r = enter(b, &dl);

	if (r) {
		/* It ends the writing whatever it says. */
		breaker_abandon(sink);
		return r;
	}
	return leave(b, sink_commit(b->sink, session, content, dl,
				    ret_answer));
}

static void breaker_close(struct sink *sink)
{
	struct breaker *b = self(sink);

	sink_close(b->sink);
	circuit_done(&b->circuit);
	free(b);
}

static const struct sink_impl breaker_impl = {
	.name = "breaker",
	.find = breaker_find,
	.begin = breaker_begin,
	.write = breaker_write,
	.commit = breaker_commit,
	.abandon = breaker_abandon,
	.close = breaker_close,
};

int sink_breaker_open(const struct config *config,
		      const struct circuit_server *server, sink_open_fn *open,
		      struct sink **ret_sink)
{
	struct circuit_server silent = *server;
	struct breaker *b;
	int r;

	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->base.impl = &breaker_impl;
	b->config = config;
	b->name = server->name;
	b->open = open;
	silent.silence_only = true;
	r = circuit_init(&b->circuit, &silent, config->state_dir,
			 config->cooldown_ms);
	if (r) {
		breaker_close(&b->base);
		return r;
	}
	*ret_sink = &b->base;
	return 0;
}
