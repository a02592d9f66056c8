/* SPDX-License-Identifier: MIT */

#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "test/unit/circuit_folder.h"

static char parent[PATH_MAX], folder[PATH_MAX];

const char *circuit_folder_make(void)
{
	const char *base = getenv("TMPDIR");

	snprintf(parent, sizeof(parent), "%s/circuit-XXXXXX",
		 base && *base ? base : P_tmpdir);
	assert_non_null(mkdtemp(parent));
	strcpy(folder, circuit_folder_beside("state"));
	return folder;
}

const char *circuit_folder_beside(const char *name)
{
	static char path[PATH_MAX];

	assert_true(snprintf(path, sizeof(path), "%s/%s", parent, name) <
		    PATH_MAX);
	return path;
}

static int remove_one(const char *path, const struct stat *status, int type,
		      struct FTW *at)
{
	(void)status;
	(void)type;
	(void)at;
	return remove(path);
}

static void remove_all(const char *path)
{
	struct stat status;

	if (lstat(path, &status) == 0)
		assert_int_equal(nftw(path, remove_one, 16,
				      FTW_DEPTH | FTW_PHYS), 0);
}

void circuit_folder_remove(void)
{
	remove_all(parent);
}

void circuit_folder_clear(void)
{
	remove_all(folder);
}

bool circuit_folder_is_there(void)
{
	return access(folder, F_OK) == 0;
}

/* The files, the last one's path into @ret_path unless NULL. */
static unsigned look(char *ret_path)
{
	struct dirent *entry;
	unsigned n = 0;
	DIR *dir = opendir(folder);

	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		n++;
		if (ret_path)
			assert_true(snprintf(ret_path, PATH_MAX, "%s/%s",
					     folder, entry->d_name) < PATH_MAX);
	}
	if (dir)
		closedir(dir);
	return n;
}

unsigned circuit_folder_files(void)
{
	return look(NULL);
}

const char *circuit_folder_file(void)
{
	static char path[PATH_MAX];

	assert_int_equal(look(path), 1);
	return path;
}
