/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/hex.h"
#include "common/retry.h"
#include "common/tier/memory/aside.h"
#include "common/tier/memory/root.h"

/* As -errno, with one number for all ways of having no room. */
static int failure(int error)
{
	switch (error) {
	case EDQUOT:
	case EFBIG:
	case ENOMEM:
		return -ENOSPC;
	default:
		return -error;
	}
}

struct memory_aside memory_aside_none(void)
{
	return (struct memory_aside){ .fd = -1 };
}

int memory_aside_open_named(int dir_fd, struct memory_aside *ret_aside)
{
	struct memory_aside aside = { .dir_fd = dir_fd };
	uint8_t random[16];
	char text[sizeof(random) * 2 + 1];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return errno ? -errno : -EIO;
	hex_format(random, sizeof(random), text);
	snprintf(aside.name, sizeof(aside.name), "%s%s", MEMORY_ASIDE_PREFIX,
		 text);
	aside.fd = retry_openat(dir_fd, aside.name, O_RDWR | O_CREAT | O_EXCL |
				O_CLOEXEC, 0600);
	if (aside.fd < 0)
		return failure(errno);
	*ret_aside = aside;
	return 0;
}

int memory_aside_open(int dir_fd, struct memory_aside *ret_aside)
{
	struct memory_aside aside = { .dir_fd = dir_fd };

	aside.fd = retry_openat(dir_fd, ".", O_RDWR | O_TMPFILE | O_CLOEXEC,
				0600);
	if (aside.fd < 0)
		/* open(2): EISDIR, ENOENT of kernels that do not know it. */
		return errno == EOPNOTSUPP || errno == EISDIR ||
		       errno == ENOENT ?
			memory_aside_open_named(dir_fd, ret_aside) :
			failure(errno);
	*ret_aside = aside;
	return 0;
}

int memory_aside_of(int fd, struct memory_aside *ret_aside)
{
	struct memory_aside aside = memory_aside_none();

	aside.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	if (aside.fd < 0)
		return failure(errno);
	*ret_aside = aside;
	return 0;
}

int memory_aside_link(const struct memory_aside *aside, int dir_fd,
		      const char *name)
{
	char path[32];
	int r;

	if (aside->name[0]) {
		r = linkat(aside->dir_fd, aside->name, dir_fd, name, 0);
	} else {
		/* By /proc as open(2) says; without one, as newer Linux can. */
		snprintf(path, sizeof(path), "/proc/self/fd/%d", aside->fd);
		r = linkat(AT_FDCWD, path, dir_fd, name, AT_SYMLINK_FOLLOW);
		if (r && errno == ENOENT)
			r = linkat(aside->fd, "", dir_fd, name, AT_EMPTY_PATH);
	}
	return r ? failure(errno) : 0;
}

void memory_aside_done(struct memory_aside *aside)
{
	if (aside->fd < 0)
		return;
	if (aside->name[0])
		unlinkat(aside->dir_fd, aside->name, 0);
	close(aside->fd);
	*aside = memory_aside_none();
}

int memory_replace(int dir_fd, const char *name, const void *data, size_t size)
{
	CLEANUP(memory_closep) int fd = -1;
	char aside[MEMORY_ASIDE_NAME_MAX];
	struct iovec piece = { (void *)data, size };
	int r;

	/* One name is enough under the lock; a killed one's is written over. */
	snprintf(aside, sizeof(aside), "%s%s", MEMORY_ASIDE_PREFIX, name);
	fd = retry_openat(dir_fd, aside, O_WRONLY | O_CREAT | O_TRUNC |
			  O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return failure(errno);
	r = memory_write(fd, &piece, 1, 0);
	if (!r && renameat(dir_fd, aside, dir_fd, name))
		r = failure(errno);
	if (r)
		unlinkat(dir_fd, aside, 0);
	return r;
}

/* Steps over @done bytes of @pieces; gives how many pieces are left. */
static int advance(struct iovec **pieces, int n, size_t done)
{
	while (n > 0 && done >= (*pieces)->iov_len) {
		done -= (*pieces)->iov_len;
		(*pieces)++;
		n--;
	}
	if (n > 0) {
		(*pieces)->iov_base = (char *)(*pieces)->iov_base + done;
		(*pieces)->iov_len -= done;
	}
	return n;
}

int memory_write(int fd, struct iovec *pieces, int n, off_t offset)
{
	ssize_t done;

	n = advance(&pieces, n, 0);
	while (n > 0) {
		done = pwritev(fd, pieces, n, offset);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done ? failure(errno) : -ENOSPC;
		offset += done;
		n = advance(&pieces, n, (size_t)done);
	}
	return 0;
}

int memory_read(int fd, void *data, size_t size, off_t offset)
{
	char *to = data;
	ssize_t done;

	while (size > 0) {
		done = pread(fd, to, size, offset);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done ? -errno : -EBADMSG;
		to += done;
		offset += done;
		size -= (size_t)done;
	}
	return 0;
}
