/* SPDX-License-Identifier: MIT */

/*
 * chunk - the bytes at one index of a session, and lists of what is held.
 *
 * A chunk is written once: the same bytes again are fine, others are refused.
 */

#pragma once

#include "common/base.h"
#include "common/digest.h"

/* How a chunk came; the first kind stays when the same bytes come again. */
enum chunk_kind {
	CHUNK_RAW,	/* bytes, never changed */
	CHUNK_TEXT,	/* a JSON string: generalised UTF-8 (text.h) */
};

/* What is known of a chunk without its bytes. */
struct chunk_info {
	uint32_t index;
	enum chunk_kind kind;
	uint64_t size;			/* bytes */
	struct digest digest;		/* of the bytes */
};

/* A chunk and its bytes, which the caller owns and keeps unchanged. */
struct chunk {
	struct chunk_info info;		/* info.size bytes at data */
	const char *data;
	/*
	 * A file of just these bytes, opened for reading and writing, that a
	 * tier may make its own: write behind them, and link it. NULL: none.
	 */
	const int *spare;
};

/* What a tier holds of a session after a put. */
struct chunk_count {
	uint32_t chunks;
	uint64_t bytes;
};

/* What is held of a session: ascending by index, each index once. */
struct chunk_list {
	struct chunk_info *chunks;
	size_t n;
	size_t capacity;
	/* A tier that may hold more did not answer; set by the stack. */
	bool silent;
};

/* Frees the list, which is then empty and may be used again. */
void chunk_list_done(struct chunk_list *list);

/*
 * Adds @info in any order; chunk_list_sort() makes the list what its type
 * promises. -ENOMEM.
 */
int chunk_list_add(struct chunk_list *list, const struct chunk_info *info);

/* Sorts by index; of several with one index any one stays. */
void chunk_list_sort(struct chunk_list *list);

/*
 * Adds what @from has at indices that @list has not; both are sorted, and @list
 * still is. -ENOMEM, and then @list is as it was.
 */
int chunk_list_merge(struct chunk_list *list, const struct chunk_list *from);

/* Bytes of all chunks in the list; UINT64_MAX when they do not fit. */
uint64_t chunk_list_bytes(const struct chunk_list *list);

/* "raw" or "text", as tiers and logs name a kind. */
const char *chunk_kind_name(enum chunk_kind kind);

/* Reads what chunk_kind_name() gave, @len bytes. -EBADMSG. */
int chunk_kind_parse(const char *name, size_t len, enum chunk_kind *ret_kind);
