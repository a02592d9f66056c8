/* SPDX-License-Identifier: MIT */

/*
 * memory_root - the folder of a memory tier and the folders of its sessions.
 *
 * Everything is reached from the folder's descriptor, by names that are
 * checked ids and numbers.
 *
 * Locks (flock(2)) go with their holder when it is killed. Who changes what is
 * counted holds the root's lock shared and the session's alone, in this
 * order; who needs all of it to stand still holds the root's alone.
 */

#pragma once

#include "common/base.h"
#include "common/deadline.h"

struct memory_root {
	char *path;
	int fd;			/* -1 until first opened */
	const char *why;	/* words for the last failure, or NULL */
};

/* A root at @path that is not open yet. -ENOMEM. */
int memory_root_init(struct memory_root *root, const char *path);
void memory_root_done(struct memory_root *root);

/* Whether @name, under @dir_fd, is what was @opened, and no link to it. */
struct stat;
bool memory_is_named(int dir_fd, const char *name, const struct stat *opened);

/*
 * Makes sure that root->fd is the folder at the path: made when it is absent,
 * and made anew when somebody has removed it since (as systemd-logind does
 * with RemoveIPC) or put another one there. -EPERM with root->why when it is not ours alone; -errno.
 */
int memory_root_open(struct memory_root *root);

/*
 * Waits for the lock @how (LOCK_SH, LOCK_EX) of the open @fd, in small steps,
 * as flock(2) knows no time limit. -ETIMEDOUT.
 */
int memory_lock(int fd, int how, struct deadline dl);

/* For a lock on a descriptor that stays open. */
void memory_unlock(int fd);

/*
 * The folder of the session @id, which is made when @make; close it.
 * -ENOENT when it is absent, -EINVAL when @id is none.
 */
int memory_folder_open(const struct memory_root *root, const char *id,
		       bool make, int *ret_fd);

/*
 * Locks it, alone, and makes sure that it is the one which others find too.
 * *folder is -1, or what memory_folder_open() gave; close it, also after a
 * failure, and the lock is free. -ENOENT, -EINVAL, -ETIMEDOUT.
 */
int memory_folder_lock(const struct memory_root *root, const char *id,
		       bool make, struct deadline dl, int *folder);

/* For CLEANUP(): closes *fd unless it is negative. */
void memory_closep(int *fd);
