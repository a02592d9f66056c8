/* SPDX-License-Identifier: MIT */

/*
 * memory_chunk - the file of a chunk: its bytes, and behind them a trailer
 * that describes them. The bytes come first, so that a file which somebody
 * else has written becomes a chunk by appending to it.
 */

#pragma once

#include "common/buf.h"
#include "common/chunk.h"
#include "common/deadline.h"

#define MEMORY_CHUNK_NAME_MAX 16	/* bytes, the NUL included */

/* A chunk's file, found and judged. */
struct memory_chunk {
	struct chunk_info info;
	uint64_t inode;		/* who looks again knows it by this */
};

/* The name of the chunk at @index: the number. */
void memory_chunk_name(uint32_t index,
		       char ret_name[static MEMORY_CHUNK_NAME_MAX]);

/* Whether @name is one that memory_chunk_name() gives. */
bool memory_chunk_is_name(const char *name, uint32_t *ret_index);

/* Writes bytes and trailer into the empty @fd. -ENOSPC. */
int memory_chunk_write(int fd, const struct chunk *chunk);

/* Writes the trailer of @info again, behind the bytes that are there. */
int memory_chunk_describe(int fd, const struct chunk_info *info);

/*
 * Opens the chunk at @index and reads its trailer; close *ret_fd. -ENOENT;
 * -EBADMSG when it is rot: no trailer of this index, or another size.
 */
int memory_chunk_open(int folder, uint32_t index, int *ret_fd,
		      struct memory_chunk *ret_chunk);

/*
 * Reads the bytes of the open chunk over what is in @data, and verifies their
 * digest. -EBADMSG, -ENOBUFS, -ENOMEM.
 */
int memory_chunk_read(int fd, const struct chunk_info *info, struct buf *data);

/* Verifies the digest of the open chunk's bytes. -EBADMSG, -ENOMEM. */
int memory_chunk_verify(int fd, const struct chunk_info *info);

/*
 * Adds every chunk in @folder that is no rot to @list, in any order, as long
 * as there is time. -ENOMEM, -ETIMEDOUT.
 */
int memory_chunk_list(int folder, struct deadline dl, struct chunk_list *list);
