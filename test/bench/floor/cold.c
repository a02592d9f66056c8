/* SPDX-License-Identifier: MIT */

/*
 * The floor of a cold start: reads its input and answers. floor-empty has libc
 * alone; floor-shared has libfcgi, hiredis and nettle as shared libraries, linked
 * with --no-as-needed, for it calls none of them.
 */

#include <stdio.h>
#include <unistd.h>

int main(void)
{
	static char body[1 << 16];
	ssize_t n;

	do
		n = read(0, body, sizeof(body));
	while (n > 0);
	puts("Status: 200\r\n\r");
	return n < 0;
}
