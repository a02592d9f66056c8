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

/*
 * Bytes from the start of @data on that are valid UTF-8 (RFC 3629: shortest
 * forms, no surrogates, nothing above U+10FFFF): @size when all of them are,
 * else where the first sequence begins that is not.
 */
size_t text_utf8_span(const char *data, size_t size);

/* Whether all of @size bytes are valid UTF-8. */
bool text_is_utf8(const char *data, size_t size);

/*
 * UTF-16 units of @size bytes of generalised UTF-8, which is JavaScript's
 * .length; of other bytes, a count by their lead bytes. The counts of pieces
 * add up to that of the whole, wherever it was cut.
 */
uint64_t text_utf16_units(const char *data, size_t size);

/* Bytes of one escape that text_unescape_one() gives at most. */
#define TEXT_ESCAPE_MAX 4

/*
 * Decodes the escape at @json, where a backslash stands, within a string that
 * ends before @end: a pair of \uXXXX that are one character is one escape.
 * Writes generalised UTF-8 and answers the bytes read; *ret_size are those
 * written, 1 to TEXT_ESCAPE_MAX.
 */
size_t text_unescape_one(const char *json, const char *end, char *ret_text,
			 size_t *ret_size);

/*
 * Decodes the inside of a JSON string (RFC 8259, section 7), @size bytes
 * without its quotes, to generalised UTF-8 at @out, which has room for @size
 * bytes and may be @json itself: what comes out is never longer. The JSON
 * must have been checked (json_scan.h). *ret_size is the bytes written.
 */
void text_unescape(const char *json, size_t size, char *out, size_t *ret_size);

/* Joins the chunks of an upload in their order; starts as zeros. */
struct text_join {
	bool held;	/* a high half ended the chunk before */
	char half[3];	/* that half */
};

/* What a chunk has become: the prefix, then the data. */
struct text_piece {
	char prefix[4];		/* made of the half that was held, */
	size_t prefix_size;	/* 0, 3 or 4 bytes */
	const char *data;	/* a part of the chunk's own bytes */
	size_t size;
};

/*
 * Puts the next chunk's @size bytes right, in place, as its neighbours demand;
 * *ret_piece is what is to be sent for it. A high half at the end of a text is
 * held back until the next call, and comes out in its prefix. A raw chunk
 * (@is_text is false) is never changed, and parts the texts around it. At the
 * end of all, call it once more with no data and false: only the prefix counts.
 */
void text_join_next(struct text_join *join, bool is_text, char *data,
		    size_t size, struct text_piece *ret_piece);
