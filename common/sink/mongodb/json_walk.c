/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/sink/mongodb/json_walk.h"
#include "common/text.h"

const char *json_walk_space(const char *at)
{
	while (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')
		at++;
	return at;
}

const char *json_walk_string(const char *at)
{
	/* Whatever a backslash stands before, its next byte ends nothing. */
	for (at++; *at != '"'; at++)
		if (*at == '\\')
			at++;
	return at + 1;
}

const char *json_walk_word(const char *at)
{
	while (*at > ' ' && *at != ',' && *at != ']' && *at != '}')
		at++;
	return at;
}

/* Halves of surrogate pairs can only have come from escapes. */
static void replace_halves(char *text, size_t size)
{
	static const char replacement[3] = { '\xef', '\xbf', '\xbd' };
	char *end = text + size;

	while ((text = memchr(text, 0xed, (size_t)(end - text)))) {
		/* Valid UTF-8 but for the halves: two bytes follow. */
		if ((unsigned char)text[1] >= 0xa0)
			memcpy(text, replacement, sizeof(replacement));
		text += 3;
	}
}

int json_walk_read_string(const char *at, struct buf *scratch,
			  const char **ret_text, size_t *ret_size)
{
	const char *end = json_walk_string(at) - 1;
	size_t size = (size_t)(end - ++at);
	char *room;
	int r;

	if (!memchr(at, '\\', size)) {
		*ret_text = at;
		*ret_size = size;
		return 0;
	}
	buf_reset(scratch);
	r = buf_reserve(scratch, size, &room);
	if (r)
		return r;
	text_unescape(at, size, room, &size);
	replace_halves(room, size);
	buf_commit(scratch, size);
	*ret_text = scratch->data;
	*ret_size = size;
	return 0;
}

/* Reads digits up to what is none; false when they are no int64. */
static bool read_integer(const char **at, int64_t *ret_integer)
{
	bool is_negative = **at == '-', fits = true;
	int64_t value = 0;

	for (*at += is_negative; **at >= '0' && **at <= '9'; ++*at) {
		int digit = **at - '0';

		if (fits && (__builtin_mul_overflow(value, 10, &value) ||
			     __builtin_add_overflow(value, is_negative ?
						    -digit : digit, &value)))
			fits = false;
	}
	*ret_integer = value;
	return fits;
}

enum json_walk_number json_walk_read_number(const char *at,
					    int64_t *ret_integer,
					    double *ret_double)
{
	const char *end = at;
	double number;

	if (read_integer(&end, ret_integer) &&
	    *end != '.' && *end != 'e' && *end != 'E')
		return JSON_WALK_INTEGER;
	/* What follows a valid number ends it for strtod(3) too. */
	number = strtod(at, NULL);
	if (isinf(number))
		return JSON_WALK_INFINITE;
	*ret_double = number;
	return JSON_WALK_DOUBLE;
}
