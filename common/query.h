/* SPDX-License-Identifier: MIT */

/* query - name=value pairs of a URL's query (WHATWG URL, section 5.1). */

#pragma once

#include "common/base.h"

enum {
	QUERY_E_ABSENT = 1,	/* no such name */
	QUERY_E_INVALID,	/* given twice, badly encoded, or a NUL in it */
	QUERY_E_LONG,		/* does not fit; what it is cannot be right */
};

/*
 * The decoded value of @name, into @size bytes at @ret_value, the NUL
 * included. Names are compared as they stand, undecoded.
 */
int query_get(const char *query, const char *name, char *ret_value,
	      size_t size);

/* Whether @name is there at all. */
bool query_has(const char *query, const char *name);
