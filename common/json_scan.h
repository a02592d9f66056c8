/* SPDX-License-Identifier: MIT */

/*
 * json_scan - one strict pass over JSON text (RFC 8259) that builds nothing.
 *
 * What has passed here is read where it stands (json_value.h, json_walk.h), so
 * the text is checked and counted first; and the value of a chunk is cut out of
 * its body.
 *
 * Strict means: one value in UTF-8 with white space (space, tab, line feed,
 * carriage return) and nothing else around it, no byte order mark; strings
 * without raw control characters and with the RFC's escapes alone; numbers by
 * the RFC's grammar. An escape may be half of a surrogate pair: a JavaScript
 * string may hold one.
 */

#pragma once

#include "common/base.h"

/* Levels of arrays and objects that a scan can follow. */
#define JSON_DEPTH_MAX ((size_t)1000)

/* What a scan refuses to go over. */
struct json_limits {
	size_t depth_max;	/* levels; at most JSON_DEPTH_MAX count */
	size_t values_max;	/* values of any kind, keys not counted */
};

struct json_stats {
	size_t values;		/* of any kind */
	size_t containers;	/* of them, arrays and objects */
	size_t depth;		/* deepest level, 0 for a scalar */
	/* A number without fraction and exponent does not fit an int64. */
	bool wide_integers;
};

/* Of the top object that json_scan_cut() reads: its keys, and the bytes of one
 * as it stands, for they are compared with each other. */
#define JSON_KEYS_MAX ((size_t)1024)
#define JSON_KEY_MAX ((size_t)1024)

enum {
	JSON_SCAN_E_INVALID = 1,	/* not JSON: reason and offset */
	JSON_SCAN_E_DEPTH,		/* over depth_max */
	JSON_SCAN_E_VALUES,		/* over values_max, or a key's limit */
	JSON_SCAN_E_DUPLICATE,		/* a key of the top object twice */
};

/* Why and where; a NULL reason when there is nothing to complain of. */
struct json_error {
	const char *reason;	/* a literal: "unexpected end of text", ... */
	size_t offset;		/* bytes from the start */
};

/*
 * Checks @size bytes as said above. JSON_SCAN_E_INVALID, _DEPTH, _VALUES.
 * *ret_error is set with every answer.
 */
int json_scan(const char *json, size_t size, const struct json_limits *limits,
	      struct json_stats *ret_stats, struct json_error *ret_error);

/* The same, but strings may hold bytes that are no UTF-8, as REMOTE_USER may:
 * for text that we wrote. */
int json_scan_bytes(const char *json, size_t size,
		    const struct json_limits *limits,
		    struct json_stats *ret_stats,
		    struct json_error *ret_error);

/* Where a value lies in the text. */
struct json_cut {
	bool found;
	size_t start, end;	/* of the value as it stands, quotes included */
};

/*
 * The same for a body that must be an object, else it is invalid, and finds
 * the value of its member @key (as it is after its escapes; NULL: of none). A
 * key of the top object with a NUL is invalid, one given twice is
 * JSON_SCAN_E_DUPLICATE; more than JSON_KEYS_MAX of them, or one over
 * JSON_KEY_MAX, JSON_SCAN_E_VALUES.
 */
int json_scan_cut(const char *json, size_t size,
		  const struct json_limits *limits, const char *key,
		  struct json_cut *ret_cut, struct json_error *ret_error);
