/* SPDX-License-Identifier: MIT */

/*
 * main - runs a target on each file of the corpora that it is given as
 * arguments, so that any compiler makes a test of them.
 */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "test/fuzz/fuzz.h"

#define FILE_MAX MIB(1)		/* bytes of a corpus' file */

static int is_shown(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void run_file(const char *path)
{
	static char data[FILE_MAX];
	FILE *file = fopen(path, "rb");
	char *copy;
	size_t size;

	must(file, path);
	size = fread(data, 1, sizeof(data), file);
	must(!ferror(file) && feof(file), path);
	fclose(file);
	/* What is read behind its end is found only where it has an end. */
	copy = fuzz_copy(data, size);
	fprintf(stderr, "%s\n", path);
	LLVMFuzzerTestOneInput((const uint8_t *)copy, size);
	free(copy);
}

/* In the order of their names; how many. */
static size_t run_folder(const char *folder)
{
	struct dirent **entries;
	char path[4096];
	int n;

	n = scandir(folder, &entries, is_shown, alphasort);
	must(n > 0, "the corpus has files");
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder,
			 entries[i]->d_name);
		run_file(path);
		free(entries[i]);
	}
	free(entries);
	return (size_t)n;
}

int main(int argc, char **argv)
{
	size_t n = 0;

	for (int i = 1; i < argc; i++)
		n += run_folder(argv[i]);
	must(n > 0, "there was an input");
	printf("%zu inputs\n", n);
	return 0;
}
