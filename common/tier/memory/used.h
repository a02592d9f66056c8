/* SPDX-License-Identifier: MIT */

/*
 * memory_used - what the chunks of all sessions take, in the file "used",
 * which every process of the host has mapped.
 *
 * A chunk is charged before it is there and discharged after it is gone, so a
 * process that is killed leaves it too high by a chunk at most; counting
 * again puts that right.
 */

#pragma once

#include "common/deadline.h"
#include "common/tier/memory/root.h"

struct memory_used_page;

struct memory_used {
	int fd;				/* -1 until first opened */
	struct memory_used_page *page;	/* NULL until then */
};

/* What is done once in a while by one of all processes. */
enum memory_chore {
	MEMORY_CHORE_COUNT,	/* memory_used_count() */
	MEMORY_CHORE_SWEEP,	/* memory_sweep() */
};

/* Not open yet; touches nothing. */
struct memory_used memory_used_none(void);
void memory_used_done(struct memory_used *used);

/*
 * Makes sure that the file in the open @root is mapped, and makes it where it
 * is absent. The caller holds no lock. -ENOSPC, -ETIMEDOUT.
 */
int memory_used_open(struct memory_used *used, const struct memory_root *root,
		     struct deadline dl);

/* Charges @charge bytes unless that would be over @max. -ENOSPC. */
int memory_used_take(struct memory_used *used, uint64_t charge, uint64_t max);
void memory_used_return(struct memory_used *used, uint64_t charge);

/* Bytes that are charged. */
uint64_t memory_used_bytes(const struct memory_used *used);

/*
 * Adds up what the sessions hold, with the root's lock held alone meanwhile.
 * The caller holds no lock. -ETIMEDOUT.
 */
int memory_used_count(struct memory_used *used, const struct memory_root *root,
		      struct deadline dl);

/*
 * Whether the caller should do @chore now: nobody was told so within the last
 * @ms milliseconds.
 */
bool memory_used_elect(struct memory_used *used, enum memory_chore chore,
		       int64_t ms);
