/* SPDX-License-Identifier: MIT */

/*
 * memory_aside - a file that is written where nobody finds it and then put
 * into place whole.
 *
 * It has no name until then (O_TMPFILE), so that nothing stays of a process
 * that is killed; on a file system without that it has one, which
 * memory_sweep removes.
 */

#pragma once

#include <sys/uio.h>

#include "common/base.h"

#define MEMORY_ASIDE_PREFIX ".aside-"
#define MEMORY_ASIDE_NAME_MAX 48	/* bytes, the NUL included */

struct memory_aside {
	int dir_fd;		/* its folder, the caller's */
	int fd;			/* open for reading and writing; -1: none */
	char name[MEMORY_ASIDE_NAME_MAX];	/* "": it has none */
};

/* What stands for no aside; memory_aside_done() on it does nothing. */
struct memory_aside memory_aside_none(void);

/* Makes an empty one on @dir_fd's file system; memory_aside_done() it. */
int memory_aside_open(int dir_fd, struct memory_aside *ret_aside);

/* The same with a name, for a file system that needs one. */
int memory_aside_open_named(int dir_fd, struct memory_aside *ret_aside);

/*
 * Takes the caller's file @fd for one; it is opened a second time and written
 * to. Not to be found by others it is only as far as the caller's was.
 */
int memory_aside_of(int fd, struct memory_aside *ret_aside);

/*
 * Gives it the name @name in the folder @dir_fd; -EEXIST when that is taken.
 */
int memory_aside_link(const struct memory_aside *aside, int dir_fd,
		      const char *name);

/* Closes it, and removes it where it was not linked. */
void memory_aside_done(struct memory_aside *aside);

/*
 * Puts a file of @size bytes at @name in the folder @dir_fd, over what is
 * there. The caller holds the folder's lock, alone.
 */
int memory_replace(int dir_fd, const char *name, const void *data, size_t size);

/*
 * Writes all of @n pieces from @offset on, changing @pieces on the way.
 * -ENOSPC also where the kernel says ENOMEM, EDQUOT or EFBIG: no room.
 */
int memory_write(int fd, struct iovec *pieces, int n, off_t offset);

/* Reads @size bytes from @offset on. -EBADMSG when there are not as many. */
int memory_read(int fd, void *data, size_t size, off_t offset);
