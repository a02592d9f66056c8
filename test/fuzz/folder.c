/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/fuzz/folder.h"

static char folder[256];
static pid_t owner;

static int remove_one(const char *path, const struct stat *status, int type,
		      struct FTW *walk)
{
	(void)status;
	(void)type;
	if (walk->level > 0)
		must(remove(path) == 0, "a file can be removed");
	return 0;
}

void folder_empty(void)
{
	must(nftw(folder_path(), remove_one, 8, FTW_DEPTH | FTW_PHYS) == 0,
	     "the folder can be emptied");
}

static void remove_folder(void)
{
	/* Not in a child that libFuzzer makes. */
	if (getpid() != owner)
		return;
	folder_empty();
	rmdir(folder);
}

const char *folder_path(void)
{
	const char *parent = getenv("TMPDIR");

	if (folder[0])
		return folder;
	snprintf(folder, sizeof(folder), "%s/tranche-fuzz-XXXXXX",
		 parent && *parent ? parent : P_tmpdir);
	must(mkdtemp(folder), "there is a folder for files");
	owner = getpid();
	atexit(remove_folder);
	return folder;
}

static void full_path(const char *path, char *ret_full)
{
	int n = snprintf(ret_full, PATH_MAX, "%s/%s", folder_path(), path);

	must(n > 0 && n < PATH_MAX, "a path is not long");
}

static void write_file(const char *path, struct fuzz_input bytes)
{
	char full[PATH_MAX];
	int fd;

	full_path(path, full);
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	must(fd >= 0, "a file can be made");
	must(write(fd, bytes.left ? bytes.at : "", bytes.left) ==
	     (ssize_t)bytes.left, "a file can be written");
	close(fd);
}

void folder_fill(struct fuzz_input in, const char *(*place)(const char *name))
{
	while (in.left) {
		struct fuzz_input line = fuzz_until(&in, '\n');
		CLEANUP(fuzz_freep) char *name = NULL;
		CLEANUP(fuzz_freep) char *size = NULL;
		struct fuzz_input bytes;
		const char *path;

		name = fuzz_string(fuzz_until(&line, ' '));
		size = fuzz_string(line);
		bytes = fuzz_take(&in, strtoul(size, NULL, 10));
		path = place(name);
		if (path)
			write_file(path, bytes);
	}
}

bool folder_read(const char *path, struct buf *out)
{
	char full[PATH_MAX], part[4096];
	ssize_t n;
	int fd;

	full_path(path, full);
	fd = open(full, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return false;
	while ((n = read(fd, part, sizeof(part))) > 0)
		must(buf_append(out, part, (size_t)n) == 0,
		     "a file is not long");
	must(n == 0, "a file can be read");
	close(fd);
	return true;
}
