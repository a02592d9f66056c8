/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/tier/memory/tier.h"

int memory_hold_open(struct memory *m, const char *id, bool make,
		     struct deadline dl, int *folder,
		     struct memory_hold *ret_hold)
{
	struct memory_hold hold = { .m = m, .file = -1 };
	uint64_t gone;
	int r;

	r = memory_used_open(&m->used, &m->root, dl);
	if (r)
		return r;
	r = memory_lock(m->root.fd, LOCK_SH, dl);
	if (r)
		return r;
	r = memory_folder_lock(&m->root, id, make, dl, folder);
	hold.folder = *folder;
	if (!r)
		r = memory_count_open(hold.folder, &hold.file);
	if (!r || r == -ENOSPC)
		r = memory_count_load(hold.file, hold.folder, dl, &hold.count,
				      &gone);
	if (r) {
		memory_hold_done(&hold);
		return r;
	}
	memory_used_return(&m->used, gone);
	*ret_hold = hold;
	return 0;
}

void memory_hold_done(struct memory_hold *hold)
{
	memory_closep(&hold->file);
	if (hold->folder >= 0)
		memory_unlock(hold->folder);
	memory_unlock(hold->m->root.fd);
}

/* A mark that finds no room is done without: what is taken makes some. */
static int begin(struct memory_hold *hold)
{
	int r = memory_count_begin(hold->file, &hold->count);

	return r == -ENOSPC ? 0 : r;
}

static int unlink_chunk(struct memory_hold *hold, uint32_t index)
{
	char name[MEMORY_CHUNK_NAME_MAX];

	memory_chunk_name(index, name);
	return unlinkat(hold->folder, name, 0) && errno != ENOENT ? -errno : 0;
}

/* Notes @count, and gives back the charge that it is lower. */
static int end(struct memory_hold *hold, const struct memory_count *count)
{
	int r = memory_count_end(hold->file, count);

	if (hold->count.charged > count->charged)
		memory_used_return(&hold->m->used,
				   hold->count.charged - count->charged);
	hold->count = *count;
	return r == -ENOSPC ? 0 : r;
}

int memory_hold_remove(struct memory_hold *hold, const struct chunk_info *info)
{
	uint64_t charge = memory_charge(info->size);
	struct memory_count count = hold->count;
	int r;

	r = begin(hold);
	if (!r)
		r = unlink_chunk(hold, info->index);
	if (r)
		return r;
	/* Never below zero, whatever was done to the folder meanwhile. */
	count.chunks -= count.chunks > 0;
	count.bytes -= count.bytes > info->size ? info->size : count.bytes;
	count.charged -= count.charged > charge ? charge : count.charged;
	return end(hold, &count);
}

int memory_hold_remove_rot(struct memory_hold *hold, uint32_t index,
			   struct deadline dl)
{
	struct memory_count count;
	int r;

	r = begin(hold);
	if (!r)
		r = unlink_chunk(hold, index);
	if (!r)
		r = memory_count_again(hold->folder, dl, &count);
	return r ? r : end(hold, &count);
}
