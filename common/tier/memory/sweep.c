/* SPDX-License-Identifier: MIT */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/retry.h"
#include "common/session.h"
#include "common/tier/memory/aside.h"
#include "common/tier/memory/count.h"
#include "common/tier/memory/sweep.h"

/* A folder with this before its name is no session any more. */
#define GONE_PREFIX ".gone-"
#define GONE_NAME_MAX (sizeof(GONE_PREFIX) + SESSION_ID_LEN)

#define ASIDE_SECONDS 3600	/* until an aside is surely a killed one's */

static bool begins(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

/* Opens @name to be read; NULL with errno. */
static DIR *open_dir(int dir_fd, const char *name)
{
	int fd = retry_openat(dir_fd, name, O_RDONLY | O_DIRECTORY |
			      O_NOFOLLOW | O_CLOEXEC, 0);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		memory_closep(&fd);
	return dir;
}

/* Another sweep may be at it too, and what is left is for the next one. */
static void remove_folder(const struct memory_root *root, const char *name,
			  struct deadline dl)
{
	DIR *dir = open_dir(root->fd, name);
	struct dirent *entry;
	unsigned seen = 0;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		unlinkat(dirfd(dir), entry->d_name, 0);
		if (++seen % 256 == 0 && deadline_left(dl) == 0)
			break;
	}
	closedir(dir);
	unlinkat(root->fd, name, AT_REMOVEDIR);
}

static bool is_absent(int folder, const char *name)
{
	struct stat status;

	return fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) &&
	       errno == ENOENT;
}

/* Whether the session has nothing here that anybody would come for. */
static bool is_empty(int folder, const struct memory_count *count)
{
	return count->chunks == 0 && is_absent(folder, "record") &&
	       is_absent(folder, "claim");
}

/*
 * Takes the folder's name away, and its charge. Nobody can be at work on it
 * then: who waited for its lock looks whether it still has its name.
 * -ENOTEMPTY when it is to be @empty and is not.
 */
static int retire(struct memory_used *used, const struct memory_root *root,
		  const char *id, const char *gone_name, bool empty,
		  struct deadline dl)
{
	CLEANUP(memory_closep) int folder = -1;
	CLEANUP(memory_closep) int file = -1;
	struct memory_count count;
	uint64_t gone;
	int r;

	r = memory_folder_open(root, id, /* make= */ false, &folder);
	if (r)
		return r;
	if (flock(folder, LOCK_EX | LOCK_NB))
		return -errno;
	r = memory_count_open(folder, &file);
	if (!r || r == -ENOSPC)
		r = memory_count_load(file, folder, dl, &count, &gone);
	if (r)
		return r;
	if (empty && !is_empty(folder, &count))
		return -ENOTEMPTY;
	if (renameat(root->fd, id, root->fd, gone_name))
		return -errno;
	memory_used_return(used, count.charged + gone);
	return 0;
}

static void sweep_session(struct memory_used *used,
			  const struct memory_root *root, const char *id,
			  bool empty, struct deadline dl)
{
	char gone_name[GONE_NAME_MAX];
	int r;

	snprintf(gone_name, sizeof(gone_name), "%s%s", GONE_PREFIX, id);
	if (memory_lock(root->fd, LOCK_SH, dl))
		return;
	r = retire(used, root, id, gone_name, empty, dl);
	memory_unlock(root->fd);
	/* One of that name from before is in its way, until the next sweep. */
	if (!r || (!empty && (r == -ENOTEMPTY || r == -EEXIST)))
		remove_folder(root, gone_name, dl);
}

static void sweep_aside(const struct memory_root *root, const char *name)
{
	struct stat status;

	if (fstatat(root->fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
	    status.st_mtime < time(NULL) - ASIDE_SECONDS)
		unlinkat(root->fd, name, 0);
}

static bool is_over(const char *name, int64_t ttl_ms)
{
	int64_t now = clock_now_ms();

	/* An id of the future is not over: its time is still to come. */
	return session_id_is_valid(name, strlen(name)) &&
	       session_id_time(name) < now &&
	       !session_id_is_current(name, now, ttl_ms);
}

int memory_sweep(struct memory_used *used, const struct memory_root *root,
		 int64_t ttl_ms, struct deadline dl)
{
	DIR *dir = open_dir(root->fd, ".");
	struct dirent *entry;
	int swept = 0;

	if (!dir)
		return -errno;
	while (swept < MEMORY_SWEEP_MAX && deadline_left(dl) > 0 &&
	       (entry = readdir(dir))) {
		const char *name = entry->d_name;

		if (begins(name, MEMORY_ASIDE_PREFIX)) {
			sweep_aside(root, name);
		} else if (begins(name, GONE_PREFIX)) {
			remove_folder(root, name, dl);
			swept++;
		} else if (is_over(name, ttl_ms)) {
			sweep_session(used, root, name, /* empty= */ false, dl);
			swept++;
		}
	}
	closedir(dir);
	return swept;
}

void memory_sweep_empty(struct memory_used *used,
			const struct memory_root *root, const char *id,
			struct deadline dl)
{
	sweep_session(used, root, id, /* empty= */ true, dl);
}
