/* SPDX-License-Identifier: MIT */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/hex.h"
#include "common/retry.h"
#include "common/sha256.h"
#include "common/sink/file/done.h"
#include "common/sink/file/folder.h"

#define PREFIX "done-"
#define HOUR ((int64_t)3600 * 1000)	/* ms */

/* A complete that lost its claim may be at work for a while after purge_at. */
#define GRACE HOUR

static void room_path(int64_t purge_at, char ret_path[static FILE_PATH_MAX])
{
	snprintf(ret_path, FILE_PATH_MAX, PREFIX "%" PRId64, purge_at / HOUR);
}

static void done_path(int64_t purge_at, const char *id,
		      char ret_path[static FILE_PATH_MAX])
{
	uint8_t digest[SHA256_SIZE];
	char text[SHA256_HEX_LEN + 1];

	sha256_of(id, strlen(id), digest);
	hex_format(digest, sizeof(digest), text);
	snprintf(ret_path, FILE_PATH_MAX, PREFIX "%" PRId64 "/%s",
		 purge_at / HOUR, text);
}

int file_done_make_room(int work, int64_t purge_at)
{
	char path[FILE_PATH_MAX];

	room_path(purge_at, path);
	if (mkdirat(work, path, 0700))
		return errno == EEXIST ? 0 : -errno;
	return file_sync(work);
}

static int sync_room(int work, int64_t purge_at)
{
	CLEANUP(file_fd_done) int fd = -1;
	char path[FILE_PATH_MAX];

	room_path(purge_at, path);
	fd = retry_openat(work, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
			  O_CLOEXEC, 0);
	return fd < 0 ? -errno : file_sync(fd);
}

int file_done_keep(int work, const char *path, const char *id,
		   int64_t purge_at)
{
	char done[FILE_PATH_MAX];
	int r;

	done_path(purge_at, id, done);
	/* One whose time is over may be forgotten at once: again, then. */
	for (int tries = 0; tries < 4; tries++) {
		if (!renameat(work, path, work, done))
			return sync_room(work, purge_at);
		if (errno != ENOENT)
			return -errno;
		r = file_done_make_room(work, purge_at);
		if (r)
			return r;
	}
	return -ENOENT;
}

int file_done_read(int work, const char *id, int64_t purge_at,
		   struct buf *out)
{
	char path[FILE_PATH_MAX];

	done_path(purge_at, id, path);
	return file_read_small(work, path, out);
}

bool file_done_is(const char *path)
{
	return !strncmp(path, PREFIX, strlen(PREFIX));
}

/* The end of the hour in the name of a folder; INT64_MAX: not one of ours. */
static int64_t room_end(const char *path)
{
	const char *digits = path + strlen(PREFIX);
	int64_t hour = 0;

	for (const char *c = digits; *c; c++) {
		if (*c < '0' || *c > '9' || c - digits > 9)
			return INT64_MAX;
		hour = hour * 10 + (*c - '0');
	}
	return *digits ? (hour + 1) * HOUR : INT64_MAX;
}

int file_done_forget(int work, const char *path, int64_t now_ms, int max)
{
	struct dirent *entry;
	int n = 0, fd;
	DIR *room;

	if (room_end(path) > now_ms - GRACE)
		return 0;
	fd = retry_openat(work, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
			  O_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	room = fdopendir(fd);
	if (!room) {
		close(fd);
		return -ENOMEM;
	}
	while (n < max && (entry = readdir(room)))
		if (entry->d_name[0] != '.' &&
		    !unlinkat(fd, entry->d_name, 0))
			n++;
	if (n < max)
		unlinkat(work, path, AT_REMOVEDIR);
	closedir(room);
	return n;
}
