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
 */

#pragma once

#include "common/tier/tier.h"

/*
 * A tier on the server at @url (redis://, unix://), which config.c has
 * checked. Connects when first asked; each command waits for at most
 * @timeout_ms. tier_close() the result. -EINVAL the URL cannot be used (with
 * words for the log in @ret_why, TIER_ERROR_MAX bytes), -ENOMEM.
 */
int tier_redis_open(const char *url, int64_t timeout_ms, char *ret_why,
		    struct tier **ret_tier);
