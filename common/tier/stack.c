/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/tier/stack.h"

struct stack {
	struct tier base;	/* must be first */
	struct stack_tier tiers[STACK_TIERS_MAX];
	size_t n;
};

/*
 * What the tiers that were asked have said so far, when none has done it yet.
 * Full counts only when nobody failed: a tier that is silent may have room.
 */
struct verdict {
	bool done;	/* one did it, or has it */
	bool full;
	bool absent;
	int failure;	/* the first -errno */
};

static struct stack *self(struct tier *t)
{
	return (struct stack *)t;
}

/* Takes over a tier's words; the first failure's stay. */
static void note(struct stack *s, struct verdict *v, const struct tier *tier,
		 int r)
{
	if (r == 0)
		v->done = true;
	if (r == TIER_E_FULL)
		v->full = true;
	if (r == TIER_E_ABSENT)
		v->absent = true;
	if (r >= 0 || r == -ENODEV || v->failure)
		return;
	v->failure = r;
	memcpy(s->base.error, tier->error, sizeof(s->base.error));
}

/* What a write comes to that should be done somewhere. */
static int written(struct stack *s, const struct verdict *v)
{
	if (v->done)
		return 0;
	if (v->failure)
		return v->failure;
	if (v->full)
		return TIER_E_FULL;
	return tier_fail(&s->base, -ENODEV, "no tier is configured");
}

/* What a read comes to that found nothing. */
static int not_found(struct stack *s, const struct verdict *v)
{
	if (v->failure)
		return v->failure;
	if (v->absent)
		return TIER_E_ABSENT;
	return tier_fail(&s->base, -ENODEV, "no tier is configured");
}

/* put_session or finish: both write a record, and states move forward only. */
typedef int record_fn(struct tier *t, const struct session *session,
		      struct deadline dl);

/* A record belongs in a tier of one host only when there is no better place. */
static bool has_record(struct tier *t, const struct session *session,
		       struct deadline dl)
{
	struct session found = { 0 };

	if (tier_get_session(t, session->id, TIER_READ_FIRST, dl, &found))
		return false;
	session_done(&found);
	return true;
}

/*
 * Writes the record to the shared tiers, then to the others by their rule. A
 * tier without room for a later state must not go on saying the earlier one.
 */
static int put_record(struct stack *s, record_fn *put,
		      const struct session *session, struct deadline dl)
{
	bool refused[STACK_TIERS_MAX] = { false };
	struct verdict v = { 0 };
	bool conflict = false;

	for (int shared = 1; shared >= 0; shared--) {
		for (size_t i = 0; i < s->n; i++) {
			struct tier *t = s->tiers[i].tier;
			bool had = v.done;
			int r;

			if (s->tiers[i].is_shared != (shared == 1))
				continue;
			if (!shared && had && !has_record(t, session, dl))
				continue;
			r = put(t, session, dl);
			note(s, &v, t, r);
			conflict |= r == TIER_E_CONFLICT;
			refused[i] = r == TIER_E_FULL;
			if (r == 0 && !had)
				s->base.served = t->served;
		}
	}
	for (size_t i = 0; v.done && i < s->n; i++)
		if (refused[i] && session->state != SESSION_OPEN)
			(void)tier_drop_session(s->tiers[i].tier, session, dl);
	return conflict ? TIER_E_CONFLICT : written(s, &v);
}

static int stack_put_session(struct tier *t, const struct session *session,
			     struct deadline dl)
{
	return put_record(self(t), tier_put_session, session, dl);
}

static int stack_finish(struct tier *t, const struct session *session,
			struct deadline dl)
{
	return put_record(self(t), tier_finish, session, dl);
}

static int get_first(struct stack *s, const char *id, struct deadline dl,
		     struct session *ret_session)
{
	bool lacks[STACK_TIERS_MAX] = { false };
	struct session session = { 0 };
	struct verdict v = { 0 };

	for (size_t i = 0; i < s->n && !v.done; i++) {
		struct tier *t = s->tiers[i].tier;
		int r = tier_get_session(t, id, TIER_READ_FIRST, dl, &session);

		note(s, &v, t, r);
		lacks[i] = r == TIER_E_ABSENT && s->tiers[i].is_shared;
		if (r == 0)
			s->base.served = t->served;
	}
	if (!v.done)
		return not_found(s, &v);
	/* A copy that fails is only a slower way next time. */
	for (size_t i = 0; i < s->n; i++)
		if (lacks[i])
			(void)tier_put_session(s->tiers[i].tier, &session, dl);
	*ret_session = session;
	return 0;
}

