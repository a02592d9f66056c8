/* SPDX-License-Identifier: MIT */

/*
 * clock-shim - a library that a function is started with (LD_PRELOAD), whose
 * clocks are not those of the machine.
 *
 * CLOCK_SHIM_FILE names a file of struct offsets, which whoever started the
 * function may change at any time: the clocks jump. Before it are
 * clock_gettime, gettimeofday and time. Waits of the system (poll, timeouts of
 * sockets) last as long as ever.
 */

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* Milliseconds; clocks.py has the same. */
struct offsets {
	int64_t real;		/* CLOCK_REALTIME, and what is made of it */
	int64_t monotonic;
};

#define EXPORTED __attribute__((visibility("default")))

static const struct offsets *offsets;

__attribute__((constructor))
static void begin(void)
{
	const char *path = getenv("CLOCK_SHIM_FILE");
	void *page;
	int fd;

	fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0)
		return;
	page = mmap(NULL, sizeof(*offsets), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (page != MAP_FAILED)
		offsets = page;
}

static int64_t offset_of(clockid_t id)
{
	if (!offsets)
		return 0;
	switch (id) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		return offsets->real;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_BOOTTIME:
		return offsets->monotonic;
	default:
		return 0;
	}
}

EXPORTED int clock_gettime(clockid_t id, struct timespec *ret_now)
{
	int64_t ns, ms = offset_of(id);

	if (syscall(SYS_clock_gettime, id, ret_now))
		return -1;
	ns = ret_now->tv_nsec + ms % 1000 * 1000000;
	ret_now->tv_sec += ms / 1000;
	if (ns < 0 || ns >= 1000000000) {
		ret_now->tv_sec += ns < 0 ? -1 : 1;
		ns += ns < 0 ? 1000000000 : -1000000000;
	}
	ret_now->tv_nsec = ns;
	return 0;
}

EXPORTED int gettimeofday(struct timeval *restrict ret_now,
			  void *restrict zone)
{
	struct timespec now;

	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &now))
		return -1;
	ret_now->tv_sec = now.tv_sec;
	ret_now->tv_usec = now.tv_nsec / 1000;
	return 0;
}

EXPORTED time_t time(time_t *ret_now)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	if (ret_now)
		*ret_now = now.tv_sec;
	return now.tv_sec;
}
