/* SPDX-License-Identifier: MIT */

/*
 * text - UTF-8, and the generalised UTF-8 in which a text chunk is kept.
 *
 * A JavaScript string is a sequence of UTF-16 units, and slice() may cut it
 * within a surrogate pair. A chunk keeps its units as generalised UTF-8
 * (WTF-8, https://simonsapin.github.io/wtf-8/): a pair is one character of
 * four bytes, a lone half is three bytes, ED A0..BF xx. When chunks are
 * joined, halves that meet become one character again and a half that stays
 * alone becomes U+FFFD, as the WHATWG Encoding standard's UTF-8 encoder does.
 */

#pragma once

#include "common/base.h"

/* Whether @size bytes are valid UTF-8 (RFC 3629: no surrogates). */
bool text_is_utf8(const char *data, size_t size);

/* UTF-16 units of @size bytes of (generalised) UTF-8; of other bytes, a count
 * by their lead bytes: JavaScript's .length for every valid text. */
uint64_t text_utf16_units(const char *data, size_t size);

/*
 * Appends nothing: decodes the inside of a JSON string (RFC 8259, section 7)
 * of @size bytes, without its quotes, to generalised UTF-8 at @out, which may
 * be @json itself: what comes out is never longer. The JSON must have been
 * checked (json_scan.h). *ret_size is the bytes written.
 */
void text_unescape(const char *json, size_t size, char *out, size_t *ret_size);

/* Joins text chunks; starts as zeros. */
struct text_join {
	bool held;		/* a high half ended the chunk before */
	char half[3];
};

/*
 * Puts the next chunk's @data right, in place, as its neighbour demands:
 *	*ret_prefix, *ret_prefix_size	bytes to be sent before it: what was
 *					held of the chunk before (0 to 4)
 *	*ret_skip			bytes of @data already in the prefix
 *	*ret_size			bytes of @data to be sent, from ret_skip
 *					on; a half at the end is held back
 * @is_text is false for a raw chunk: nothing of it changes, and a half held
 * before it stays alone. At the end of all, call it with no data and false.
 */
void text_join_next(struct text_join *join, bool is_text, char *data,
		    size_t size, char ret_prefix[static 4],
		    size_t *ret_prefix_size, size_t *ret_skip,
		    size_t *ret_size);
