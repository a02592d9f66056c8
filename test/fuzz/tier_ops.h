/* SPDX-License-Identifier: MIT */

/*
 * tier_ops - the operations of a tier, each a letter, and what the contract
 * (tier.h) says of their results whatever the tier's place gives back.
 */

#pragma once

#include "common/tier/tier.h"
#include "test/fuzz/fuzz.h"

#define OPS_ID "1700000000000-01234567890123456789012345"
#define OPS_NOW_MS INT64_C(1700000000500)
#define OPS_MAX 16		/* operations that are done of an input */
#define OPS_DATA_MAX KIB(64)	/* bytes of a chunk that is read */

/*
 * Does the operations in the order of their letters:
 *	s get_session	p put_session	f finish	x drop_session
 *	g get_chunk	c put_chunk	d drop_chunk	D drop_chunks
 *	l list_chunks	k claim		r release	i is_claimed	n ping
 * A place that cannot fail, for which @may_fail is false, has no -errno.
 */
void ops_run(struct tier *t, struct fuzz_input letters, bool may_fail);
