/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_value.h"
#include "common/text.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *skip_space(const char *at)
{
	while (is_space(*at))
		at++;
	return at;
}

/* Behind the string at @at. */
static const char *skip_string(const char *at)
{
	const char *start = at + 1, *quote = at, *slash;

	/* It is there: the text was checked. */
	do {
		quote = (const char *)rawmemchr(quote + 1, '"');
		for (slash = quote; slash > start && slash[-1] == '\\';)
			slash--;
	} while ((quote - slash) % 2);
	return quote + 1;
}

static const char *skip_container(const char *at)
{
	size_t depth = 0;

	do {
		if (*at == '"') {
			at = skip_string(at);
			continue;
		}
		if (*at == '{' || *at == '[')
			depth++;
		if (*at == '}' || *at == ']')
			depth--;
		at++;
	} while (depth);
	return at;
}

static const char *skip_value(const char *at)
{
	if (*at == '"')
		return skip_string(at);
	if (*at == '{' || *at == '[')
		return skip_container(at);
	while (*at != ',' && *at != '}' && *at != ']' && !is_space(*at))
		at++;
	return at;
}

struct json_value json_value_of(const char *json, size_t size)
{
	const char *at = json, *end = json + size;

	while (at < end && is_space(*at))
		at++;
	while (at < end && is_space(end[-1]))
		end--;
	return (struct json_value){ at, end };
}

bool json_members_of(struct json_value object, struct json_members *ret_members)
{
	if (object.at == object.end || *object.at != '{')
		return false;
	*ret_members = (struct json_members){ .at = object.at + 1 };
	return true;
}

bool json_members_next(struct json_members *members,
		       struct json_value *ret_key,
		       struct json_value *ret_value)
{
	const char *at = skip_space(members->at);

	if (*at == ',')
		at = skip_space(at + 1);
	if (*at == '}')
		return false;
	ret_key->at = at;
	ret_key->end = skip_string(at);
	at = skip_space(ret_key->end);
	ret_value->at = skip_space(at + 1);	/* behind its colon */
	ret_value->end = ret_value->at == members->skip.at ?
			 members->skip.end : skip_value(ret_value->at);
	members->at = ret_value->end;
	return true;
}

bool json_member(struct json_value object, const char *key,
		 struct json_value *ret_value)
{
	struct json_members members;
	struct json_value name, value;

	if (!json_members_of(object, &members))
		return false;
	while (json_members_next(&members, &name, &value))
		if (json_is_name(name, key)) {
			*ret_value = value;
			return true;
		}
	return false;
}

/* The next character of a string, at most TEXT_ESCAPE_MAX bytes. */
static size_t next_piece(const char **at, const char *end,
			 char piece[static TEXT_ESCAPE_MAX])
{
	static const char replacement[] = "\xef\xbf\xbd";
	size_t size = 1;

	if (**at != '\\') {
		piece[0] = *(*at)++;
		return size;
	}
	*at += text_unescape_one(*at, end, piece, &size);
	if (size == 3 && (unsigned char)piece[0] == 0xed &&
	    (unsigned char)piece[1] >= 0xa0)
		memcpy(piece, replacement, size);
	return size;
}

bool json_is_name(struct json_value key, const char *name)
{
	const char *at = key.at + 1, *end = key.end - 1;
	char piece[TEXT_ESCAPE_MAX];
	size_t n;

	while (at < end) {
		n = next_piece(&at, end, piece);
		/* A piece that is a NUL is not the end of the name. */
		if (!*name || strncmp(name, piece, n) != 0)
			return false;
		name += n;
	}
	return !*name;
}

bool json_is_null(struct json_value value)
{
	return *value.at == 'n';
}

int json_text(struct json_value value, char *ret_text, size_t size,
	      size_t *ret_len)
{
	const char *at = value.at + 1, *end = value.end - 1;
	char piece[TEXT_ESCAPE_MAX];
	size_t len = 0, n;

	if (*value.at != '"')
		return -EBADMSG;
	while (at < end) {
		n = next_piece(&at, end, piece);
		if (len + n >= size)
			return -EMSGSIZE;
		memcpy(ret_text + len, piece, n);
		len += n;
	}
	ret_text[len] = '\0';
	*ret_len = len;
	return 0;
}

int json_bool(struct json_value value, bool *ret_flag)
{
	if (*value.at != 't' && *value.at != 'f')
		return -EBADMSG;
	*ret_flag = *value.at == 't';
	return 0;
}

static bool is_number(struct json_value value)
{
	return *value.at == '-' || (*value.at >= '0' && *value.at <= '9');
}

/* Whether it is written without fraction and exponent. */
static bool is_integer(struct json_value value)
{
	for (const char *at = value.at; at < value.end; at++)
		if (*at == '.' || *at == 'e' || *at == 'E')
			return false;
	return true;
}

int json_int(struct json_value value, int64_t *ret_number)
{
	bool is_negative = *value.at == '-';
	int64_t number = 0;

	if (!is_number(value) || !is_integer(value))
		return -EBADMSG;
	for (const char *at = value.at + is_negative; at < value.end; at++) {
		int digit = *at - '0';

		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, is_negative ? -digit : digit,
					   &number))
			return -EBADMSG;
	}
	*ret_number = number;
	return 0;
}

/* Digits, and a minus before them where they are only zeros. */
static int digits(struct json_value value, uint64_t *ret_number)
{
	bool is_negative = *value.at == '-', is_over = false;
	uint64_t number = 0;

	for (const char *at = value.at + is_negative; at < value.end; at++)
		is_over |= __builtin_mul_overflow(number, 10, &number) ||
			   __builtin_add_overflow(number, (uint64_t)(*at - '0'),
						  &number);
	if (is_negative && (is_over || number))
		return -ERANGE;
	*ret_number = is_over ? UINT64_MAX : number;
	return 0;
}

int json_uint(struct json_value value, uint64_t *ret_number)
{
	double number;

	if (!is_number(value))
		return -EBADMSG;
	if (is_integer(value))
		return digits(value, ret_number);
	/* What follows a number ends it for strtod(3) too. */
	number = strtod(value.at, NULL);
	if (number < 0)
		return -ERANGE;
	/* From 2^53 on every double is an integer. */
	if (number >= 0x1p63) {
		*ret_number = UINT64_MAX;
		return 0;
	}
	if ((double)(uint64_t)number != number)
		return -EDOM;
	*ret_number = (uint64_t)number;
	return 0;
}
