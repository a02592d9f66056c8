/* SPDX-License-Identifier: MIT */

/* Chunks of a stack: the first tier that takes one, or several copies. */

#include "common/tier/stack_parts.h"

static int put_first(struct stack *s, const struct session *session,
		     const struct chunk *chunk, struct deadline dl,
		     struct chunk_count *ret_count)
{
	struct stack_verdict v = { 0 };

	for (size_t i = 0; i < s->n; i++) {
		struct tier *tier = s->tiers[i].tier;
		int r = tier_put_chunk(tier, session, chunk, dl, ret_count);

		if (r == 0)
			s->base.served = tier->served;
		if (r == 0 || r == TIER_E_CONFLICT || r == TIER_E_LIMIT)
			return r;
		stack_note(s, &v, tier, r);
	}
	return stack_written(s, &v, 1);
}

/* What a tier has at the index. TIER_E_ABSENT. */
static int find(struct tier *t, const struct session *session, uint32_t index,
		struct deadline dl, struct chunk_info *ret_info)
{
	CLEANUP(chunk_list_done) struct chunk_list list = { 0 };
	int r;

	r = tier_list_chunks(t, session, dl, &list);
	if (r)
		return r;
	for (size_t i = 0; i < list.n; i++) {
		if (list.chunks[i].index == index) {
			*ret_info = list.chunks[i];
			return 0;
		}
	}
	return TIER_E_ABSENT;
}

/*
 * Takes away what is at the index of @chunk in @t, if the tier that decides
 * has the bytes of @chunk there. TIER_E_CONFLICT: it has not.
 */
static int make_room(struct tier *t, struct tier *decides,
		     const struct session *session, const struct chunk *chunk,
		     struct deadline dl)
{
	struct chunk_info info;
	int r;

	if (t == decides)
		return TIER_E_CONFLICT;
	r = find(decides, session, chunk->info.index, dl, &info);
	if (r < 0)
		return r;
	if (r || !digest_equal(&info.digest, &chunk->info.digest))
		return TIER_E_CONFLICT;
	r = find(t, session, chunk->info.index, dl, &info);
	if (r < 0)
		return r;
	if (r || digest_equal(&info.digest, &chunk->info.digest))
		return 0;
	return tier_drop_chunk(t, session, &info, dl);
}

/* A copy in @t: the record, where it has none, and then the chunk. */
static int put_copy(struct tier *t, const struct session *session,
		    const struct chunk *chunk, struct deadline dl,
		    struct chunk_count *ret_count)
{
	struct session found = { 0 };
	int r;

	r = tier_get_session(t, session->id, TIER_READ_FIRST, dl, &found);
	session_done(&found);
	if (r == TIER_E_ABSENT)
		r = tier_put_session(t, session, dl);
	return r ? r : tier_put_chunk(t, session, chunk, dl, ret_count);
}

/* As put_copy(), over other bytes if the tier that decides says so. */
static int put_copy_by(struct tier *t, struct tier *decides,
		       const struct session *session,
		       const struct chunk *chunk, struct deadline dl,
		       struct chunk_count *ret_count)
{
	int r;

	r = put_copy(t, session, chunk, dl, ret_count);
	if (r != TIER_E_CONFLICT)
		return r;
	r = make_room(t, decides, session, chunk, dl);
	return r ? r : put_copy(t, session, chunk, dl, ret_count);
}

static void count_least(struct chunk_count *least,
			const struct chunk_count *count)
{
	if (count->chunks < least->chunks)
		least->chunks = count->chunks;
	if (count->bytes < least->bytes)
		least->bytes = count->bytes;
}

/* What a put gave to the tiers after the one that then refused it. */
static void take_back(struct stack *s, size_t refused,
		      const struct session *session,
		      const struct chunk *chunk, struct deadline dl)
{
	for (size_t i = refused + 1; i < s->n; i++)
		if (s->tiers[i].is_shared)
			(void)tier_drop_chunk(s->tiers[i].tier, session,
					      &chunk->info, dl);
}

static struct tier *first_shared(const struct stack *s)
{
	size_t i = 0;

	while (!s->tiers[i].is_shared)
		i++;
	return s->tiers[i].tier;
}

/*
 * From the last shared tier to the first, which reads ask first: so the first
 * gets only what the others took. Where too few are left, no other is asked.
 */
static int put_copies(struct stack *s, const struct session *session,
		      const struct chunk *chunk, struct deadline dl,
		      struct chunk_count *ret_count)
{
	struct chunk_count count, least = { UINT32_MAX, UINT64_MAX };
	struct stack_verdict v = { 0 };
	size_t left = stack_shared(s);
	const char *served = NULL;
	int r;

	for (size_t i = s->n; i > 0 && v.done < s->copies; i--) {
		struct tier *tier = s->tiers[i - 1].tier;

		if (!s->tiers[i - 1].is_shared ||
		    v.done + left-- < s->copies)
			continue;
		r = put_copy_by(tier, first_shared(s), session, chunk, dl,
				&count);
		if (r == TIER_E_CONFLICT)
			take_back(s, i - 1, session, chunk, dl);
		if (r == TIER_E_CONFLICT || r == TIER_E_LIMIT)
			return r;
		stack_note(s, &v, tier, r);
		if (r)
			continue;
		count_least(&least, &count);
		served = tier->served;
	}
	r = stack_written(s, &v, s->copies);
	if (r)
		return r;
	*ret_count = least;
	s->base.served = served;
	return 0;
}

int stack_put_chunk(struct tier *t, const struct session *session,
		    const struct chunk *chunk, struct deadline dl,
		    struct chunk_count *ret_count)
{
	struct stack *s = stack_of(t);

	if (s->copies > 1)
		return put_copies(s, session, chunk, dl, ret_count);
	return put_first(s, session, chunk, dl, ret_count);
}
