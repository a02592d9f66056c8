/* SPDX-License-Identifier: MIT */

/* memory_sweep - takes away what is past its time, as no tmpfs forgets. */

#pragma once

#include "common/tier/memory/used.h"

#define MEMORY_SWEEP_MAX 100	/* sessions that one sweep takes away */

/*
 * Removes sessions that are past TRANCHE_TTL (@ttl_ms) and the grace, by
 * their ids, and what a killed sweep or put left. One that somebody is at
 * work on is left for the next sweep, as is what @dl leaves no time for.
 * The caller holds no lock. How many were taken away, of sessions and of what
 * was left; -errno.
 */
int memory_sweep(struct memory_used *used, const struct memory_root *root,
		 int64_t ttl_ms, struct deadline dl);

/*
 * Removes the folder of the session @id if neither record nor claim nor chunk
 * is in it: other tiers have the session, and a claim, which every tier has,
 * was all that brought it here. The caller holds no lock.
 */
void memory_sweep_empty(struct memory_used *used,
			const struct memory_root *root, const char *id,
			struct deadline dl);
