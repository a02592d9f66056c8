/* SPDX-License-Identifier: MIT */

/*
 * mongodb_count - what a session holds, in its record: receivedChunks and
 * bytesHeld.
 *
 * The chunks are the truth, and the record has what one $inc for each of them
 * came to. A put that dies between the two leaves a chunk too many and never a
 * count too many; and where the record has lost its fields, or counts what
 * others have taken away, the chunks are summed and it is told.
 */

#pragma once

#include "common/tier/mongodb/parts.h"

/*
 * Counts the chunk, whose document was inserted, and gives what is held then.
 * The count is moved only if the bytes held stay within the session's limit.
 * TIER_E_LIMIT, TIER_E_FULL: it is not counted, and must not stay.
 */
int mongodb_count_new(struct mongodb *m, const struct session *session,
		      const struct chunk_info *info, struct deadline dl,
		      struct chunk_count *ret_count);

/*
 * What is held, when the chunk's document was there before. TIER_E_LIMIT: it
 * may be one that its own put is about to take away.
 */
int mongodb_count_again(struct mongodb *m, const struct session *session,
			const struct chunk_info *info, struct deadline dl,
			struct chunk_count *ret_count);
