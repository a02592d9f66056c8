/* SPDX-License-Identifier: MIT */

/* put_chunk: written aside without a lock, and put into place under it. */

#include <errno.h>

#include "common/tier/memory/aside.h"
#include "common/tier/memory/sweep.h"
#include "common/tier/memory/tier.h"

#define TRIES_MAX 8		/* while others take away what was seen */
#define SWEEP_EACH_MS 1000	/* when there is no room */
#define COUNT_EACH_MS 60000	/* when there is no room still */

/* What is at the index of a chunk that is to be put. */
enum sight {
	FREE,		/* nothing */
	SAME,		/* its bytes, verified */
	OTHER,		/* other bytes of their size */
	BAD_SAME,	/* its entry, but the bytes are bad */
	BAD,		/* no chunk */
};

struct look {
	enum sight sight;
	enum chunk_kind kind;	/* of SAME and BAD_SAME */
	uint64_t inode;		/* of SAME: it need not be verified twice */
};

static int look(int folder, const struct chunk *chunk, struct look *seen)
{
	const struct chunk_info *info = &chunk->info;
	CLEANUP(memory_closep) int fd = -1;
	struct memory_chunk there;
	struct look now = { 0 };
	int r;

	r = memory_chunk_open(folder, info->index, &fd, &there);
	if (r == -ENOENT) {
		now.sight = FREE;
	} else if (r == -EBADMSG) {
		now.sight = BAD;
	} else if (r) {
		return r;
	} else if (there.info.size != info->size ||
		   !digest_equal(&there.info.digest, &info->digest)) {
		now.sight = OTHER;
	} else {
		now.sight = SAME;
		now.kind = there.info.kind;
		now.inode = there.inode;
		if (seen->sight != SAME || seen->inode != there.inode) {
			r = memory_chunk_verify(fd, &there.info);
			if (r == -EBADMSG)
				now.sight = BAD_SAME;
			else if (r)
				return r;
		}
	}
	*seen = now;
	return 0;
}

/* The file that the chunk came in, when it came in one. */
static int take_spare(const struct chunk *chunk, struct memory_aside *aside)
{
	int r = memory_aside_of(*chunk->spare, aside);

	return r ? r : memory_chunk_describe(aside->fd, &chunk->info);
}

/* There is time for it: nobody waits for us. */
static int write_aside(struct memory *m, const struct chunk *chunk,
		       struct memory_aside *aside)
{
	int r;

	if (aside->fd >= 0)
		return 0;
	if (chunk->spare) {
		r = take_spare(chunk, aside);
	} else {
		r = memory_aside_open(m->root.fd, aside);
		if (!r)
			r = memory_chunk_write(aside->fd, chunk);
	}
	if (r)
		memory_aside_done(aside);
	return r;
}

/* The index is free. */
static int link_aside(struct memory_hold *hold, const struct chunk *chunk,
		      const struct memory_aside *aside)
{
	struct memory_used *used = &hold->m->used;
	uint64_t charge = memory_charge(chunk->info.size);
	char name[MEMORY_CHUNK_NAME_MAX];
	struct memory_count after = {
		.chunks = hold->count.chunks + 1,
		.bytes = hold->count.bytes + chunk->info.size,
		.charged = hold->count.charged + charge,
	};
	int r;

	memory_chunk_name(chunk->info.index, name);
	r = memory_used_take(used, charge, hold->m->max_bytes);
	if (r)
		return r;
	r = memory_count_begin(hold->file, &hold->count);
	if (!r)
		r = memory_aside_link(aside, hold->folder, name);
	if (r) {
		memory_count_end(hold->file, &hold->count);
		memory_used_return(used, charge);
		return r;
	}
	hold->count = after;
	return memory_count_end(hold->file, &after);
}

/* Whether with the chunk more bytes would be held than may be. */
static bool exceeds(const struct memory_hold *hold,
		    const struct session *session, const struct chunk *chunk)
{
	uint64_t bytes;

	return __builtin_add_overflow(hold->count.bytes, chunk->info.size,
				      &bytes) ||
	       bytes > session_bytes_max(session);
}

