/* SPDX-License-Identifier: MIT */

/*
 * claim - the right to complete or abort a session, held for a lease.
 *
 * It saves double work between completes, and decides between complete and
 * abort. Who takes it gives it back before it answers; the lease of one that
 * died runs out (TIER_CLAIM_LEASE_MS).
 */

#pragma once

#include "common/base.h"
#include "common/deadline.h"
#include "common/session.h"
#include "common/tier/tier.h"

struct claim {
	struct tier *store;		/* NULL: nothing is held */
	const struct session *session;	/* the caller's, to the end */
	struct tier_token token;
	int64_t renewed_ms;		/* CLOCK_MONOTONIC */
};

/*
 * Takes it. TIER_E_CONFLICT: another has it. After a failure it may be held,
 * and is to be given back too. -ENOSPC: no tier has room for it.
 */
int claim_take(struct claim *claim, struct tier *store,
	       const struct session *session, struct deadline dl);

/*
 * Renews it when a third of the lease has gone; to be called now and then
 * while at work. TIER_E_CONFLICT: it was lost, to another or because its lease
 * has run out. It is still to be given back.
 */
int claim_keep(struct claim *claim, struct deadline dl);

/*
 * Gives it back, if it is held; at most CLAIM_RELEASE_MS, even when the
 * request's own time is over. What cannot be given back runs out.
 */
void claim_give_back(struct claim *claim);

#define CLAIM_RELEASE_MS 2000
