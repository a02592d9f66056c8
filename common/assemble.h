/* SPDX-License-Identifier: MIT */

/*
 * assemble - chunks, to text, to what was sent, to what the sink stores.
 *
 * One pass over the bytes and one chunk of memory: each chunk is read (its
 * digest checked by the tier), joined to its neighbours (text.h), counted and
 * hashed as it was sent, inflated if it was said to be compressed
 * (inflate.h), hashed as it is stored, and written.
 */

#pragma once

#include "common/base.h"
#include "common/claim.h"
#include "common/sink/sink.h"
#include "common/tier/tier.h"

enum {
	ASSEMBLE_E_MISSING = 1,	/* a chunk is not there any more */
	ASSEMBLE_E_MISMATCH,	/* not what start declared: reason */
	ASSEMBLE_E_COMPRESSED,	/* does not inflate: reason */
	ASSEMBLE_E_INFLATED,	/* inflates to more than inflated_max */
	ASSEMBLE_E_SINK,	/* the sink refused: sink_answer */
	ASSEMBLE_E_CLAIM,	/* another holds the claim now */
};

struct assembly {
	struct tier *store;
	struct sink *sink;		/* begun, and not yet committed */
	const struct session *session;
	struct claim *claim;		/* kept while at work */
	uint64_t inflated_max;		/* bytes */

	/* Of assemble()'s answers: */
	const char *reason;		/* for the client; a literal */
	int sink_answer;		/* SINK_E_* */
};

/*
 * Writes the session's bytes to the sink. ASSEMBLE_E_*; -errno of the store or
 * sink. When it does not say 0, the sink's writing is still to be abandoned.
 */
int assemble(struct assembly *assembly, struct deadline dl,
	     struct sink_content *ret_content);
