/* SPDX-License-Identifier: MIT */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/retry.h"
#include "common/tier/memory/aside.h"
#include "common/tier/memory/chunk.h"
#include "common/tier/memory/root.h"

/* In the host's byte order: no other host ever reads it. */
struct trailer {
	char magic[8];
	uint64_t size;
	uint32_t index;
	uint32_t kind;
	struct digest digest;
	struct digest own;	/* of all members before it */
};

static const char magic[8] = "chunked1";

void memory_chunk_name(uint32_t index,
		       char ret_name[static MEMORY_CHUNK_NAME_MAX])
{
	snprintf(ret_name, MEMORY_CHUNK_NAME_MAX, "%lu", (unsigned long)index);
}

bool memory_chunk_is_name(const char *name, uint32_t *ret_index)
{
	char canonical[MEMORY_CHUNK_NAME_MAX];
	uint64_t index = 0;

	for (const char *c = name; *c; c++) {
		if (*c < '0' || *c > '9')
			return false;
		index = index * 10 + (uint64_t)(*c - '0');
		if (index > UINT32_MAX)
			return false;
	}
	memory_chunk_name((uint32_t)index, canonical);
	if (strcmp(name, canonical) != 0)
		return false;
	*ret_index = (uint32_t)index;
	return true;
}

static struct trailer trailer_of(const struct chunk_info *info)
{
	struct trailer trailer = {
		.size = info->size,
		.index = info->index,
		.kind = info->kind,
		.digest = info->digest,
	};

	memcpy(trailer.magic, magic, sizeof(magic));
	trailer.own = digest_of(&trailer, offsetof(struct trailer, own));
	return trailer;
}

int memory_chunk_write(int fd, const struct chunk *chunk)
{
	struct trailer trailer = trailer_of(&chunk->info);
	struct iovec pieces[] = {
		{ (void *)chunk->data, (size_t)chunk->info.size },
		{ &trailer, sizeof(trailer) },
	};

	return memory_write(fd, pieces, ARRAY_SIZE(pieces), 0);
}

int memory_chunk_describe(int fd, const struct chunk_info *info)
{
	struct trailer trailer = trailer_of(info);
	struct iovec piece = { &trailer, sizeof(trailer) };

	return memory_write(fd, &piece, 1, (off_t)info->size);
}

/* What the trailer at the end of a file of @size bytes says. */
static int read_trailer(int fd, off_t size, uint32_t index,
			struct chunk_info *ret_info)
{
	struct trailer trailer, good;
	int r;

	if (size < (off_t)sizeof(trailer))
		return -EBADMSG;
	size -= (off_t)sizeof(trailer);
	r = memory_read(fd, &trailer, sizeof(trailer), size);
	if (r)
		return r;
	*ret_info = (struct chunk_info){
		.index = index,
		.kind = trailer.kind == CHUNK_TEXT ? CHUNK_TEXT : CHUNK_RAW,
		.size = (uint64_t)size,
		.digest = trailer.digest,
	};
	/* Good is what we would have written, digest of its own included. */
	good = trailer_of(ret_info);
	return memcmp(&trailer, &good, sizeof(good)) == 0 ? 0 : -EBADMSG;
}

int memory_chunk_open(int folder, uint32_t index, int *ret_fd,
		      struct memory_chunk *ret_chunk)
{
	CLEANUP(memory_closep) int fd = -1;
	char name[MEMORY_CHUNK_NAME_MAX];
	struct memory_chunk chunk;
	struct stat status;
	int r;

	memory_chunk_name(index, name);
	fd = retry_openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status))
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EBADMSG;
	r = read_trailer(fd, status.st_size, index, &chunk.info);
	if (r)
		return r;
	chunk.inode = status.st_ino;
	*ret_chunk = chunk;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

int memory_chunk_read(int fd, const struct chunk_info *info, struct buf *data)
{
	struct digest digest;
	char *room;
	int r;

	buf_reset(data);
	if (info->size > SIZE_MAX)
		return -ENOBUFS;
	r = buf_reserve(data, (size_t)info->size, &room);
	if (!r)
		r = memory_read(fd, room, (size_t)info->size, 0);
	if (r)
		return r;
	digest = digest_of(room, (size_t)info->size);
	if (!digest_equal(&digest, &info->digest))
		return -EBADMSG;
	buf_commit(data, (size_t)info->size);
	return 0;
}

int memory_chunk_verify(int fd, const struct chunk_info *info)
{
	struct buf data;
	int r;

	/* Read, not mapped: a file that shrinks would be a SIGBUS. */
	buf_init(&data, info->size > SIZE_MAX ? SIZE_MAX : (size_t)info->size);
	r = memory_chunk_read(fd, info, &data);
	buf_done(&data);
	return r;
}

static int add_chunk(int folder, uint32_t index, struct chunk_list *list)
{
	CLEANUP(memory_closep) int fd = -1;
	struct memory_chunk chunk;
	int r;

	r = memory_chunk_open(folder, index, &fd, &chunk);
	if (r == -ENOENT || r == -EBADMSG)
		return 0;
	return r ? r : chunk_list_add(list, &chunk.info);
}

int memory_chunk_list(int folder, struct deadline dl, struct chunk_list *list)
{
	struct dirent *entry;
	unsigned seen = 0;
	uint32_t index;
	int fd, r = 0;
	DIR *dir;

	/* A description of its own: a shared one would share its position. */
	fd = retry_openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		r = -errno;
		memory_closep(&fd);
		return r;
	}
	while (!r && (errno = 0, entry = readdir(dir))) {
		if (memory_chunk_is_name(entry->d_name, &index))
			r = add_chunk(folder, index, list);
		if (++seen % 256 == 0 && deadline_left(dl) == 0)
			r = -ETIMEDOUT;
	}
	if (!r && errno)
		r = -errno;
	closedir(dir);
	return r;
}
