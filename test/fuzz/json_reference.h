/* SPDX-License-Identifier: MIT */

/*
 * json_reference - the grammar of RFC 8259 as it stands there, one byte after
 * the other, for what json_scan() says to be compared with.
 */

#pragma once

#include "common/base.h"
#include "common/buf.h"

struct json_reference {
	bool is_json;		/* false: nothing below is of use */
	bool is_object;
	size_t values;		/* of any kind, keys not counted */
	size_t containers;
	size_t depth;		/* deepest level, 0 for a scalar */
	bool wide_integers;
};

/* Levels that are followed; deeper text is no JSON to this. */
#define JSON_REFERENCE_DEPTH_MAX 2000

struct json_reference json_reference_read(const char *json, size_t size);

/* Bytes from the start on that are UTF-8 (Unicode Standard, table 3-7). */
size_t json_reference_utf8(const char *data, size_t size);

/*
 * Appends what the inside of a valid JSON string stands for, UTF-16 unit by
 * unit, as generalised UTF-8; with @replace, lone halves as U+FFFD.
 */
void json_reference_decode(const char *json, size_t size, bool replace,
			   struct buf *out);
