/* SPDX-License-Identifier: MIT */

/*
 * json_scanner - the steps of a strict pass over JSON text, for json_scan()
 * and json_scan_cut() (json_scan.h); nobody else needs them.
 *
 * A step begins at s->at and leaves it behind what it read. Its result is 0 or
 * a JSON_SCAN_E_*, with *s->error saying why and where.
 */

#pragma once

#include "common/json_scan.h"

struct scan {
	const char *start, *at, *end;
	size_t depth_max, values_max;
	struct json_stats stats;
	struct json_error *error;
	/* The containers around at: their number, and a bit for each object. */
	size_t depth;
	uint64_t objects[JSON_DEPTH_MAX / 64 + 1];
};

/* Sets up @s, and checks what needs no grammar: mark and UTF-8. */
int scan_open(struct scan *s, const char *json, size_t size,
	      const struct json_limits *limits, struct json_error *error);

/* Nothing but white space may be left. */
int scan_end(struct scan *s);

void scan_space(struct scan *s);

/* Whether the next character is @c, which is then taken. */
bool scan_take(struct scan *s, char c);

/* A scalar as a whole, or the bracket that opens a container. */
int scan_start(struct scan *s);

/* Whether the innermost container is closed here; its bracket is then taken. */
bool scan_leave(struct scan *s);

/* A key and its colon. *ret_key and *ret_key_end are where its quotes are. */
int scan_key(struct scan *s, const char **ret_key, const char **ret_key_end);

/* One value with all that is in it. */
int scan_value(struct scan *s);

/* Answers @answer, with @reason and where @at stands. */
int scan_fail(struct scan *s, int answer, const char *reason, const char *at);

/* What stands at s->at is not JSON, be it that the text is over. */
int scan_invalid(struct scan *s, const char *reason);
