/* SPDX-License-Identifier: MIT */

/*
 * json_value - the values of a small JSON object, read where they stand.
 *
 * There is no tree, and nothing to allocate: what is read is what was written
 * or it is refused, also where memory runs out. All text must have been passed
 * by json_scan() or json_scan_cut(), whose top value must be an object.
 */

#pragma once

#include "common/base.h"

/* Where a value lies in its text, which must outlive it. */
struct json_value {
	const char *at, *end;	/* from its first byte to behind its last */
};

/* Steps through an object's members. */
struct json_members {
	const char *at;
	struct json_value skip;	/* a value whose end is known; at NULL: none */
};

/* The value of @size bytes of text, without the space around it. */
struct json_value json_value_of(const char *json, size_t size);

/* Before the first member of @object; false when it is no object. */
bool json_members_of(struct json_value object,
		     struct json_members *ret_members);

/* The next one; false after the last. A key is a string with its quotes. */
bool json_members_next(struct json_members *members,
		       struct json_value *ret_key,
		       struct json_value *ret_value);

/* The value of the member @key, the first of that name; false: it has none,
 * or is no object. */
bool json_member(struct json_value object, const char *key,
		 struct json_value *ret_value);

/* Whether @key, a string, says @name after its escapes. */
bool json_is_name(struct json_value key, const char *name);

bool json_is_null(struct json_value value);

/*
 * The text of a string, with a NUL, in UTF-8: half of a surrogate pair is
 * U+FFFD. *ret_len is without the NUL. -EBADMSG: it is no string; -EMSGSIZE:
 * with its NUL it is longer than @size bytes.
 */
int json_text(struct json_value value, char *ret_text, size_t size,
	      size_t *ret_len);

/* -EBADMSG: neither true nor false. */
int json_bool(struct json_value value, bool *ret_flag);

/* -EBADMSG: no number, or not written as an integer, or no int64. */
int json_int(struct json_value value, int64_t *ret_number);

/*
 * An integer that may be written with a fraction or an exponent: 1.0 is 1, and
 * what is over a uint64 is UINT64_MAX. -EBADMSG: no number; -ERANGE: it is
 * negative; -EDOM: it has a fraction.
 */
int json_uint(struct json_value value, uint64_t *ret_number);
