/* SPDX-License-Identifier: MIT */

/*
 * memory - the tier that keeps sessions in files on a tmpfs, shared by all
 * processes of one user on one host. It serves that host alone.
 *
 *	<dir>/<sid>/record		the record (record.h)
 *	<dir>/<sid>/claim		the holder's token and the lease's end
 *	<dir>/<sid>/count		chunks and bytes held (memory_count.h)
 *	<dir>/<sid>/<index>		a chunk: its bytes and a trailer
 *	<dir>/used			what all chunks take (memory_used.h)
 *
 * A chunk is written aside and linked into place, the first wins; a record or
 * a claim is renamed over the old one. So readers need no lock. Writers take
 * flock(2)s for the few steps that must be one (memory_root.h), and a lock
 * goes with its holder when that is killed.
 *
 * Nothing forgets by itself here: a new session, once a minute on the host,
 * and a chunk that finds no room sweep away what is past its time.
 */

#pragma once

#include "common/tier/tier.h"

/*
 * A tier in @dir, made with mode 0700 when it is absent and refused when it is
 * another user's, open to others or no directory (-EPERM). At most @max_bytes
 * of chunks are kept, each counted in whole pages of 4 KiB (records are not
 * counted); over it, and when the file system is full, TIER_E_FULL.
 * @ttl_ms is the deployment's TRANCHE_TTL, by which folders are known to be
 * over without reading them.
 * Nothing is touched until first asked. tier_close() the result. -ENOMEM.
 */
int tier_memory_open(const char *dir, uint64_t max_bytes, int64_t ttl_ms,
		     struct tier **ret_tier);
