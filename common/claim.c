/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <string.h>

#include "common/claim.h"

/* Asks for it, or for more time; room is a tier's worry, not the client's. */
static int ask(struct claim *claim, struct deadline dl)
{
	/* The lease may begin as soon as the tier is asked. */
	int64_t asked_ms = clock_monotonic_ms();
	int r;

	r = tier_claim(claim->store, claim->session, &claim->token, dl);
	if (r == TIER_E_FULL)
		return tier_fail(claim->store, -ENOSPC,
				 "no tier has room for a claim");
	if (!r)
		claim->renewed_ms = asked_ms;
	return r;
}

int claim_take(struct claim *claim, struct tier *store,
	       const struct session *session, struct deadline dl)
{
	int r;

	*claim = (struct claim){ .session = session };
	r = tier_token_make(&claim->token);
	if (r)
		return r;
	claim->store = store;
	r = ask(claim, dl);
	/* A failure may have taken it all the same: that is given back. */
	if (r == TIER_E_CONFLICT)
		claim->store = NULL;
	return r;
}

int claim_keep(struct claim *claim, struct deadline dl)
{
	int64_t age = clock_monotonic_ms() - claim->renewed_ms;

	if (age < TIER_CLAIM_LEASE_MS / 3)
		return 0;
	/*
	 * Free again does not mean that nobody had it: an abort may have come
	 * and gone since it ran out.
	 */
	if (age >= TIER_CLAIM_LEASE_MS)
		return TIER_E_CONFLICT;
	return ask(claim, dl);
}

void claim_give_back(struct claim *claim)
{
	char words[TIER_ERROR_MAX];

	if (!claim->store)
		return;
	/* The log line is about what failed before, if anything did. */
	memcpy(words, claim->store->error, sizeof(words));
	(void)tier_release(claim->store, claim->session, &claim->token,
			   deadline_in(CLAIM_RELEASE_MS));
	memcpy(claim->store->error, words, sizeof(words));
	claim->store = NULL;
}
