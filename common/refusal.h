/* SPDX-License-Identifier: MIT */

/* refusal - what complete could not do, in the words of the wire. */

#pragma once

#include "common/assemble.h"
#include "common/chunk.h"
#include "common/reply.h"
#include "common/sink/sink.h"

/* 400: the chunks that are not in @held, with Retry-After when it is silent. */
int refusal_missing(struct reply *reply, const struct chunk_list *held,
		    const struct session *session);

/* The answer to @r, one of SINK_E_*. */
int refusal_of_sink(struct reply *reply, const struct sink *sink, int r);

/* The answer to @r, one of ASSEMBLE_E_*. */
int refusal_of_assembly(struct reply *reply, const struct assembly *assembly,
			int r);
