/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/tier/breaker.h"

struct breaker {
	struct tier base;	/* must be first */
	const struct config *config;
	const char *name;
	tier_open_fn *open;
	struct tier *tier;	/* NULL until first needed */
	bool unusable;		/* as configured: not asked again */
	struct circuit circuit;
	int64_t given_ms;	/* what the last call had to its deadline */
	char why[TIER_ERROR_MAX];	/* it is unusable */
};

static struct breaker *self(struct tier *t)
{
	return (struct breaker *)t;
}

/* Copies words that were made for the log, cut to their size. */
static void keep_words(char *to, const char *from)
{
	size_t n = strnlen(from, TIER_ERROR_MAX - 1);

	memcpy(to, from, n);
	to[n] = '\0';
}

static int fail(struct breaker *b, int r, const char *words)
{
	return tier_fail(&b->base, r, "%s: %.200s", b->name, words);
}

/* The tier's words, which shall say whose they are. */
static void take_words(struct breaker *b)
{
	size_t len = strlen(b->name);

	if (strncmp(b->tier->error, b->name, len) == 0 &&
	    b->tier->error[len] == ':')
		keep_words(b->base.error, b->tier->error);
	else
		fail(b, 0, b->tier->error);
}

/* Failures that say something of this process or the data, not of the tier. */
static bool is_own_failure(const struct breaker *b, int r)
{
	if (r == -ETIMEDOUT)
		return b->given_ms < BREAKER_FAIR_MS;
	return r == -ENOMEM || r == -EMFILE || r == -ENFILE || r == -ENOBUFS ||
	       r == -EMSGSIZE || r == -EAGAIN;
}

/* Keeps off the tier for a while, if the failure @r is its own. */
static void judge(struct breaker *b, int r)
{
	if (is_own_failure(b, r)) {
		circuit_unknown(&b->circuit);
		return;
	}
	circuit_report(&b->circuit, r, b->base.error, sizeof(b->base.error));
}

/* Opens the tier, which asks nobody yet. */
static int open_tier(struct breaker *b)
{
	char why[TIER_ERROR_MAX] = "";
	int r;

	r = b->open(b->config, why, &b->tier);
	if (r == 0)
		return 0;
	fail(b, r, why[0] ? why : strerrordesc_np(-r));
	if (r == -EINVAL) {
		b->unusable = true;
		keep_words(b->why, b->base.error);
		circuit_unknown(&b->circuit);
		return -ENODEV;
	}
	judge(b, r);
	/* That is how a tier that cannot be used would say it. */
	return r == -ENODEV ? -EIO : r;
}

/* Whether the tier may be asked now, and until when; opens it if need be. */
static int enter(struct breaker *b, struct deadline *dl)
{
	int r;

	if (b->unusable) {
		keep_words(b->base.error, b->why);
		return -ENODEV;
	}
	b->given_ms = deadline_left(*dl);
	if (b->given_ms == 0)
		return fail(b, -ETIMEDOUT, "no time was left to ask");
	r = circuit_enter(&b->circuit, dl);
	if (r)
		return tier_fail(&b->base, r, "%s %s", b->name,
				 circuit_words(&b->circuit));
	return b->tier ? 0 : open_tier(b);
}

/* What the tier said, and what follows from it. */
static int leave(struct breaker *b, int r)
{
	b->base.served = b->tier->served;
	if (r >= 0) {
		circuit_well(&b->circuit);
		return r;
	}
	take_words(b);
	judge(b, r);
	/* As an errno of the system it would read as "not configured". */
	return r == -ENODEV ? -EIO : r;
}

static int breaker_put_session(struct tier *t, const struct session *session,
			       struct deadline dl)
{
	struct breaker *b = self(t);
	int r = enter(b, &dl);

	return r ? r : leave(b, tier_put_session(b->tier, session, dl));
}

static int breaker_get_session(struct tier *t, const char *id,
			       enum tier_read read, struct deadline dl,
			       struct session *ret_session)
{
	struct breaker *b = self(t);
	int r = enter(b, &dl);

	return r ? r : leave(b, tier_get_session(b->tier, id, read, dl,
						 ret_session));
}

static int breaker_put_chunk(struct tier *t, const struct session *session,
			     const struct chunk *chunk, struct deadline dl,
			     struct chunk_count *ret_count)
{
	struct breaker *b = self(t);
	int r = enter(b, &dl);

	return r ? r : leave(b, tier_put_chunk(b->tier, session, chunk, dl,
					       ret_count));
}

