/* SPDX-License-Identifier: MIT */

/* encode - base64 for tests, written another way round than base64.c. */

#pragma once

#include <string.h>

#include "common/base.h"

static const char encode_symbols[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789+/";

/*
 * Writes @size bytes as base64 with @line_break before each symbol but the
 * first whose number @line divides (0: none), and answers the characters.
 */
static inline size_t encode_base64(const void *bytes, size_t size, size_t line,
				   const char *line_break, bool padded,
				   char *text)
{
	const uint8_t *at = bytes;
	size_t n = 0, symbols = 0;

	for (size_t bit = 0; bit < 8 * size; bit += 6, symbols++) {
		uint32_t two = (uint32_t)at[bit / 8] << 8;

		if (bit / 8 + 1 < size)
			two |= at[bit / 8 + 1];
		if (line && symbols && symbols % line == 0) {
			memcpy(text + n, line_break, strlen(line_break));
			n += strlen(line_break);
		}
		text[n++] = encode_symbols[two >> (10 - bit % 8) & 0x3f];
	}
	for (; padded && symbols % 4; symbols++)
		text[n++] = '=';
	return n;
}