/* Brings a tier up to @best; see the policy in the header. */
static void bring_up(struct stack_tier *t, int said, enum session_state has,
		     const struct session *best, struct deadline dl)
{
	int r = 0;

	if (said == TIER_E_ABSENT && !t->is_shared)
		return;
	if (said == TIER_E_ABSENT && best->state == SESSION_OPEN)
		r = tier_put_session(t->tier, best, dl);
	else if (said == TIER_E_ABSENT || (said == 0 && has < best->state))
		r = tier_finish(t->tier, best, dl);
	if (r == TIER_E_FULL && said == 0)
		(void)tier_drop_session(t->tier, best, dl);
}

static int get_all(struct stack *s, const char *id, struct deadline dl,
		   struct session *ret_session)
{
	enum session_state state[STACK_TIERS_MAX] = { SESSION_OPEN };
	int said[STACK_TIERS_MAX] = { 0 };
	struct session best = { 0 };
	struct verdict v = { 0 };

	for (size_t i = 0; i < s->n; i++) {
		struct tier *t = s->tiers[i].tier;
		struct session found = { 0 };

		said[i] = tier_get_session(t, id, TIER_READ_ALL, dl, &found);
		note(s, &v, t, said[i]);
		if (said[i])
			continue;
		state[i] = found.state;
		if (!best.id[0] || found.state > best.state) {
			session_done(&best);
			best = found;
			s->base.served = t->served;
		} else {
			session_done(&found);
		}
	}
	if (!v.done)
		return not_found(s, &v);
	for (size_t i = 0; i < s->n; i++)
		bring_up(&s->tiers[i], said[i], state[i], &best, dl);
	*ret_session = best;
	return 0;
}

static int stack_get_session(struct tier *t, const char *id,
			     enum tier_read read, struct deadline dl,
			     struct session *ret_session)
{
	if (read == TIER_READ_ALL)
		return get_all(self(t), id, dl, ret_session);
	return get_first(self(t), id, dl, ret_session);
}

static int stack_put_chunk(struct tier *t, const struct session *session,
			   const struct chunk *chunk, struct deadline dl,
			   struct chunk_count *ret_count)
{
	struct stack *s = self(t);
	struct verdict v = { 0 };

	for (size_t i = 0; i < s->n; i++) {
		struct tier *tier = s->tiers[i].tier;
		int r = tier_put_chunk(tier, session, chunk, dl, ret_count);

		if (r == 0)
			s->base.served = tier->served;
		if (r == 0 || r == TIER_E_CONFLICT || r == TIER_E_LIMIT)
			return r;
		note(s, &v, tier, r);
	}
	return written(s, &v);
}

static int stack_get_chunk(struct tier *t, const struct session *session,
			   uint32_t index, struct deadline dl,
			   struct buf *data, struct chunk_info *ret_info)
{
	struct stack *s = self(t);
	struct verdict v = { 0 };

	for (size_t i = 0; i < s->n; i++) {
		struct tier *tier = s->tiers[i].tier;
		int r = tier_get_chunk(tier, session, index, dl, data,
				       ret_info);

		if (r == 0)
			return 0;
		note(s, &v, tier, r);
	}
	return not_found(s, &v);
}

static int add_all(struct chunk_list *to, const struct chunk_list *from)
{
	int r = 0;

	for (size_t i = 0; !r && i < from->n; i++)
		r = chunk_list_add(to, &from->chunks[i]);
	return r;
}

static int stack_list_chunks(struct tier *t, const struct session *session,
			     struct deadline dl, struct chunk_list *ret_list)
{
	struct stack *s = self(t);
	struct chunk_list all = { 0 };
	struct verdict v = { 0 };
	int r = 0;

	for (size_t i = 0; !r && i < s->n; i++) {
		struct tier *tier = s->tiers[i].tier;
		struct chunk_list list = { 0 };
		int said = tier_list_chunks(tier, session, dl, &list);

		note(s, &v, tier, said);
		if (said == 0)
			r = add_all(&all, &list);
		chunk_list_done(&list);
	}
	if (!r && !v.done)
		r = not_found(s, &v);
	if (r) {
		chunk_list_done(&all);
		return r;
	}
	chunk_list_sort(&all);
	all.silent = v.failure != 0;
	*ret_list = all;
	return 0;
}

