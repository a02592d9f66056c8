/* SPDX-License-Identifier: MIT */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/retry.h"
#include "common/session.h"
#include "common/tier/memory/aside.h"
#include "common/tier/memory/count.h"
#include "common/tier/memory/used.h"

#define MAGIC UINT64_C(0x3164657375)	/* "used1" */
#define CHORES 2

/* All but the magic is changed by atomic instructions. */
struct memory_used_page {
	uint64_t magic;
	uint64_t bytes;
	int64_t done_at[CHORES];	/* ms of CLOCK_MONOTONIC, by chore */
};

struct memory_used memory_used_none(void)
{
	return (struct memory_used){ .fd = -1 };
}

void memory_used_done(struct memory_used *used)
{
	if (used->page)
		munmap(used->page, sizeof(*used->page));
	memory_closep(&used->fd);
	*used = memory_used_none();
}

/* What the session @id holds; one that is gone by now holds nothing. */
static int add_session(const struct memory_root *root, const char *id,
		       struct deadline dl, uint64_t *sum)
{
	CLEANUP(memory_closep) int folder = -1;
	CLEANUP(memory_closep) int file = -1;
	struct memory_count count;
	uint64_t gone;
	int r;

	r = memory_folder_open(root, id, /* make= */ false, &folder);
	if (r)
		return r == -ENOENT || r == -ENOTDIR ? 0 : r;
	r = memory_count_open(folder, &file);
	if (!r || r == -ENOSPC)
		r = memory_count_load(file, folder, dl, &count, &gone);
	if (!r)
		*sum += count.charged;
	return r;
}

/* The root's lock is held alone. */
static int add_up(const struct memory_root *root, struct deadline dl,
		  uint64_t *ret_sum)
{
	struct dirent *entry;
	uint64_t sum = 0;
	int fd, r = 0;
	DIR *dir;

	fd = retry_openat(root->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		r = -errno;
		memory_closep(&fd);
		return r;
	}
	while (!r && (errno = 0, entry = readdir(dir))) {
		if (!session_id_is_valid(entry->d_name, strlen(entry->d_name)))
			continue;
		r = add_session(root, entry->d_name, dl, &sum);
		if (!r && deadline_left(dl) == 0)
			r = -ETIMEDOUT;
	}
	if (!r && errno)
		r = -errno;
	closedir(dir);
	if (!r)
		*ret_sum = sum;
	return r;
}

static bool is_good(int fd)
{
	struct memory_used_page page;

	return memory_read(fd, &page, sizeof(page), 0) == 0 &&
	       page.magic == MAGIC;
}

/*
 * Written over and never replaced: others may have it mapped. Written and not
 * only made longer, so that a full tmpfs is an error here and no SIGBUS later.
 */
static int make(int fd, const struct memory_root *root, struct deadline dl)
{
	struct memory_used_page page = { .magic = MAGIC };
	struct iovec piece = { &page, sizeof(page) };
	int r;

	r = memory_lock(root->fd, LOCK_EX, dl);
	if (r)
		return r;
	if (!is_good(fd)) {
		r = add_up(root, dl, &page.bytes);
		if (!r)
			r = memory_write(fd, &piece, 1, 0);
	}
	memory_unlock(root->fd);
	return r;
}

int memory_used_open(struct memory_used *used, const struct memory_root *root,
		     struct deadline dl)
{
	CLEANUP(memory_closep) int fd = -1;
	struct stat status;
	void *page;
	int r;

	if (used->page && fstat(used->fd, &status) == 0 &&
	    memory_is_named(root->fd, "used", &status))
		return 0;
	memory_used_done(used);
	fd = retry_openat(root->fd, "used", O_RDWR | O_CREAT | O_NOFOLLOW |
			  O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	if (!is_good(fd)) {
		r = make(fd, root, dl);
		if (r)
			return r;
	}
	page = mmap(NULL, sizeof(*used->page), PROT_READ | PROT_WRITE,
		    MAP_SHARED, fd, 0);
	if (page == MAP_FAILED)
		return -errno;
	used->page = page;
	used->fd = fd;
	fd = -1;
	return 0;
}

int memory_used_take(struct memory_used *used, uint64_t charge, uint64_t max)
{
	uint64_t *bytes = &used->page->bytes;
	uint64_t before = __atomic_load_n(bytes, __ATOMIC_RELAXED);
	uint64_t after;

	do {
		if (__builtin_add_overflow(before, charge, &after) ||
		    after > max)
			return -ENOSPC;
	} while (!__atomic_compare_exchange_n(bytes, &before, after,
					      /* weak= */ true,
					      __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
	return 0;
}

void memory_used_return(struct memory_used *used, uint64_t charge)
{
	uint64_t *bytes = &used->page->bytes;
	uint64_t before = __atomic_load_n(bytes, __ATOMIC_RELAXED);
	uint64_t after;

	do {
		after = before > charge ? before - charge : 0;
	} while (!__atomic_compare_exchange_n(bytes, &before, after,
					      /* weak= */ true,
					      __ATOMIC_RELAXED,
					      __ATOMIC_RELAXED));
}

uint64_t memory_used_bytes(const struct memory_used *used)
{
	return __atomic_load_n(&used->page->bytes, __ATOMIC_RELAXED);
}

int memory_used_count(struct memory_used *used, const struct memory_root *root,
		      struct deadline dl)
{
	uint64_t sum = 0;
	int r;

	r = memory_lock(root->fd, LOCK_EX, dl);
	if (r)
		return r;
	r = add_up(root, dl, &sum);
	if (!r)
		__atomic_store_n(&used->page->bytes, sum, __ATOMIC_RELAXED);
	memory_unlock(root->fd);
	return r;
}

bool memory_used_elect(struct memory_used *used, enum memory_chore chore,
		       int64_t ms)
{
	int64_t *at = &used->page->done_at[chore];
	int64_t before = __atomic_load_n(at, __ATOMIC_RELAXED);
	int64_t now = clock_monotonic_ms();

	/* A time to come was noted before the host was started again. */
	if (before > 0 && before <= now && now - before < ms)
		return false;
	return __atomic_compare_exchange_n(at, &before, now,
					   /* weak= */ false, __ATOMIC_RELAXED,
					   __ATOMIC_RELAXED);
}
