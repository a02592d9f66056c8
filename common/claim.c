/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <string.h>

#include "common/claim.h"

/* Asks for it, or for more time; room is a tier's worry, not the client's. */
static int ask(struct claim *claim, struct deadline dl)
{
	int r;

	claim->renewed_ms = clock_monotonic_ms();
	r = tier_claim(claim->store, claim->session, &claim->token, dl);
	return r == TIER_E_FULL ? -ENOSPC : r;
}

int claim_take(struct claim *claim, struct tier *store,
	       const struct session *session, struct deadline dl)
{
	int r;

	*claim = (struct claim){ .store = store, .session = session };
	r = tier_token_make(&claim->token);
	if (!r)
		r = ask(claim, dl);
	/* After a failure it is not known whether it was taken: give it back. */
	if (r == TIER_E_CONFLICT)
		claim->store = NULL;
	return r;
}

int claim_keep(struct claim *claim, struct deadline dl)
{
	int64_t age = clock_monotonic_ms() - claim->renewed_ms;

	return age < TIER_CLAIM_LEASE_MS / 3 ? 0 : ask(claim, dl);
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
