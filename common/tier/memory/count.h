/* SPDX-License-Identifier: MIT */

/*
 * memory_count - what a session holds, in its file "count".
 *
 * The file says "changing" from before a chunk comes or goes until after it;
 * who finds that without the lock's holder counts the chunks again. So it is
 * right whenever the lock is taken, wherever the last holder was killed.
 * All functions need the session's lock, alone, and the root's.
 */

#pragma once

#include "common/chunk.h"
#include "common/deadline.h"

struct memory_count {
	uint64_t chunks;
	uint64_t bytes;
	uint64_t charged;	/* memory_charge() of all of them */
};

/* What a chunk of @size bytes counts in "used": whole pages, 1 or more. */
uint64_t memory_charge(uint64_t size);

/*
 * Opens the file "count" and makes it where it is absent; close it. -ENOSPC:
 * -1 may be passed below, and stands for a file that says nothing.
 */
int memory_count_open(int folder, int *ret_file);

/*
 * What is held. When it had to be counted again and less is held than was
 * noted, *ret_gone is what of its charge is gone, else 0. -ETIMEDOUT.
 */
int memory_count_load(int file, int folder, struct deadline dl,
		      struct memory_count *ret_count, uint64_t *ret_gone);

/* Counts the chunks that are there. -ETIMEDOUT, -ENOMEM. */
int memory_count_again(int folder, struct deadline dl,
		       struct memory_count *ret_count);

/* Notes that what is held is about to be another than @count. -ENOSPC. */
int memory_count_begin(int file, const struct memory_count *count);

/* Notes what is held now. */
int memory_count_end(int file, const struct memory_count *count);