static void release_first(struct stack *s, size_t n,
			  const struct session *session,
			  const struct tier_token *token, struct deadline dl)
{
	for (size_t i = 0; i < n; i++)
		(void)tier_release(s->tiers[i].tier, session, token, dl);
}

static int stack_claim(struct tier *t, const struct session *session,
		       const struct tier_token *token, struct deadline dl)
{
	struct stack *s = self(t);
	struct verdict v = { 0 };

	for (size_t i = 0; i < s->n; i++) {
		struct tier *tier = s->tiers[i].tier;
		int r = tier_claim(tier, session, token, dl);

		if (r == TIER_E_CONFLICT) {
			release_first(s, i, session, token, dl);
			return r;
		}
		note(s, &v, tier, r);
	}
	return written(s, &v);
}

static int stack_release(struct tier *t, const struct session *session,
			 const struct tier_token *token, struct deadline dl)
{
	struct stack *s = self(t);
	struct verdict v = { 0 };

	for (size_t i = 0; i < s->n; i++)
		note(s, &v, s->tiers[i].tier,
		     tier_release(s->tiers[i].tier, session, token, dl));
	return written(s, &v);
}

static int stack_is_claimed(struct tier *t, const struct session *session,
			    struct deadline dl, bool *ret_held)
{
	struct stack *s = self(t);
	struct verdict v = { 0 };
	bool any = false;

	for (size_t i = 0; i < s->n; i++) {
		bool held = false;

		note(s, &v, s->tiers[i].tier,
		     tier_is_claimed(s->tiers[i].tier, session, dl, &held));
		any |= held;
	}
	if (v.done)
		*ret_held = any;
	return written(s, &v);
}

static int stack_drop_session(struct tier *t, const struct session *session,
			      struct deadline dl)
{
	struct stack *s = self(t);
	struct verdict v = { 0 };

	for (size_t i = 0; i < s->n; i++)
		note(s, &v, s->tiers[i].tier,
		     tier_drop_session(s->tiers[i].tier, session, dl));
	return written(s, &v);
}

static int stack_drop_chunk(struct tier *t, const struct session *session,
			    const struct chunk_info *info, struct deadline dl)
{
	struct stack *s = self(t);
	struct verdict v = { 0 };

	for (size_t i = 0; i < s->n; i++)
		note(s, &v, s->tiers[i].tier,
		     tier_drop_chunk(s->tiers[i].tier, session, info, dl));
	return written(s, &v);
}

static int stack_drop_chunks(struct tier *t, const struct session *session,
			     struct deadline dl)
{
	struct stack *s = self(t);
	struct verdict v = { 0 };

	for (size_t i = 0; i < s->n; i++)
		note(s, &v, s->tiers[i].tier,
		     tier_drop_chunks(s->tiers[i].tier, session, dl));
	return written(s, &v);
}

static int stack_sweep(struct tier *t, struct deadline dl)
{
	struct stack *s = self(t);
	struct verdict v = { 0 };

	for (size_t i = 0; i < s->n; i++)
		note(s, &v, s->tiers[i].tier, tier_sweep(s->tiers[i].tier, dl));
	return written(s, &v);
}

static int stack_ping(struct tier *t, struct deadline dl)
{
	struct stack *s = self(t);
	struct verdict v = { 0 };

	for (size_t i = 0; i < s->n; i++)
		note(s, &v, s->tiers[i].tier, tier_ping(s->tiers[i].tier, dl));
	return written(s, &v);
}

static void stack_close(struct tier *t)
{
	struct stack *s = self(t);

	for (size_t i = 0; i < s->n; i++)
		tier_close(s->tiers[i].tier);
	free(s);
}

static const struct tier_impl stack_impl = {
	.name = "stack",
	.put_session = stack_put_session,
	.get_session = stack_get_session,
	.put_chunk = stack_put_chunk,
	.get_chunk = stack_get_chunk,
	.list_chunks = stack_list_chunks,
	.claim = stack_claim,
	.release = stack_release,
	.is_claimed = stack_is_claimed,
	.finish = stack_finish,
	.drop_session = stack_drop_session,
	.drop_chunk = stack_drop_chunk,
	.drop_chunks = stack_drop_chunks,
	.sweep = stack_sweep,
	.ping = stack_ping,
	.close = stack_close,
};

int tier_stack_open(const struct stack_tier *tiers, size_t n,
		    struct tier **ret_tier)
{
	struct stack *s;

	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->base.impl = &stack_impl;
	memcpy(s->tiers, tiers, n * sizeof(*tiers));
	s->n = n;
	*ret_tier = &s->base;
	return 0;
}
