/* SPDX-License-Identifier: MIT */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/fuzz/fuzz.h"
#include "test/fuzz/json_reference.h"

struct reader {
	const unsigned char *at, *end;
	struct json_reference *found;
};

static bool take(struct reader *r, char c)
{
	if (r->at == r->end || *r->at != (unsigned char)c)
		return false;
	r->at++;
	return true;
}

static bool take_any(struct reader *r, const char *set)
{
	if (r->at == r->end || !*r->at || !strchr(set, *r->at))
		return false;
	r->at++;
	return true;
}

static bool take_word(struct reader *r, const char *word)
{
	for (; *word; word++)
		if (!take(r, *word))
			return false;
	return true;
}

static void space(struct reader *r)
{
	while (take_any(r, " \t\n\r"))
		;
}

static size_t digits(struct reader *r)
{
	size_t n = 0;

	while (take_any(r, "0123456789"))
		n++;
	return n;
}

static bool string(struct reader *r)
{
	if (!take(r, '"'))
		return false;
	while (r->at < r->end && *r->at >= 0x20) {
		if (take(r, '"'))
			return true;
		if (!take(r, '\\')) {
			r->at++;
			continue;
		}
		if (take(r, 'u')) {
			for (int i = 0; i < 4; i++)
				if (!take_any(r, "0123456789abcdefABCDEF"))
					return false;
		} else if (!take_any(r, "\"\\/bfnrt")) {
			return false;
		}
	}
	return false;
}

/* Whether the integer between is beyond int64, by way of a long double. */
static bool is_wide(const unsigned char *begin, const unsigned char *end)
{
	char text[64];
	long double number;

	if (end - begin > 40)
		return true;
	snprintf(text, sizeof(text), "%.*s", (int)(end - begin),
		 (const char *)begin);
	number = strtold(text, NULL);
	return number >= 0x1p63L || number < -0x1p63L;
}

static bool number(struct reader *r)
{
	const unsigned char *begin = r->at;

	take(r, '-');
	if (!take(r, '0') && !digits(r))
		return false;
	if (r->at == r->end || !strchr(".eE", *r->at) || !*r->at)
		r->found->wide_integers |= is_wide(begin, r->at);
	if (take(r, '.') && !digits(r))
		return false;
	if (take_any(r, "eE")) {
		take_any(r, "+-");
		if (!digits(r))
			return false;
	}
	return true;
}

static bool value(struct reader *r, size_t level);

static bool members(struct reader *r, char close, size_t level)
{
	space(r);
	if (take(r, close))
		return true;
	do {
		if (close == '}') {
			space(r);
			if (!string(r))
				return false;
			space(r);
			if (!take(r, ':'))
				return false;
		}
		if (!value(r, level))
			return false;
	} while (take(r, ','));
	return take(r, close);
}

/* One, with the space around it. */
static bool value(struct reader *r, size_t level)
{
	bool is_value;

	space(r);
	r->found->values++;
	if (r->found->depth < level)
		r->found->depth = level;
	if (take_any(r, "{[")) {
		char close = r->at[-1] == '{' ? '}' : ']';

		if (level == JSON_REFERENCE_DEPTH_MAX)
			return false;
		r->found->containers++;
		if (r->found->depth < level + 1)
			r->found->depth = level + 1;
		is_value = members(r, close, level + 1);
	} else if (r->at < r->end && *r->at == '"') {
		is_value = string(r);
	} else if (r->at < r->end && *r->at == 't') {
		is_value = take_word(r, "true");
	} else if (r->at < r->end && *r->at == 'f') {
		is_value = take_word(r, "false");
	} else if (r->at < r->end && *r->at == 'n') {
		is_value = take_word(r, "null");
	} else {
		is_value = number(r);
	}
	space(r);
	return is_value;
}

struct json_reference json_reference_read(const char *json, size_t size)
{
	struct json_reference found = { 0 };
	struct reader r = {
		.at = (const unsigned char *)json,
		.end = (const unsigned char *)json + size,
		.found = &found,
	};

	if (json_reference_utf8(json, size) != size)
		return found;
	space(&r);
	found.is_object = r.at < r.end && *r.at == '{';
	found.is_json = value(&r, 0) && r.at == r.end;
	return found;
}

