/* SPDX-License-Identifier: MIT */

/*
 * completion - a session's chunks become what the sink has, once.
 *
 * An order of the steps that looks equal is not: a search over interleavings
 * found double documents and lost aborts in others (test/unit/interleave.c).
 *	1. read the session, as upload does; completed: that answer (the caller)
 *	2. take the claim, and only then read the session of every tier
 *	3. ask the sink whether it has this session; if not, assemble, commit
 *	4. record the answer in every shared tier that is up, one at least
 *	5. drop the chunks; give the claim back, and answer (the caller)
 * Nothing negative is said without looking at every tier and the sink again:
 * another complete may have won meanwhile, and a commit that failed may have
 * been done.
 */

#pragma once

#include "common/claim.h"
#include "common/service.h"

enum {
	COMPLETION_E_REFUSED = 1,	/* the reply says why */
};

/*
 * Steps 2 to 5 for a session that was read and is not completed. 0: it is now,
 * and session->answer is there. @claim is the caller's to give back, whatever
 * comes out.
 */
int completion_run(struct service *service, struct request *req,
		   struct reply *reply, struct session *session,
		   struct claim *claim);
