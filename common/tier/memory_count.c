/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <fcntl.h>

#include "common/tier/memory_aside.h"
#include "common/tier/memory_chunk.h"
#include "common/tier/memory_count.h"
#include "common/tier/memory_root.h"

#define PAGE 4096
#define MAGIC UINT64_C(0x31746e756f63)	/* "count1" */

struct count_file {
	uint64_t magic;
	uint64_t changing;
	struct memory_count count;
};

uint64_t memory_charge(uint64_t size)
{
	return size > PAGE ? (size + PAGE - 1) / PAGE * PAGE : PAGE;
}

int memory_count_again(int folder, struct deadline dl,
		       struct memory_count *ret_count)
{
	struct memory_count count = { 0 };
	struct chunk_list list = { 0 };
	int r;

	r = memory_chunk_list(folder, dl, &list);
	for (size_t i = 0; !r && i < list.n; i++) {
		count.chunks++;
		count.bytes += list.chunks[i].size;
		count.charged += memory_charge(list.chunks[i].size);
	}
	chunk_list_done(&list);
	if (!r)
		*ret_count = count;
	return r;
}

static int store(int folder, const struct memory_count *count, bool changing)
{
	CLEANUP(memory_closep) int fd = -1;
	struct count_file file = {
		.magic = MAGIC, .changing = changing, .count = *count,
	};
	struct iovec piece = { &file, sizeof(file) };

	fd = openat(folder, "count", O_WRONLY | O_CREAT | O_NOFOLLOW |
		    O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	return memory_write(fd, &piece, 1, 0);
}

int memory_count_begin(int folder, const struct memory_count *count)
{
	return store(folder, count, /* changing= */ true);
}

int memory_count_end(int folder, const struct memory_count *count)
{
	return store(folder, count, /* changing= */ false);
}

int memory_count_load(int folder, struct deadline dl,
		      struct memory_count *ret_count, uint64_t *ret_gone)
{
	CLEANUP(memory_closep) int fd = -1;
	struct count_file file = { 0 };
	struct memory_count count;
	int r;

	fd = openat(folder, "count", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno != ENOENT)
		return -errno;
	if (fd >= 0) {
		r = memory_read(fd, &file, sizeof(file), 0);
		if (r && r != -EBADMSG)
			return r;
		if (r || file.magic != MAGIC)
			file = (struct count_file){ .changing = true };
	}
	if (fd >= 0 && !file.changing) {
		*ret_count = file.count;
		*ret_gone = 0;
		return 0;
	}
	r = memory_count_again(folder, dl, &count);
	/* Spares the next one the counting; it does without where it fails. */
	if (!r && fd >= 0)
		memory_count_end(folder, &count);
	if (r)
		return r;
	*ret_count = count;
	*ret_gone = file.count.charged > count.charged ?
		file.count.charged - count.charged : 0;
	return 0;
}