static int breaker_get_chunk(struct tier *t, const struct session *session,
			     uint32_t index, struct deadline dl,
			     struct buf *data, struct chunk_info *ret_info)
{
	struct breaker *b = self(t);
	int r = enter(b, &dl);

	return r ? r : leave(b, tier_get_chunk(b->tier, session, index, dl,
					       data, ret_info));
}

static int breaker_list_chunks(struct tier *t, const struct session *session,
			       struct deadline dl, struct chunk_list *ret_list)
{
	struct breaker *b = self(t);
	int r = enter(b, &dl);

	return r ? r : leave(b, tier_list_chunks(b->tier, session, dl,
						 ret_list));
}

static int breaker_claim(struct tier *t, const struct session *session,
			 const struct tier_token *token, struct deadline dl)
{
	struct breaker *b = self(t);
	int r = enter(b, &dl);

	return r ? r : leave(b, tier_claim(b->tier, session, token, dl));
}

static int breaker_release(struct tier *t, const struct session *session,
			   const struct tier_token *token, struct deadline dl)
{
	struct breaker *b = self(t);
	int r = enter(b, &dl);

	return r ? r : leave(b, tier_release(b->tier, session, token, dl));
}

static int breaker_is_claimed(struct tier *t, const struct session *session,
			      struct deadline dl, bool *ret_held)
{
	struct breaker *b = self(t);
	int r = enter(b, &dl);

	return r ? r : leave(b, tier_is_claimed(b->tier, session, dl,
						ret_held));
}

static int breaker_finish(struct tier *t, const struct session *session,
			  struct deadline dl)
{
	struct breaker *b = self(t);
	int r = enter(b, &dl);

	return r ? r : leave(b, tier_finish(b->tier, session, dl));
}

static int breaker_drop_session(struct tier *t, const struct session *session,
				struct deadline dl)
{
	struct breaker *b = self(t);
	int r = enter(b, &dl);

	return r ? r : leave(b, tier_drop_session(b->tier, session, dl));
}

static int breaker_drop_chunk(struct tier *t, const struct session *session,
			      const struct chunk_info *info,
			      struct deadline dl)
{
	struct breaker *b = self(t);
	int r = enter(b, &dl);

	return r ? r : leave(b, tier_drop_chunk(b->tier, session, info, dl));
}

static int breaker_drop_chunks(struct tier *t, const struct session *session,
			       struct deadline dl)
{
	struct breaker *b = self(t);
	int r = enter(b, &dl);

	return r ? r : leave(b, tier_drop_chunks(b->tier, session, dl));
}

static int breaker_sweep(struct tier *t, struct deadline dl)
{
	struct breaker *b = self(t);
	int r = enter(b, &dl);

	return r ? r : leave(b, tier_sweep(b->tier, dl));
}

static int breaker_ping(struct tier *t, struct deadline dl)
{
	struct breaker *b = self(t);
	int r = enter(b, &dl);

	return r ? r : leave(b, tier_ping(b->tier, dl));
}

static void breaker_close(struct tier *t)
{
	struct breaker *b = self(t);

	tier_close(b->tier);
	circuit_done(&b->circuit);
	free(b);
}

static const struct tier_impl breaker_impl = {
	.name = "breaker",
	.put_session = breaker_put_session,
	.get_session = breaker_get_session,
	.put_chunk = breaker_put_chunk,
	.get_chunk = breaker_get_chunk,
	.list_chunks = breaker_list_chunks,
	.claim = breaker_claim,
	.release = breaker_release,
	.is_claimed = breaker_is_claimed,
	.finish = breaker_finish,
	.drop_session = breaker_drop_session,
	.drop_chunk = breaker_drop_chunk,
	.drop_chunks = breaker_drop_chunks,
	.sweep = breaker_sweep,
	.ping = breaker_ping,
	.close = breaker_close,
};

int tier_breaker_open(const struct config *config,
		      const struct circuit_server *server, tier_open_fn *open,
		      struct tier **ret_tier)
{
	struct breaker *b;
	int r;

	b = calloc(1, sizeof(*b));
	if (!b)
		return -ENOMEM;
	b->base.impl = &breaker_impl;
	b->config = config;
	b->name = server->name;
	b->open = open;
	r = circuit_init(&b->circuit, server, config->state_dir,
			 config->cooldown_ms);
	if (r) {
		breaker_close(&b->base);
		return r;
	}
	*ret_tier = &b->base;
	return 0;
}
