/* SPDX-License-Identifier: MIT */

/*
 * file_aside - the file that an upload's bytes come into, DIR/.tranche/aside-*,
 * until a commit gives it a name.
 *
 * It has a name from the start: O_TMPFILE would need /proc to link it, and
 * is not there on NFS. Its writer holds its flock(2), so that one whose
 * writer was killed is known.
 */

#pragma once

#include "common/base.h"
#include "common/deadline.h"
#include "common/sink/file/folder.h"

struct file_aside {
	int fd;				/* -1: none */
	char path[FILE_PATH_MAX];	/* in the work folder; "": moved */
	uint64_t size;			/* bytes written */
	uint64_t sent;			/* of them, told to go to disk */
};

/* Makes one in the folder @work. file_aside_drop() the result. -errno. */
int file_aside_make(int work, struct file_aside *ret_aside);

/* Appends @size bytes. -errno; after it the aside is of no more use. */
int file_aside_write(struct file_aside *aside, const void *data, size_t size,
		     struct deadline dl);

/* Makes the bytes durable. -errno. */
int file_aside_sync(struct file_aside *aside);

/*
 * Gives it the name @path in the folder @work and @mode, durably once the
 * folder is synced. -errno; the name may then have been given.
 */
int file_aside_move(struct file_aside *aside, int work, const char *path,
		    unsigned mode);

/* Closes it, and removes it unless it was moved; there may be none. */
void file_aside_drop(struct file_aside *aside, int work);

/* Whether @path has the form of an aside's. */
bool file_aside_is(const char *path);

/* Removes the aside at @path if its writer is dead: 1, else 0 or -errno. */
int file_aside_bury(int work, const char *path);
