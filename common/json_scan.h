/* SPDX-License-Identifier: MIT */

/*
 * json_scan - one strict pass over JSON text (RFC 8259) that builds nothing.
 *
 * json-c parses what has passed here. It accepts more than the RFC, and its
 * tree costs up to 760 bytes a value, so the text is checked and counted
 * first; and the value of a chunk is cut out of its body, because a tree
 * would copy it several times.
 */

#pragma once

#include "common/base.h"

/* What a scan refuses to go over. */
struct json_limits {
	size_t depth_max;	/* levels of arrays and objects */
	size_t values_max;	/* values of any kind, keys not counted */
};

struct json_stats {
	size_t values;		/* of any kind */
	size_t containers;	/* of them, arrays and objects */
	size_t depth;		/* deepest level, 0 for a scalar */
	bool wide_integers;	/* an integer does not fit an int64 */
};

/* Keys of an object that json_scan_cut() compares with each other. */
#define JSON_KEYS_MAX 1024

enum {
	JSON_SCAN_E_INVALID = 1,	/* not JSON: reason and offset */
	JSON_SCAN_E_DEPTH,		/* over depth_max */
	JSON_SCAN_E_VALUES,		/* over values_max */
	JSON_SCAN_E_DUPLICATE,		/* a key of the top object twice */
};

struct json_error {
	const char *reason;	/* a literal: "unexpected end of text", ... */
	size_t offset;		/* bytes from the start */
};

/*
 * Checks that @size bytes are one JSON value in UTF-8, with white space and
 * nothing else around it (no BOM). *ret_error is set with every answer.
 */
int json_scan(const char *json, size_t size, const struct json_limits *limits,
	      struct json_stats *ret_stats, struct json_error *ret_error);

/* Where a value lies in the text. */
struct json_cut {
	bool found;
	size_t start, end;	/* of the value as it stands, quotes included */
};

/*
 * The same for a body that must be an object, and finds the value of its
 * member @key (the name as it is after its escapes). Keys of the top object
 * that are given twice are refused: JSON_SCAN_E_DUPLICATE; at most
 * JSON_KEYS_MAX of them (JSON_SCAN_E_VALUES). One that is no object is JSON_SCAN_E_INVALID.
 */
int json_scan_cut(const char *json, size_t size,
		  const struct json_limits *limits, const char *key,
		  struct json_cut *ret_cut, struct json_error *ret_error);
