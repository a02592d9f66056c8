/* SPDX-License-Identifier: MIT */

/*
 * base64 - decodes base64 (RFC 4648, section 4) that comes in pieces.
 *
 * Line breaks (CR, LF) may stand anywhere and other white space nowhere.
 * Padding may be left out; where it begins it must be whole, and only line
 * breaks may follow. Bits that the last symbol has too many are ignored.
 */

#pragma once

#include "common/base.h"

enum {
	BASE64_E_BAD_DATA = 1,	/* not base64 */
};

/* A decoder; starts as zeros. */
struct base64 {
	uint32_t bits;		/* of the symbols of a group not yet whole */
	unsigned int symbols;	/* 0 to 3, in that group */
	unsigned int padding;	/* characters of it seen: 0 to 2 */
};

/* Bytes that @n characters decode to at most, with those of a group before. */
static inline size_t base64_room(size_t n)
{
	return n / 4 * 3 + 3;
}

/* Whether @c is one of the 64 symbols. */
bool base64_is_symbol(char c);

/*
 * Decodes the next @size characters to @out, which has base64_room() and does
 * not overlap them. *ret_size is the bytes written. BASE64_E_BAD_DATA: no more
 * may be asked of the decoder.
 */
int base64_add(struct base64 *base64, const char *text, size_t size, char *out,
	       size_t *ret_size);

/*
 * The end of the text; gives the 0 to 2 bytes of a group without its padding.
 * BASE64_E_BAD_DATA: a symbol alone, or padding that is not whole.
 */
int base64_end(struct base64 *base64, char ret_out[static 2],
	       size_t *ret_size);
