/* SPDX-License-Identifier: MIT */

/*
 * tmpfs DIR BYTES N: the floor of a chunk in the memory tier. Writes N new
 * files of so many bytes, one after the other, removes each, and writes
 * {"ns": [...]}, the CPU that the writing of each took.
 */

#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static uint64_t cpu(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

int main(int argc, char *argv[])
{
	size_t size;
	char *data;

	if (argc != 4 || chdir(argv[1]))
		errx(2, "usage: tmpfs DIR BYTES N");
	size = strtoul(argv[2], NULL, 10);
	data = malloc(size);
	if (!data)
		err(1, "memory");
	memset(data, 'x', size);
	printf("{\"ns\":[");
	for (int i = 0; i < atoi(argv[3]); i++) {
		uint64_t began = cpu();
		int fd = open("floor", O_WRONLY | O_CREAT | O_EXCL, 0600);

		if (fd < 0 || write(fd, data, size) != (ssize_t)size ||
		    close(fd))
			err(1, "floor");
		printf("%s%llu", i ? "," : "",
		       (unsigned long long)(cpu() - began));
		unlink("floor");
	}
	puts("]}");
	return 0;
}
