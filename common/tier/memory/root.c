/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/retry.h"
#include "common/session.h"
#include "common/tier/memory/root.h"

#define YIELDS 16		/* before a lock is waited for asleep */
#define PAUSE_MAX_MS 4

void memory_closep(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int memory_root_init(struct memory_root *root, const char *path)
{
	*root = (struct memory_root){ .path = strdup(path), .fd = -1 };
	return root->path ? 0 : -ENOMEM;
}

void memory_root_done(struct memory_root *root)
{
	memory_closep(&root->fd);
	free(root->path);
	*root = (struct memory_root){ .fd = -1 };
}

/* Only we may go in: what others put there would be taken for sessions. */
static int check(struct memory_root *root, const struct stat *status)
{
	if (status->st_uid != geteuid())
		root->why = "TRANCHE_MEMORY_DIR belongs to another user";
	else if (status->st_mode & (S_IRWXG | S_IRWXO))
		root->why = "TRANCHE_MEMORY_DIR is open to other users; "
			    "it must have mode 0700";
	else
		return 0;
	return -EPERM;
}

static int open_folder(struct memory_root *root)
{
	if (mkdir(root->path, 0700) && errno != EEXIST) {
		root->why = "TRANCHE_MEMORY_DIR cannot be made";
		/* -ENOENT would be taken for a session that is absent. */
		return errno == ENOENT ? -ENOTDIR : -errno;
	}
	root->fd = retry_openat(AT_FDCWD, root->path, O_RDONLY | O_DIRECTORY |
				O_NOFOLLOW | O_CLOEXEC, 0);
	if (root->fd >= 0)
		return 0;
	/* Linux says ENOTDIR of a link too, where O_DIRECTORY is given. */
	if (errno == ENOTDIR || errno == ELOOP) {
		root->why = "TRANCHE_MEMORY_DIR is no folder";
		return -EPERM;
	}
	root->why = "TRANCHE_MEMORY_DIR cannot be opened";
	return errno == ENOENT ? -EAGAIN : -errno;
}

bool memory_is_named(int dir_fd, const char *name, const struct stat *opened)
{
	struct stat named;

	return fstatat(dir_fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       opened->st_ino == named.st_ino &&
	       opened->st_dev == named.st_dev;
}

int memory_root_open(struct memory_root *root)
{
	struct stat status;
	int r;

	root->why = NULL;
	if (root->fd >= 0) {
		if (fstat(root->fd, &status))
			return -errno;
		/* Others go by the path: all must be in the same folder. */
		if (memory_is_named(AT_FDCWD, root->path, &status))
			return check(root, &status);
		memory_closep(&root->fd);
	}
	r = open_folder(root);
	if (!r && fstat(root->fd, &status))
		r = -errno;
	if (!r)
		r = check(root, &status);
	if (r)
		memory_closep(&root->fd);
	return r;
}

int memory_lock(int fd, int how, struct deadline dl)
{
	int64_t pause = 1;

	for (int tries = 0; flock(fd, how | LOCK_NB); tries++) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (tries < YIELDS) {
			sched_yield();
			continue;
		}
		if (deadline_sleep(dl, pause))
			return -ETIMEDOUT;
		if (pause < PAUSE_MAX_MS)
			pause *= 2;
	}
	return 0;
}

void memory_unlock(int fd)
{
	flock(fd, LOCK_UN);
}

int memory_folder_open(const struct memory_root *root, const char *id,
		       bool make, int *ret_fd)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd;

	/* The id is part of a path: this is the last place to look at it. */
	if (!session_id_is_valid(id, strlen(id)))
		return -EINVAL;
	fd = retry_openat(root->fd, id, flags, 0);
	if (fd < 0 && errno == ENOENT && make) {
		if (mkdirat(root->fd, id, 0700) && errno != EEXIST)
			return -errno;
		fd = retry_openat(root->fd, id, flags, 0);
	}
	if (fd < 0)
		return -errno;
	*ret_fd = fd;
	return 0;
}

/* Whether @fd is what @id names: a sweep may have taken the folder away. */
static bool is_current(const struct memory_root *root, const char *id, int fd)
{
	struct stat opened;

	return fstat(fd, &opened) == 0 &&
	       memory_is_named(root->fd, id, &opened);
}

int memory_folder_lock(const struct memory_root *root, const char *id,
		       bool make, struct deadline dl, int *folder)
{
	int r = 0;

	do {
		if (*folder < 0)
			r = memory_folder_open(root, id, make, folder);
		/* ENOENT with make: a sweep came between making and opening. */
		if (r == -ENOENT && make)
			continue;
		if (!r)
			r = memory_lock(*folder, LOCK_EX, dl);
		if (r || is_current(root, id, *folder))
			return r;
		memory_closep(folder);
	} while (deadline_left(dl) > 0);
	return -ETIMEDOUT;
}
