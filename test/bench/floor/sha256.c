/* SPDX-License-Identifier: MIT */

/*
 * sha256 FILE: one SHA-256 pass of a file, by the library that the functions
 * use; sha256sum takes another one, which may not know the CPU's instructions.
 */

#include <err.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
	static uint8_t block[1 << 18];
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx sha256;
	ssize_t n;
	int fd;

	if (argc != 2)
		errx(2, "usage: sha256 FILE");
	fd = open(argv[1], O_RDONLY);
	if (fd < 0)
		err(1, "%s", argv[1]);
	sha256_init(&sha256);
	while ((n = read(fd, block, sizeof(block))) > 0)
		sha256_update(&sha256, (size_t)n, block);
	if (n < 0)
		err(1, "%s", argv[1]);
	sha256_digest(&sha256, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		printf("%02x", digest[i]);
	putchar('\n');
	return 0;
}
