/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/tier/stack_parts.h"

struct stack *stack_of(struct tier *t)
{
	return (struct stack *)t;
}

size_t stack_shared(const struct stack *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += s->tiers[i].is_shared;
	return n;
}

void stack_note(struct stack *s, struct stack_verdict *v,
		const struct tier *tier, int r)
{
	if (r == 0)
		v->done++;
	if (r == TIER_E_FULL)
		v->full = true;
	if (r == TIER_E_ABSENT)
		v->absent = true;
	if (r >= 0 || v->failure || (r == -ENODEV && s->base.error[0]))
		return;
	if (r != -ENODEV)
		v->failure = r;
	memcpy(s->base.error, tier->error, sizeof(s->base.error));
}

/* Fails for want of tiers, unless one has said already why it is none. */
static int unusable(struct stack *s, const char *words)
{
	if (s->base.error[0])
		return -ENODEV;
	return tier_fail(&s->base, -ENODEV, "%s", words);
}

int stack_written(struct stack *s, const struct stack_verdict *v,
		  size_t wanted)
{
	if (v->done >= wanted)
		return 0;
	if (v->failure)
		return v->failure;
	if (v->full)
		return TIER_E_FULL;
	return unusable(s, wanted > 1 ?
			"fewer shared tiers are configured than copies" :
			"no tier is configured");
}

int stack_not_found(struct stack *s, const struct stack_verdict *v)
{
	if (v->failure)
		return v->failure;
	return v->absent ? TIER_E_ABSENT :
	       unusable(s, "no tier is configured");
}

static int stack_get_chunk(struct tier *t, const struct session *session,
			   uint32_t index, struct deadline dl,
			   struct buf *data, struct chunk_info *ret_info)
{
	struct stack *s = stack_of(t);
	struct stack_verdict v = { 0 };

	for (size_t i = 0; i < s->n; i++) {
		struct tier *tier = s->tiers[i].tier;
		int r = tier_get_chunk(tier, session, index, dl, data,
				       ret_info);

		if (r == 0)
			return 0;
		stack_note(s, &v, tier, r);
	}
	return stack_not_found(s, &v);
}

static int stack_list_chunks(struct tier *t, const struct session *session,
			     struct deadline dl, struct chunk_list *ret_list)
{
	struct stack *s = stack_of(t);
	struct chunk_list all = { 0 };
	struct stack_verdict v = { 0 };
	int r = 0;

	for (size_t i = 0; !r && i < s->n; i++) {
		struct tier *tier = s->tiers[i].tier;
		struct chunk_list list = { 0 };
		int said = tier_list_chunks(tier, session, dl, &list);

		stack_note(s, &v, tier, said);
		if (said == 0 && chunk_list_merge(&all, &list))
			r = tier_fail(&s->base, -ENOMEM,
				      "no memory for a list of chunks");
		chunk_list_done(&list);
	}
	if (!r && !v.done)
		r = stack_not_found(s, &v);
	if (r) {
		chunk_list_done(&all);
		return r;
	}
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
	struct stack *s = stack_of(t);
	struct stack_verdict v = { 0 };

	for (size_t i = 0; i < s->n; i++) {
		struct tier *tier = s->tiers[i].tier;
		int r = tier_claim(tier, session, token, dl);

		if (r == TIER_E_CONFLICT) {
			release_first(s, i, session, token, dl);
			return r;
		}
		stack_note(s, &v, tier, r);
	}
	return stack_written(s, &v, 1);
}

static int stack_release(struct tier *t, const struct session *session,
			 const struct tier_token *token, struct deadline dl)
{
	struct stack *s = stack_of(t);
	struct stack_verdict v = { 0 };

	for (size_t i = 0; i < s->n; i++)
		stack_note(s, &v, s->tiers[i].tier,
			   tier_release(s->tiers[i].tier, session, token, dl));
	return stack_written(s, &v, 1);
}

static int stack_is_claimed(struct tier *t, const struct session *session,
			    struct deadline dl, bool *ret_held)
{
	struct stack *s = stack_of(t);
	struct stack_verdict v = { 0 };
	bool any = false;

	for (size_t i = 0; i < s->n; i++) {
		bool held = false;

		stack_note(s, &v, s->tiers[i].tier,
			   tier_is_claimed(s->tiers[i].tier, session, dl,
					   &held));
		any |= held;
	}
	if (v.done)
		*ret_held = any;
	return stack_written(s, &v, 1);
}

static int stack_drop_session(struct tier *t, const struct session *session,
			      struct deadline dl)
{
	struct stack *s = stack_of(t);
	struct stack_verdict v = { 0 };

	for (size_t i = 0; i < s->n; i++)
		stack_note(s, &v, s->tiers[i].tier,
			   tier_drop_session(s->tiers[i].tier, session, dl));
	return stack_written(s, &v, 1);
}

static int stack_drop_chunk(struct tier *t, const struct session *session,
			    const struct chunk_info *info, struct deadline dl)
{
	struct stack *s = stack_of(t);
	struct stack_verdict v = { 0 };

	for (size_t i = 0; i < s->n; i++)
		stack_note(s, &v, s->tiers[i].tier,
			   tier_drop_chunk(s->tiers[i].tier, session, info,
					   dl));
	return stack_written(s, &v, 1);
}

static int stack_drop_chunks(struct tier *t, const struct session *session,
			     struct deadline dl)
{
	struct stack *s = stack_of(t);
	struct stack_verdict v = { 0 };

	for (size_t i = 0; i < s->n; i++)
		stack_note(s, &v, s->tiers[i].tier,
			   tier_drop_chunks(s->tiers[i].tier, session, dl));
	return stack_written(s, &v, 1);
}

static int stack_sweep(struct tier *t, struct deadline dl)
{
	struct stack *s = stack_of(t);
	struct stack_verdict v = { 0 };

	for (size_t i = 0; i < s->n; i++)
		stack_note(s, &v, s->tiers[i].tier,
			   tier_sweep(s->tiers[i].tier, dl));
	return stack_written(s, &v, 1);
}

static int stack_ping(struct tier *t, struct deadline dl)
{
	struct stack *s = stack_of(t);
	struct stack_verdict v = { 0 };

	for (size_t i = 0; i < s->n; i++)
		stack_note(s, &v, s->tiers[i].tier,
			   tier_ping(s->tiers[i].tier, dl));
	return stack_written(s, &v, 1);
}

static void stack_close(struct tier *t)
{
	struct stack *s = stack_of(t);

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

int tier_stack_open(const struct stack_tier *tiers, size_t n, size_t copies,
		    struct tier **ret_tier)
{
	struct stack *s;

	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->base.impl = &stack_impl;
	memcpy(s->tiers, tiers, n * sizeof(*tiers));
	s->n = n;
	s->copies = copies;
	*ret_tier = &s->base;
	return 0;
}
