/* SPDX-License-Identifier: MIT */

/* The files of common/tier/memory.h. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/tier/setting.h"

#define PATH_LEN 160

static void path_of(const struct place *place, const struct session *session,
		    const char *name, char ret_path[static PATH_LEN])
{
	snprintf(ret_path, PATH_LEN, "%s/%s/%s", place->memory_dir,
		 session->id, name);
}

static int flip(int fd)
{
	char byte;

	if (pread(fd, &byte, 1, 0) != 1)
		return -EIO;
	byte = (char)~byte;
	return pwrite(fd, &byte, 1, 0) == 1 ? 0 : -errno;
}

/* The bytes shorter by one, the trailer as it was. */
static int shorten(int fd, off_t size)
{
	char *all = malloc((size_t)size);
	int r = 0;

	if (!all)
		return -ENOMEM;
	if (pread(fd, all, (size_t)size, 0) != size ||
	    pwrite(fd, all + 1, (size_t)size - 1, 0) != size - 1 ||
	    ftruncate(fd, size - 1))
		r = -EIO;
	free(all);
	return r;
}

static int spoil(int fd, enum spoil how)
{
	struct stat status;

	if (fstat(fd, &status))
		return -errno;
	switch (how) {
	case SPOIL_BYTES:
		return flip(fd);
	case SPOIL_SIZE:
		return shorten(fd, status.st_size);
	case SPOIL_GONE:
		return ftruncate(fd, 0) ? -errno : 0;
	}
	return -EINVAL;
}

static int spoil_chunk(const struct place *place,
		       const struct session *session, uint32_t index,
		       enum spoil how)
{
	char name[16], path[PATH_LEN];
	int fd, r;

	snprintf(name, sizeof(name), "%u", index);
	path_of(place, session, name, path);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	r = spoil(fd, how);
	close(fd);
	return r ? r : 1;
}

static int overwrite(const struct place *place, const struct session *session,
		     const char *name, const char *text)
{
	char path[PATH_LEN];
	int fd, r = 1;

	path_of(place, session, name, path);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		r = -EIO;
	close(fd);
	return r;
}

static int spoil_record(const struct place *place,
			const struct session *session)
{
	return overwrite(place, session, "record", "{\"version\": 1");
}

static int count_pieces(const struct place *place,
			const struct session *session)
{
	char path[PATH_LEN];
	struct dirent *entry;
	int n = 0;
	DIR *dir;

	path_of(place, session, "", path);
	dir = opendir(path);
	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0 &&
		    strcmp(entry->d_name, "record") != 0 &&
		    strcmp(entry->d_name, "claim") != 0 &&
		    strcmp(entry->d_name, "count") != 0)
			n++;
	closedir(dir);
	return n;
}

/* Its text is the token, a space and the end (ms of CLOCK_BOOTTIME). */
static int end_lease(const struct place *place, const struct session *session)
{
	char path[PATH_LEN], token[TIER_TOKEN_LEN + 1], text[64];
	int n = 0;
	FILE *file;

	path_of(place, session, "claim", path);
	file = fopen(path, "re");
	if (!file)
		return errno == ENOENT ? 0 : -errno;
	n = fscanf(file, "%32s", token);
	fclose(file);
	if (n != 1)
		return -EBADMSG;
	snprintf(text, sizeof(text), "%s 1\n", token);
	return overwrite(place, session, "claim", text);
}

const struct door door_memory = {
	.spoil_chunk = spoil_chunk,
	.spoil_record = spoil_record,
	.count_pieces = count_pieces,
	.end_lease = end_lease,
};
