/* SPDX-License-Identifier: MIT */

/* memory_tier - what the operations of the memory tier share; inside only. */

#pragma once

#include "common/tier/memory/chunk.h"
#include "common/tier/memory/count.h"
#include "common/tier/memory/root.h"
#include "common/tier/memory/used.h"
#include "common/tier/tier.h"

struct memory {
	struct tier base;	/* must be first */
	struct memory_root root;
	struct memory_used used;
	uint64_t max_bytes;
	int64_t ttl_ms;
};

/* The memory tier that @t is. */
struct memory *memory_of(struct tier *t);

/*
 * What an operation gives for @r of a function below: a positive answer or 0
 * as it is; -ENOSPC as TIER_E_FULL; a failure as it is, with its words. An
 * operation that has nothing to be full of passes memory_failed().
 */
int memory_result(struct memory *m, int r);
int memory_failed(struct memory *m, int r);

/*
 * Sweeps when nobody has within a minute, for a moment; as often as sessions or
 * claims come, which are what leaves something here. The caller holds no lock.
 */
void memory_sweep_sometimes(struct memory *m, struct deadline dl);

/* A session whose chunks and count are ours alone for a moment. */
struct memory_hold {
	struct memory *m;
	int folder;			/* the caller's */
	int file;			/* of the count; -1: none, no room */
	struct memory_count count;
};

/*
 * Takes the locks of root and session; memory_hold_done() it, soon: others
 * wait. The root must be open. *folder is -1 or the session's, as with
 * memory_folder_lock(), whose results it gives; the caller closes it.
 */
int memory_hold_open(struct memory *m, const char *id, bool make,
		     struct deadline dl, int *folder,
		     struct memory_hold *ret_hold);
void memory_hold_done(struct memory_hold *hold);

/* Takes the chunk @info away, which is there, and its count and charge. */
int memory_hold_remove(struct memory_hold *hold, const struct chunk_info *info);

/*
 * Takes away what is at @index, of which nothing is known, and counts again.
 */
int memory_hold_remove_rot(struct memory_hold *hold, uint32_t index,
			   struct deadline dl);

/*
 * For who got -ENOSPC: sweeps, and counts what is held, as often as is of use.
 * Whether anything was done, so that a second try is worth it.
 */
bool memory_make_room(struct memory *m, struct deadline dl);

/* The operations, by their member of struct tier_impl. */
int memory_put_session(struct tier *t, const struct session *session,
		       struct deadline dl);
int memory_get_session(struct tier *t, const char *id, enum tier_read read,
		       struct deadline dl, struct session *ret_session);
int memory_finish(struct tier *t, const struct session *session,
		  struct deadline dl);
int memory_drop_session(struct tier *t, const struct session *session,
			struct deadline dl);
int memory_put_chunk(struct tier *t, const struct session *session,
		     const struct chunk *chunk, struct deadline dl,
		     struct chunk_count *ret_count);
int memory_get_chunk(struct tier *t, const struct session *session,
		     uint32_t index, struct deadline dl, struct buf *data,
		     struct chunk_info *ret_info);
int memory_list_chunks(struct tier *t, const struct session *session,
		       struct deadline dl, struct chunk_list *ret_list);
int memory_drop_chunk(struct tier *t, const struct session *session,
		      const struct chunk_info *info, struct deadline dl);
int memory_drop_chunks(struct tier *t, const struct session *session,
		       struct deadline dl);
int memory_claim(struct tier *t, const struct session *session,
		 const struct tier_token *token, struct deadline dl);
int memory_release(struct tier *t, const struct session *session,
		   const struct tier_token *token, struct deadline dl);
int memory_is_claimed(struct tier *t, const struct session *session,
		      struct deadline dl, bool *ret_held);
