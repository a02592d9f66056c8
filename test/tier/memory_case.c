/* SPDX-License-Identifier: MIT */

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test/tier/memory_case.h"

#define USED_OFFSET 8	/* of the bytes, in the file "used" */

struct place memory_place(const struct contract *c)
{
	struct place place = c->place;
	size_t len = strlen(place.memory_dir);

	snprintf(place.memory_dir + len, sizeof(place.memory_dir) - len,
		 "/case-XXXXXX");
	assert_non_null(mkdtemp(place.memory_dir));
	strcat(place.memory_dir, "/tier");
	return place;
}

struct tier *memory_open(const struct place *place)
{
	struct tier *t = NULL;

	assert_int_equal(setting_open(setting_find("memory"), place, &t), 0);
	return t;
}

static int remove_one(const char *path, const struct stat *status, int type,
		      struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

void memory_remove(const struct place *place)
{
	assert_int_equal(nftw(place->memory_dir, remove_one, 16,
			      FTW_DEPTH | FTW_PHYS), 0);
}

static int open_used(const struct place *place)
{
	char path[80];
	int fd;

	snprintf(path, sizeof(path), "%s/used", place->memory_dir);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	return fd;
}

uint64_t memory_used(const struct place *place)
{
	int fd = open_used(place);
	uint64_t bytes = 0;

	assert_int_equal(pread(fd, &bytes, sizeof(bytes), USED_OFFSET),
			 sizeof(bytes));
	close(fd);
	return bytes;
}

void memory_set_used(const struct place *place, uint64_t bytes)
{
	int fd = open_used(place);

	assert_int_equal(pwrite(fd, &bytes, sizeof(bytes), USED_OFFSET),
			 sizeof(bytes));
	close(fd);
}

size_t memory_entries(const struct place *place, const char *folder)
{
	char path[160];
	struct dirent *entry;
	size_t n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/%s", place->memory_dir, folder);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			n++;
	closedir(dir);
	return n;
}
