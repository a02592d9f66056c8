/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include "common/hex.h"

void hex_format(const uint8_t *bytes, size_t size, char *ret_text)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < size; i++) {
		ret_text[2 * i] = digits[bytes[i] >> 4];
		ret_text[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret_text[2 * size] = '\0';
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int hex_parse(const char *text, size_t len, uint8_t *ret_bytes)
{
	if (len % 2)
		return -EBADMSG;
	for (size_t i = 0; i < len; i += 2) {
		int high = digit(text[i]), low = digit(text[i + 1]);

		if (high < 0 || low < 0)
			return -EBADMSG;
		ret_bytes[i / 2] = (uint8_t)(high << 4 | low);
	}
	return 0;
}
