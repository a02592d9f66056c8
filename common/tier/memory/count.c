/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <fcntl.h>

#include "common/retry.h"
#include "common/tier/memory/aside.h"
#include "common/tier/memory/chunk.h"
#include "common/tier/memory/count.h"

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

int memory_count_open(int folder, int *ret_file)
{
	int file = retry_openat(folder, "count", O_RDWR | O_CREAT | O_NOFOLLOW |
				O_CLOEXEC, 0600);

	if (file < 0)
		return -errno;
	*ret_file = file;
	return 0;
}

static int store(int file, const struct memory_count *count, bool changing)
{
	struct count_file text = {
		.magic = MAGIC, .changing = changing, .count = *count,
	};
	struct iovec piece = { &text, sizeof(text) };

	return file < 0 ? -ENOSPC : memory_write(file, &piece, 1, 0);
}

int memory_count_begin(int file, const struct memory_count *count)
{
	return store(file, count, /* changing= */ true);
}

int memory_count_end(int file, const struct memory_count *count)
{
	return store(file, count, /* changing= */ false);
}

int memory_count_load(int file, int folder, struct deadline dl,
		      struct memory_count *ret_count, uint64_t *ret_gone)
{
	struct count_file text = { 0 };
	struct memory_count count;
	int r;

	r = file < 0 ? -EBADMSG : memory_read(file, &text, sizeof(text), 0);
	if (r && r != -EBADMSG)
		return r;
	if (r || text.magic != MAGIC)
		text = (struct count_file){ .changing = true };
	if (!text.changing) {
		*ret_count = text.count;
		*ret_gone = 0;
		return 0;
	}
	r = memory_count_again(folder, dl, &count);
	if (r)
		return r;
	/* Spares the next one the counting; it does without where it fails. */
	memory_count_end(file, &count);
	*ret_count = count;
	*ret_gone = text.count.charged > count.charged ?
		text.count.charged - count.charged : 0;
	return 0;
}
