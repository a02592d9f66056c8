/* SPDX-License-Identifier: MIT */

/*
 * file_folder - the file sink's folder, the one that it works in within, and
 * small files in both.
 *
 * What is in DIR/.tranche, mode 0700:
 *	lock-XX			one of 256, for all names whose digest begins so
 *	aside-<random>		bytes that come in; its writer holds its flock
 *	data-<name>		bytes of a commit at work, under the name's lock
 *	json-<name>		their .json
 *	plan-<name>		its plan, not yet whole
 *	intent-<name>		its plan, whole: state.h ends it
 *	done-<hour>/<digest>	plans that were ended, by the hour of the Unix
 *				epoch in which their session is forgotten, and
 *				the SHA-256 of its id
 */

#pragma once

#include "common/base.h"
#include "common/buf.h"
#include "common/deadline.h"
#include "common/session.h"

/* Bytes of a path under DIR or DIR/.tranche, the NUL included. */
#define FILE_PATH_MAX (SESSION_PERSISTENT_ID_MAX + 16)

struct file_folder {
	int dir;	/* DIR, -1: closed */
	int work;	/* DIR/.tranche, -1: there is none */
};

#define FILE_FOLDER_CLOSED { .dir = -1, .work = -1 }

/* The files of one name; doc is the .json beside the bytes. */
struct file_names {
	char name[FILE_PATH_MAX], doc[FILE_PATH_MAX];		/* in DIR */
	char data[FILE_PATH_MAX], json[FILE_PATH_MAX];		/* in work */
	char plan[FILE_PATH_MAX], intent[FILE_PATH_MAX];
};

/* @name must be a valid persistentId. */
void file_names_init(struct file_names *names, const char *name);

/*
 * Opens the folder at @path and the one within. Where that is missing it is
 * made if @make says so, else work is -1: nothing was ever begun there.
 * file_folder_close() the result. -errno: -ENOENT and -ENOTDIR are of @path.
 */
int file_folder_open(const char *path, bool make,
		     struct file_folder *ret_folder);

/* Closes it; it may be closed already. */
void file_folder_close(struct file_folder *folder);

/* Closes *@fd unless it is -1, which it is then; for CLEANUP(). */
void file_fd_done(int *fd);

/* fsync(2). -errno. */
int file_sync(int fd);

/* Writes all of @size bytes. -errno, -ETIMEDOUT. */
int file_write(int fd, const void *data, size_t size, struct deadline dl);

/*
 * Appends to @out the file @name of the folder @dir. -ENOENT; -EBADMSG when
 * it is no regular file, or does not fit @out; -errno.
 */
int file_read_small(int dir, const char *name, struct buf *out);

/*
 * Makes the file @name, which must not be there, in the folder @dir, of mode
 * @mode and of @data, and fsyncs it. When it fails part of it may be there.
 */
int file_write_small(int dir, const char *name, unsigned mode,
		     const struct buf *data);

/* Removes the file @name of the folder @dir if it is there. -errno. */
int file_remove(int dir, const char *name);

/* Whether anything has @name in the folder @dir: 1, 0 or -errno. */
int file_exists(int dir, const char *name);

/* Whether two names are of one file: 1, 0 (also when one is absent), -errno. */
int file_is_same(int dir_a, const char *name_a, int dir_b, const char *name_b);

/* Tries for the flock(2) of @fd: 1: held, 0: another has it, -errno. */
int file_try_lock(int fd);

/*
 * Waits for the lock of @name; close *ret_lock to give it back, as the end of
 * the process does. -ETIMEDOUT, at once when @dl has passed; -errno.
 */
int file_lock_name(const struct file_folder *folder, const char *name,
		   struct deadline dl, int *ret_lock);
