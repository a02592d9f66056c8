/* SPDX-License-Identifier: MIT */

/* drop_chunk and drop_chunks. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/retry.h"
#include "common/tier/memory/tier.h"

/* Opens the hold of a session; -ENOENT when it has nothing. */
static int take_hold(struct memory *m, const struct session *session,
		     struct deadline dl, int *folder,
		     struct memory_hold *ret_hold)
{
	int r;

	r = memory_root_open(&m->root);
	return r ? r : memory_hold_open(m, session->id, /* make= */ false, dl,
					folder, ret_hold);
}

static int drop_one(struct memory_hold *hold, const struct chunk_info *info)
{
	CLEANUP(memory_closep) int fd = -1;
	struct memory_chunk there;
	int r;

	r = memory_chunk_open(hold->folder, info->index, &fd, &there);
	/* What is rot has no digest, so it is not the chunk that is meant. */
	if (r == -ENOENT || r == -EBADMSG)
		return 0;
	if (r)
		return r;
	return digest_equal(&there.info.digest, &info->digest) ?
		memory_hold_remove(hold, &there.info) : 0;
}

int memory_drop_chunk(struct tier *t, const struct session *session,
		      const struct chunk_info *info, struct deadline dl)
{
	CLEANUP(memory_closep) int folder = -1;
	struct memory *m = memory_of(t);
	struct memory_hold hold;
	int r;

	r = take_hold(m, session, dl, &folder, &hold);
	if (!r) {
		r = drop_one(&hold, info);
		memory_hold_done(&hold);
	}
	return r == -ENOENT ? 0 : memory_failed(m, r);
}

/* Unlinks every chunk, and what is rot at a chunk's name. */
static int unlink_all(int folder, struct deadline dl)
{
	struct dirent *entry;
	unsigned seen = 0;
	uint32_t index;
	int fd, r = 0;
	DIR *dir;

	fd = retry_openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		r = -errno;
		memory_closep(&fd);
		return r;
	}
	while (!r && (errno = 0, entry = readdir(dir))) {
		if (memory_chunk_is_name(entry->d_name, &index) &&
		    unlinkat(folder, entry->d_name, 0) && errno != ENOENT)
			r = -errno;
		if (++seen % 256 == 0 && deadline_left(dl) == 0)
			r = -ETIMEDOUT;
	}
	if (!r && errno && errno != ENOENT)
		r = -errno;
	closedir(dir);
	return r;
}

static int drop_all(struct memory_hold *hold, struct deadline dl)
{
	static const struct memory_count nothing;
	int r;

	/* Left "changing" when it ends early: the next one counts again. */
	r = memory_count_begin(hold->file, &hold->count);
	if (r && r != -ENOSPC)
		return r;
	r = unlink_all(hold->folder, dl);
	if (r)
		return r;
	r = memory_count_end(hold->file, &nothing);
	memory_used_return(&hold->m->used, hold->count.charged);
	return r == -ENOSPC ? 0 : r;
}

int memory_drop_chunks(struct tier *t, const struct session *session,
		       struct deadline dl)
{
	CLEANUP(memory_closep) int folder = -1;
	struct memory *m = memory_of(t);
	struct memory_hold hold;
	int r;

	r = take_hold(m, session, dl, &folder, &hold);
	if (!r) {
		r = drop_all(&hold, dl);
		memory_hold_done(&hold);
	}
	return r == -ENOENT ? 0 : memory_failed(m, r);
}
