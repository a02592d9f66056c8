/* SPDX-License-Identifier: MIT */

/*
 * value - small things about BSON that the tier and the sink share
 * (https://bsonspec.org/spec.html).
 */

#pragma once

#include <bson/bson.h>

#include "common/base.h"

/* Appends an int32 if @number is one, else an int64, as drivers do. */
void value_append_integer(bson_t *to, const char *key, int64_t number);

/* Appends a String if @size bytes are valid UTF-8, else a Binary. */
void value_append_text(bson_t *to, const char *key, const char *text,
		       size_t size);

/* A whole number of any numeric type at @key. -EBADMSG. */
int value_integer(const bson_t *from, const char *key, int64_t *ret_number);

/* Milliseconds of the Date at @key. -EBADMSG. */
int value_date(const bson_t *from, const char *key, int64_t *ret_ms);

/* The Boolean at @key. -EBADMSG. */
int value_bool(const bson_t *from, const char *key, bool *ret_value);

/* The bytes of the String or Binary at @key, within @from. -EBADMSG. */
int value_text(const bson_t *from, const char *key, const char **ret_text,
	       size_t *ret_size);

/* Whether the String at @key is @text. */
bool value_is_text(const bson_t *from, const char *key, const char *text);

/*
 * An ObjectId that follows from @kind and @name: the first 12 bytes of the
 * SHA-256 of "tranche:<kind>:<name>".
 */
void value_derive_oid(const char *kind, const char *name, bson_oid_t *ret_oid);

/* A random number for a stamp. -errno of getrandom(2). */
int value_make_stamp(int64_t *ret_stamp);
