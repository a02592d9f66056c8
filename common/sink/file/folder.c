/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/hex.h"
#include "common/retry.h"
#include "common/sha256.h"
#include "common/sink/file/folder.h"

#define WORK ".tranche"

/* The longest pause between two tries of a lock, ms. */
#define LOCK_PAUSE_MAX 20

void file_names_init(struct file_names *names, const char *name)
{
	snprintf(names->name, FILE_PATH_MAX, "%s", name);
	snprintf(names->doc, FILE_PATH_MAX, "%s.json", name);
	snprintf(names->data, FILE_PATH_MAX, "data-%s", name);
	snprintf(names->json, FILE_PATH_MAX, "json-%s", name);
	snprintf(names->plan, FILE_PATH_MAX, "plan-%s", name);
	snprintf(names->intent, FILE_PATH_MAX, "intent-%s", name);
}

/* -1 into *ret_work where it is missing and is not to be made. */
static int open_work(int dir, bool make, int *ret_work)
{
	int fd, r;

	for (int tries = 0; tries < 2; tries++) {
		fd = retry_openat(dir, WORK, O_RDONLY | O_DIRECTORY |
				  O_NOFOLLOW | O_CLOEXEC, 0);
		if (fd >= 0 || (errno == ENOENT && !make)) {
			*ret_work = fd;
			return 0;
		}
		if (errno != ENOENT)
			break;
		if (mkdirat(dir, WORK, 0700) && errno != EEXIST)
			return -errno;
		r = file_sync(dir);
		if (r)
			return r;
	}
	/* ENOTDIR and ENOENT would say that the folder itself is at fault. */
	return errno == ENOTDIR || errno == ENOENT ? -EEXIST : -errno;
}

int file_folder_open(const char *path, bool make,
		     struct file_folder *ret_folder)
{
	CLEANUP(file_fd_done) int dir = -1;
	int work = -1, r;

	dir = retry_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC,
			   0);
	if (dir < 0)
		return -errno;
	r = open_work(dir, make, &work);
	if (r)
		return r;
	*ret_folder = (struct file_folder){ .dir = dir, .work = work };
	dir = -1;
	return 0;
}

void file_folder_close(struct file_folder *folder)
{
	file_fd_done(&folder->work);
	file_fd_done(&folder->dir);
}

void file_fd_done(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

int file_sync(int fd)
{
	int r;

	do {
		r = fsync(fd);
	} while (r && errno == EINTR);
	return r ? -errno : 0;
}

int file_write(int fd, const void *data, size_t size, struct deadline dl)
{
	const char *next = data;
	ssize_t n;

	while (size) {
		if (!deadline_left(dl))
			return -ETIMEDOUT;
		n = write(fd, next, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		next += n;
		size -= (size_t)n;
	}
	return 0;
}

/* Appends what is left of @fd, and finds that it ends within @out's limit. */
static int read_rest(int fd, struct buf *out)
{
	char part[4096];
	ssize_t n;
	int r;

	for (;;) {
		n = read(fd, part, sizeof(part));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : 0;
		r = buf_append(out, part, (size_t)n);
		if (r)
			return r == -ENOBUFS ? -EBADMSG : r;
	}
}

int file_read_small(int dir, const char *name, struct buf *out)
{
	CLEANUP(file_fd_done) int fd = -1;
	struct stat status;

	/* O_NONBLOCK: one that is a pipe must not make us wait. */
	fd = retry_openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
			  O_NOCTTY | O_CLOEXEC, 0);
	if (fd < 0)
		return errno == ELOOP || errno == ENXIO ? -EBADMSG : -errno;
	if (fstat(fd, &status))
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EBADMSG;
	return read_rest(fd, out);
}

int file_write_small(int dir, const char *name, unsigned mode,
		     const struct buf *data)
{
	CLEANUP(file_fd_done) int fd = -1;
	int r;

	fd = retry_openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			  0600);
	if (fd < 0)
		return -errno;
	/* A few KiB are not worth a deadline: what is begun is ended. */
	r = file_write(fd, data->data, data->size, deadline_in(INT32_MAX));
	if (!r && fchmod(fd, mode))
		r = -errno;
	return r ? r : file_sync(fd);
}

int file_remove(int dir, const char *name)
{
	return unlinkat(dir, name, 0) && errno != ENOENT ? -errno : 0;
}

int file_exists(int dir, const char *name)
{
	struct stat status;

	if (!fstatat(dir, name, &status, AT_SYMLINK_NOFOLLOW))
		return 1;
	return errno == ENOENT ? 0 : -errno;
}

int file_is_same(int dir_a, const char *name_a, int dir_b, const char *name_b)
{
	struct stat a, b;

	if (fstatat(dir_a, name_a, &a, AT_SYMLINK_NOFOLLOW) ||
	    fstatat(dir_b, name_b, &b, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? 0 : -errno;
	return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* The lock of a name: few files, which stay, so that none must be removed. */
static void lock_path(const char *name, char ret_path[static FILE_PATH_MAX])
{
	uint8_t digest[SHA256_SIZE];
	char text[2 + 1];

	sha256_of(name, strlen(name), digest);
	hex_format(digest, 1, text);
	snprintf(ret_path, FILE_PATH_MAX, "lock-%s", text);
}

int file_try_lock(int fd)
{
	int r;

	do {
		r = flock(fd, LOCK_EX | LOCK_NB);
	} while (r && errno == EINTR);
	if (!r)
		return 1;
	return errno == EWOULDBLOCK ? 0 : -errno;
}

static int wait_for(int fd, struct deadline dl)
{
	int64_t pause = 1;
	int held, r;

	while (!(held = file_try_lock(fd))) {
		r = deadline_sleep(dl, pause);
		if (r)
			return r;
		pause = pause * 2 > LOCK_PAUSE_MAX ? LOCK_PAUSE_MAX : pause * 2;
	}
	return held < 0 ? held : 0;
}

int file_lock_name(const struct file_folder *folder, const char *name,
		   struct deadline dl, int *ret_lock)
{
	char path[FILE_PATH_MAX];
	struct stat held, named;
	int fd, r;

	lock_path(name, path);
	for (;;) {
		fd = retry_openat(folder->work, path, O_RDWR | O_CREAT |
				  O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd < 0)
			return -errno;
		r = wait_for(fd, dl);
		if (!r && fstat(fd, &held))
			r = -errno;
		if (!r && !fstatat(folder->work, path, &named,
				   AT_SYMLINK_NOFOLLOW) &&
		    held.st_dev == named.st_dev &&
		    held.st_ino == named.st_ino) {
			*ret_lock = fd;
			return 0;
		}
		/* Someone cleared the folder: that lock is no more. */
		file_fd_done(&fd);
		if (!r)
			r = deadline_sleep(dl, 1);
		if (r)
			return r;
	}
}
