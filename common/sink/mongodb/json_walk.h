/* SPDX-License-Identifier: MIT */

/*
 * json_walk - steps over JSON text that json_scan() has found valid, and reads
 * its strings and numbers. A position is a byte of the text; a NUL follows the
 * text's last one. Nothing is checked again.
 */

#pragma once

#include "common/base.h"
#include "common/buf.h"

/* The first byte from @at on that is no white space. */
const char *json_walk_space(const char *at);

/* Behind the string that begins at @at, its quote. */
const char *json_walk_string(const char *at);

/* Behind the number, true, false or null at @at. */
const char *json_walk_word(const char *at);

/*
 * The string at @at as UTF-8, lone halves of surrogate pairs as U+FFFD: where
 * it lies in the text, or in @scratch when it has escapes. -ENOBUFS, -ENOMEM.
 */
int json_walk_read_string(const char *at, struct buf *scratch,
			  const char **ret_text, size_t *ret_size);

enum json_walk_number {
	JSON_WALK_INTEGER,	/* neither fraction nor exponent: an int64 */
	JSON_WALK_DOUBLE,
	JSON_WALK_INFINITE,	/* too large for a double */
};

/* The number at @at. An integer that is no int64 is read as a double. */
enum json_walk_number json_walk_read_number(const char *at,
					    int64_t *ret_integer,
					    double *ret_double);
