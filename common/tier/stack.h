/* SPDX-License-Identifier: MIT */

/*
 * stack - several tiers in order behind the face of one: the fallback policy.
 *
 * A tier is asked, answers, or fails. What the stack makes of it:
 *
 *	put_session	every shared tier; one is enough. A tier of this host
 *			alone only when none of them took it.
 *	get_session	FIRST: in order until one has it; shared tiers before
 *			that one that said "absent" get a copy.
 *			ALL: every one; the most advanced state wins, and the
 *			shared tiers that lack it, and all that are behind it,
 *			get it. One that has no room for it loses its record.
 *	put_chunk	the first that takes it; full or failed, the next. A
 *			conflict or limit in one that was asked is one.
 *	get_chunk	in order until one has it whole.
 *	list_chunks	what any of them holds; of two with one index the first
 *			in order. silent when one did not answer.
 *	claim		every tier that answers, in order. Held in one: what
 *			was got is given back, and it is held.
 *	finish		as put_session, and a tier of this host that has the
 *			record too; one that has no room loses its record, once
 *			another has taken it. A later state in one is a
 *			conflict, and ends it.
 *	release, drop_*	every tier that answers.
 *
 * With copies > 1 a 2xx needs so many shared tiers, and what cannot come to so
 * many is not begun; what was written stays, and the same again goes on from
 * there:
 *
 *	put_session	in so many.
 *	put_chunk	record and chunk in so many. From the last shared tier
 *			to the first, so that the first, which is read first,
 *			gets only what the last took: the last refuses one of
 *			two contents that come at once, and what one that
 *			failed half-way leaves is not read before what was
 *			promised. Where both have something the first decides:
 *			in its conflict the last gives the refused bytes back;
 *			in the last's conflict with the very bytes that the
 *			first has, the last's make room. The count is the least
 *			of theirs. A limit in one is one.
 *	all else	as ever, so that with one tier lost or silent every
 *			upload that has its chunks can be completed, aborted
 *			and read. A tier of this host alone is read and told,
 *			and takes nothing new: it is never a copy, and what it
 *			held would only look like one.
 *
 * Too few: the failure, when one failed (503); else full, when one was (507);
 * else there are not so many, or not usable ones: -ENODEV (503).
 *
 * "Absent" is said only when every tier said so; when one failed, the stack
 * fails. A tier that gives -ENODEV is not configured: as if it were not there.
 * Where there is no other, everything fails with -ENODEV.
 *
 * error also has the words of a tier that was passed over in a call that did
 * not fail, for the log: else nobody would hear of it.
 */

#pragma once

#include "common/tier/tier.h"

#define STACK_TIERS_MAX 4

/* One tier of a stack. */
struct stack_tier {
	struct tier *tier;
	bool is_shared;		/* other hosts see it too */
};

/*
 * A stack of @n tiers, at most STACK_TIERS_MAX, in their order, that keeps
 * @copies, at least 1. It takes them over when it says 0. tier_close() the
 * result. -ENOMEM.
 */
int tier_stack_open(const struct stack_tier *tiers, size_t n, size_t copies,
		    struct tier **ret_tier);