/* -EAGAIN: the bytes that were seen are gone, and there is no aside yet. */
static int settle(struct memory_hold *hold, const struct session *session,
		  const struct chunk *chunk, const struct memory_aside *aside,
		  struct look *seen, struct deadline dl)
{
	int r;

	r = look(hold->folder, chunk, seen);
	if (r)
		return r;
	if (seen->sight == OTHER)
		return TIER_E_CONFLICT;
	if (seen->sight == SAME)
		return 0;
	if (aside->fd < 0)
		return -EAGAIN;
	if (seen->sight == BAD_SAME && seen->kind != chunk->info.kind) {
		struct chunk_info info = chunk->info;

		/* The first kind stays, also over bytes that went bad. */
		info.kind = seen->kind;
		r = memory_chunk_describe(aside->fd, &info);
	}
	if (!r && seen->sight != FREE)
		r = memory_hold_remove_rot(hold, chunk->info.index, dl);
	/* Chunks that somebody else has taken away may be counted still. */
	if (!r && (exceeds(hold, session, chunk) ||
		   hold->count.chunks >= session->total_chunks))
		r = memory_hold_remove_rot(hold, chunk->info.index, dl);
	if (r)
		return r;
	if (exceeds(hold, session, chunk))
		return TIER_E_LIMIT;
	return link_aside(hold, chunk, aside);
}

/* Without a lock first: most chunks are new, or were sent once more. */
static int put_once(struct memory *m, const struct session *session,
		    const struct chunk *chunk, struct memory_aside *aside,
		    struct deadline dl, struct chunk_count *ret_count)
{
	CLEANUP(memory_closep) int folder = -1;
	struct memory_hold hold;
	struct look seen = { 0 };
	int r;

	r = memory_folder_open(&m->root, session->id, /* make= */ true,
			       &folder);
	if (!r)
		r = look(folder, chunk, &seen);
	if (r)
		return r == -ENOENT ? -EAGAIN : r;
	if (seen.sight == OTHER)
		return TIER_E_CONFLICT;
	if (seen.sight != SAME) {
		r = write_aside(m, chunk, aside);
		if (r)
			return r;
	}

	r = memory_hold_open(m, session->id, /* make= */ true, dl, &folder,
			     &hold);
	if (r)
		return r;
	r = settle(&hold, session, chunk, aside, &seen, dl);
	if (!r)
		*ret_count = (struct chunk_count){
			.chunks = (uint32_t)hold.count.chunks,
			.bytes = hold.count.bytes,
		};
	memory_hold_done(&hold);
	return r;
}

bool memory_make_room(struct memory *m, struct deadline dl)
{
	bool tried = false;

	if (memory_used_open(&m->used, &m->root, dl))
		return false;
	if (memory_used_elect(&m->used, MEMORY_CHORE_SWEEP, SWEEP_EACH_MS))
		tried = memory_sweep(&m->used, &m->root, m->ttl_ms, dl) >= 0;
	if (memory_used_elect(&m->used, MEMORY_CHORE_COUNT, COUNT_EACH_MS))
		tried |= memory_used_count(&m->used, &m->root, dl) == 0;
	return tried;
}

int memory_put_chunk(struct tier *t, const struct session *session,
		     const struct chunk *chunk, struct deadline dl,
		     struct chunk_count *ret_count)
{
	struct memory_aside aside = memory_aside_none();
	struct chunk taken = *chunk;
	struct memory *m = memory_of(t);
	bool made_room = false;
	int r;

	for (int tries = 0; tries < TRIES_MAX; tries++) {
		r = memory_root_open(&m->root);
		if (!r)
			r = put_once(m, session, &taken, &aside, dl, ret_count);
		/* link(2): of another file system, forbidden, or unlinked. */
		if (taken.spare &&
		    (r == -EXDEV || r == -EPERM || r == -ENOENT)) {
			memory_aside_done(&aside);
			taken.spare = NULL;
			continue;
		}
		if (r == -ENOSPC && !made_room && memory_make_room(m, dl)) {
			made_room = true;
			continue;
		}
		if (r != -EAGAIN)
			break;
	}
	memory_aside_done(&aside);
	if (!r)
		t->served = t->impl->name;
	return memory_result(m, r);
}
