/* SPDX-License-Identifier: MIT */

/*
 * stack_parts - what the files of the stack share: stack.c (what is asked of
 * every tier), stack_put.c (where chunks are put) and stack_record.c (records,
 * and how they are copied).
 */

#pragma once

#include "common/tier/stack.h"

struct stack {
	struct tier base;	/* must be first */
	struct stack_tier tiers[STACK_TIERS_MAX];
	size_t n;
	size_t copies;
};

/* What the tiers that were asked have said so far. Starts as zeros. */
struct stack_verdict {
	size_t done;	/* how many did it, or have it */
	bool full;
	bool absent;
	int failure;	/* the first -errno, -ENODEV not counted */
};

struct stack *stack_of(struct tier *t);

/* How many tiers of it are shared. */
size_t stack_shared(const struct stack *s);

/*
 * Adds what @tier said, and takes over the words of the first that failed, else
 * of one that cannot be used.
 */
void stack_note(struct stack *s, struct stack_verdict *v,
		const struct tier *tier, int r);

/*
 * What a write comes to that @wanted tiers must have done. Full counts only
 * when nobody failed: a tier that is silent may have room.
 */
int stack_written(struct stack *s, const struct stack_verdict *v,
		  size_t wanted);

/* What a read comes to that found nothing. */
int stack_not_found(struct stack *s, const struct stack_verdict *v);

/* The members of struct tier_impl that stack_put.c and stack_record.c have. */
int stack_put_chunk(struct tier *t, const struct session *session,
		    const struct chunk *chunk, struct deadline dl,
		    struct chunk_count *ret_count);
int stack_put_session(struct tier *t, const struct session *session,
		      struct deadline dl);
int stack_get_session(struct tier *t, const char *id, enum tier_read read,
		      struct deadline dl, struct session *ret_session);
int stack_finish(struct tier *t, const struct session *session,
		 struct deadline dl);
