/* SPDX-License-Identifier: MIT */

/* get_chunk and list_chunks: no lock is needed to read. */

#include <errno.h>

#include "common/tier/memory/tier.h"

/* -ENOENT, -EBADMSG. */
static int read_chunk(int folder, uint32_t index, struct buf *data,
		      struct chunk_info *ret_info)
{
	CLEANUP(memory_closep) int fd = -1;
	struct memory_chunk chunk;
	int r;

	r = memory_chunk_open(folder, index, &fd, &chunk);
	if (!r)
		r = memory_chunk_read(fd, &chunk.info, data);
	if (!r)
		*ret_info = chunk.info;
	return r;
}

/* What was bad is read again under the lock: good bytes may have come. */
static int read_or_remove(struct memory *m, const char *id, int *folder,
			  uint32_t index, struct deadline dl, struct buf *data,
			  struct chunk_info *ret_info)
{
	struct memory_hold hold;
	int r;

	r = memory_hold_open(m, id, /* make= */ false, dl, folder, &hold);
	if (r)
		return r;
	r = read_chunk(hold.folder, index, data, ret_info);
	if (r == -EBADMSG) {
		r = memory_hold_remove_rot(&hold, index, dl);
		if (!r)
			r = -ENOENT;
	}
	memory_hold_done(&hold);
	return r;
}

int memory_get_chunk(struct tier *t, const struct session *session,
		     uint32_t index, struct deadline dl, struct buf *data,
		     struct chunk_info *ret_info)
{
	CLEANUP(memory_closep) int folder = -1;
	struct memory *m = memory_of(t);
	int r;

	r = memory_root_open(&m->root);
	if (r)
		return memory_failed(m, r);
	r = memory_folder_open(&m->root, session->id, /* make= */ false,
			       &folder);
	if (!r)
		r = read_chunk(folder, index, data, ret_info);
	if (r == -EBADMSG)
		r = read_or_remove(m, session->id, &folder, index, dl, data,
				   ret_info);
	return r == -ENOENT ? TIER_E_ABSENT : memory_failed(m, r);
}

int memory_list_chunks(struct tier *t, const struct session *session,
		       struct deadline dl, struct chunk_list *ret_list)
{
	CLEANUP(memory_closep) int folder = -1;
	struct memory *m = memory_of(t);
	struct chunk_list list = { 0 };
	int r;

	r = memory_root_open(&m->root);
	if (r)
		return memory_failed(m, r);
	r = memory_folder_open(&m->root, session->id, /* make= */ false,
			       &folder);
	if (!r)
		r = memory_chunk_list(folder, dl, &list);
	if (r && r != -ENOENT) {
		chunk_list_done(&list);
		return memory_failed(m, r);
	}
	chunk_list_sort(&list);
	*ret_list = list;
	return 0;
}