/* Bytes of the character at @s, of which @left are there; 0: it is none. */
static size_t character(const unsigned char *s, size_t left)
{
	static const struct {
		unsigned char lead[2], second[2];
		size_t size;
	} rows[] = {
		{ { 0x00, 0x7f }, { 0x00, 0xff }, 1 },
		{ { 0xc2, 0xdf }, { 0x80, 0xbf }, 2 },
		{ { 0xe0, 0xe0 }, { 0xa0, 0xbf }, 3 },
		{ { 0xe1, 0xec }, { 0x80, 0xbf }, 3 },
		{ { 0xed, 0xed }, { 0x80, 0x9f }, 3 },
		{ { 0xee, 0xef }, { 0x80, 0xbf }, 3 },
		{ { 0xf0, 0xf0 }, { 0x90, 0xbf }, 4 },
		{ { 0xf1, 0xf3 }, { 0x80, 0xbf }, 4 },
		{ { 0xf4, 0xf4 }, { 0x80, 0x8f }, 4 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (s[0] < rows[i].lead[0] || s[0] > rows[i].lead[1])
			continue;
		if (left < rows[i].size)
			return 0;
		if (rows[i].size > 1 && (s[1] < rows[i].second[0] ||
					 s[1] > rows[i].second[1]))
			return 0;
		for (size_t j = 2; j < rows[i].size; j++)
			if (s[j] < 0x80 || s[j] > 0xbf)
				return 0;
		return rows[i].size;
	}
	return 0;
}

size_t json_reference_utf8(const char *data, size_t size)
{
	size_t at = 0, n;

	while (at < size) {
		n = character((const unsigned char *)data + at, size - at);
		if (!n)
			break;
		at += n;
	}
	return at;
}

static void put(struct buf *out, uint32_t c)
{
	unsigned char bytes[4];
	size_t n;

	if (c < 0x80) {
		bytes[0] = (unsigned char)c;
		n = 1;
	} else if (c < 0x800) {
		bytes[0] = (unsigned char)(0xc0 | c >> 6);
		n = 2;
	} else if (c < 0x10000) {
		bytes[0] = (unsigned char)(0xe0 | c >> 12);
		n = 3;
	} else {
		bytes[0] = (unsigned char)(0xf0 | c >> 18);
		n = 4;
	}
	for (size_t i = 1; i < n; i++)
		bytes[i] = (unsigned char)(0x80 | (c >> 6 * (n - 1 - i) & 63));
	must(buf_append(out, bytes, n) == 0, "there is memory for text");
}

/* A half that no other one has joined. */
static void put_half(struct buf *out, uint32_t half, bool replace)
{
	if (half)
		put(out, replace ? 0xfffd : half);
}

void json_reference_decode(const char *json, size_t size, bool replace,
			   struct buf *out)
{
	static const char names[] = "\"\\/bfnrt", marks[] = "\"\\/\b\f\n\r\t";
	const char *end = json + size;
	uint32_t high = 0, unit;
	char hex[5] = "";

	while (json < end) {
		if (json[0] != '\\' || json[1] != 'u') {
			put_half(out, high, replace);
			high = 0;
			if (*json == '\\')
				put(out, (uint32_t)marks[strchr(names, *++json)
							 - names]);
			else
				must(buf_append(out, json, 1) == 0,
				     "there is memory for text");
			json++;
			continue;
		}
		memcpy(hex, json + 2, 4);
		unit = (uint32_t)strtoul(hex, NULL, 16);
		json += 6;
		if (high && unit >= 0xdc00 && unit <= 0xdfff) {
			put(out, 0x10000 + (high - 0xd800) * 0x400 +
				 (unit - 0xdc00));
			high = 0;
			continue;
		}
		put_half(out, high, replace);
		high = unit >= 0xd800 && unit <= 0xdbff ? unit : 0;
		if (!high && unit >= 0xdc00 && unit <= 0xdfff)
			put_half(out, unit, replace);
		else if (!high)
			put(out, unit);
	}
	put_half(out, high, replace);
}
