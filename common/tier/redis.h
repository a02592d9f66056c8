/* SPDX-License-Identifier: MIT */

/*
 * redis - the tier that keeps sessions in a Redis server (5.0 or newer).
 * Lives in a module of its own (module.h), with hiredis.
 *
 * Keys, all of a session in one cluster slot, with relative expiry (PX):
 *	chunked:{<sid>}:info		hash: the record and its state
 *	chunked:{<sid>}:claim		string: the holder's token
 *	chunked:{<sid>}:chunks		hash: index -> digest, size, kind; and
 *					the count of bytes held
 *	chunked:{<sid>}:chunk:<index>:<digest>	string: the bytes
 * The chunks hash decides which bytes are the chunk.
 *
 * What is put past session_purge_at() is done, with 0, and forgotten at once:
 * nothing is written. An operation is one trip but where the server shows
 * something amiss; get_chunk is two, list_chunks two and one for each 250
 * chunks more, drop_chunks two for each 250.
 */

#pragma once

#include "common/tier/tier.h"

/*
 * A tier on the server at @url (redis://, unix://), which config.c has
 * checked. Connects when first asked; each trip, connecting included, takes
 * at most @timeout_ms (but for a name that must be looked up, see
 * redis/socket.h). tier_close() the result. -EINVAL the URL cannot be used
 * (with words for the log in @ret_why, TIER_ERROR_MAX bytes), -ENOMEM.
 */
EXPORT int tier_redis_open(const char *url, int64_t timeout_ms, char *ret_why,
			   struct tier **ret_tier);
