/* SPDX-License-Identifier: MIT */

/*
 * malloc-shim - a library that a function is started with (LD_PRELOAD), in
 * which the n-th allocation of a request fails.
 *
 * It stands before malloc, calloc, realloc, posix_memalign, aligned_alloc and
 * memalign for the program and all its libraries. glibc's own strdup, fopen,
 * asprintf and the like allocate by these names too: glibc(7), "Replacing
 * malloc".
 *
 * MALLOC_SHIM_FILE names a file of struct orders, which whoever started the
 * function has open too, reads, and may change between two requests. A request
 * begins when a connection has been accepted and ends where the next begins.
 */

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

/* test/lib/malloc_shim.py has the same. */
struct orders {
	uint64_t first;		/* which fails, from 1; 0: none */
	uint64_t last;		/* and the last one that does */
	uint64_t request;	/* of this request, from 1; 0: before the first,
				 * which is the whole life of a CGI program */
	uint64_t requests;	/* out: so many have begun */
	uint64_t seen;		/* out: allocations of the request meant */
	uint64_t failed;	/* out: of these */
};

/* What glibc calls its own, below the names that are ours here. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static struct orders *orders;

/* A place to stop at: break malloc_shim_failing */
void malloc_shim_failing(uint64_t n);

__attribute__((noinline, visibility("default")))
void malloc_shim_failing(uint64_t n)
{
	__asm__ volatile("" : : "r"(n) : "memory");
}

__attribute__((constructor))
static void begin(void)
{
	const char *path = getenv("MALLOC_SHIM_FILE");
	void *page;
	int fd;

	if (!path)
		return;
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		_exit(99);
	page = mmap(NULL, sizeof(*orders), PROT_READ | PROT_WRITE, MAP_SHARED,
		    fd, 0);
	close(fd);
	if (page == MAP_FAILED)
		_exit(99);
	orders = page;
}

/* Whether this one is to fail. */
static bool fails(void)
{
	uint64_t n;

	if (!orders || orders->requests != orders->request)
		return false;
	n = __atomic_add_fetch(&orders->seen, 1, __ATOMIC_RELAXED);
	if (!orders->first || n < orders->first || n > orders->last)
		return false;
	__atomic_add_fetch(&orders->failed, 1, __ATOMIC_RELAXED);
	malloc_shim_failing(n);
	errno = ENOMEM;
	return true;
}

static int accepted(int fd)
{
	if (orders && fd >= 0)
		orders->requests++;
	return fd;
}

__attribute__((visibility("default")))
int accept(int fd, struct sockaddr *address, socklen_t *size)
{
	return accepted(accept4(fd, address, size, 0));
}

__attribute__((visibility("default"), malloc))
void *malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

__attribute__((visibility("default"), malloc))
void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

/* To free by it is no allocation. */
__attribute__((visibility("default")))
void *realloc(void *old, size_t size)
{
	return (size || !old) && fails() ? NULL : __libc_realloc(old, size);
}

__attribute__((visibility("default"), malloc))
void *memalign(size_t alignment, size_t size)
{
	return fails() ? NULL : __libc_memalign(alignment, size);
}

__attribute__((visibility("default"), malloc))
void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

__attribute__((visibility("default")))
int posix_memalign(void **ret_memory, size_t alignment, size_t size)
{
	void *memory = memalign(alignment, size);

	if (!memory)
		return ENOMEM;
	*ret_memory = memory;
	return 0;
}
