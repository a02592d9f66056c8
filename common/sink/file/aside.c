/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/hex.h"
#include "common/retry.h"
#include "common/sink/file/aside.h"

#define PREFIX "aside-"

/*
 * Bytes after which the kernel is told to begin writing, so that the fsync at
 * the end of a large upload does not find all of it still in memory.
 */
#define SEND_SIZE MIB(8)

/* 128 random bits: no two writers of any hosts meet. */
static int make_path(char ret_path[static FILE_PATH_MAX])
{
	uint8_t random[16];
	char text[2 * sizeof(random) + 1];
	ssize_t n = getrandom(random, sizeof(random), 0);

	if (n != (ssize_t)sizeof(random))
		return n < 0 ? -errno : -EIO;
	hex_format(random, sizeof(random), text);
	snprintf(ret_path, FILE_PATH_MAX, PREFIX "%s", text);
	return 0;
}

/* 1: held; 0: another was faster, and takes the file away. */
static int hold(int fd)
{
	struct stat status;
	int r;

	r = file_try_lock(fd);
	if (r <= 0)
		return r;
	if (fstat(fd, &status))
		return -errno;
	return status.st_nlink > 0;
}

int file_aside_make(int work, struct file_aside *ret_aside)
{
	struct file_aside aside = { .fd = -1 };
	int r;

	/* Between open and flock it looks as if its writer were dead. */
	for (int tries = 0; tries < 4; tries++) {
		r = make_path(aside.path);
		if (r)
			return r;
		aside.fd = retry_openat(work, aside.path, O_RDWR | O_CREAT |
					O_EXCL | O_CLOEXEC, 0600);
		if (aside.fd < 0)
			return -errno;
		r = hold(aside.fd);
		if (r > 0) {
			*ret_aside = aside;
			return 0;
		}
		file_aside_drop(&aside, work);
		if (r < 0)
			return r;
	}
	return -EBUSY;
}

int file_aside_write(struct file_aside *aside, const void *data, size_t size,
		     struct deadline dl)
{
	uint64_t ready;
	int r;

	r = file_write(aside->fd, data, size, dl);
	if (r)
		return r;
	aside->size += size;
	ready = aside->size - aside->sent;
	if (ready < SEND_SIZE)
		return 0;
	/* A hint: fsync is what counts, and says what went wrong. */
	sync_file_range(aside->fd, (off_t)aside->sent, (off_t)ready,
			SYNC_FILE_RANGE_WRITE);
	aside->sent = aside->size;
	return 0;
}

int file_aside_sync(struct file_aside *aside)
{
	return file_sync(aside->fd);
}

int file_aside_move(struct file_aside *aside, int work, const char *path,
		    unsigned mode)
{
	if (renameat(work, aside->path, work, path))
		return -errno;
	aside->path[0] = '\0';
	/* Not before: an aside of another mode could not be buried. */
	if (fchmod(aside->fd, mode))
		return -errno;
	return file_sync(aside->fd);
}

void file_aside_drop(struct file_aside *aside, int work)
{
	if (aside->fd >= 0 && aside->path[0])
		file_remove(work, aside->path);
	file_fd_done(&aside->fd);
}

bool file_aside_is(const char *path)
{
	return !strncmp(path, PREFIX, strlen(PREFIX));
}

int file_aside_bury(int work, const char *path)
{
	CLEANUP(file_fd_done) int fd = -1;
	int r;

	fd = retry_openat(work, path, O_RDWR | O_NOFOLLOW | O_NONBLOCK |
			  O_CLOEXEC, 0);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	r = file_try_lock(fd);
	if (r <= 0)
		return r;
	return unlinkat(work, path, 0) ? -errno : 1;
}
