/* SPDX-License-Identifier: MIT */

/*
 * retry - calls that are made again when a signal came between (EINTR).
 *
 * SIGTERM and SIGUSR1 wait until a request is done, but a process may also be
 * stopped and continued, or traced.
 */

#pragma once

#include <errno.h>
#include <fcntl.h>

/*
 * openat(2). A file system in user space may be waited for, and be
 * interrupted; a folder of ours may lie on one.
 */
static inline int retry_openat(int folder, const char *path, int flags,
			       mode_t mode)
{
	int fd;

	do {
		fd = openat(folder, path, flags, mode);
	} while (fd < 0 && errno == EINTR);
	return fd;
}
