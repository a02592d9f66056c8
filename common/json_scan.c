/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "common/block.h"
#include "common/hex4.h"
#include "common/json_scanner.h"
#include "common/text.h"

int scan_fail(struct scan *s, int answer, const char *reason, const char *at)
{
	s->error->reason = reason;
	s->error->offset = (size_t)(at - s->start);
	return answer;
}

static int fail(struct scan *s, int answer, const char *reason)
{
	return scan_fail(s, answer, reason, s->at);
}

int scan_invalid(struct scan *s, const char *reason)
{
	if (s->at == s->end)
		reason = "unexpected end of text";
	return fail(s, JSON_SCAN_E_INVALID, reason);
}

void scan_space(struct scan *s)
{
	while (s->at < s->end && (*s->at == ' ' || *s->at == '\n' ||
				  *s->at == '\r' || *s->at == '\t'))
		s->at++;
}

bool scan_take(struct scan *s, char c)
{
	if (s->at == s->end || *s->at != c)
		return false;
	s->at++;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Bytes of the longest escape. */
#define ESCAPE_MAX ((size_t)6)

static inline bool is_simple(char c)
{
	static const bool simple[256] = {
		['"'] = true, ['\\'] = true, ['/'] = true, ['b'] = true,
		['f'] = true, ['n'] = true,  ['r'] = true, ['t'] = true,
	};

	return simple[(uint8_t)c];
}

static inline bool is_unicode_escape(const char *at)
{
	return at[1] == 'u' && hex4_is_valid(at + 2);
}

/* At a backslash, of which it is not known how much text is behind it. */
static int scan_escape(struct scan *s)
{
	size_t left = (size_t)(s->end - s->at);
	/* What is cut off would do if these were behind it. */
	char escape[ESCAPE_MAX] = "\\u0000";

	memcpy(escape, s->at, left < ESCAPE_MAX ? left : ESCAPE_MAX);
	if (is_simple(escape[1]))
		s->at += 2;
	else if (!is_unicode_escape(escape))
		return scan_invalid(s, "bad escape");
	else
		s->at += left < ESCAPE_MAX ? left : ESCAPE_MAX;
	return 0;
}

/* Of the bytes that @escaped names in a block those that are not simple. */
static inline uint64_t not_simple(const char *block, uint64_t escaped)
{
	uint64_t others = 0;

	if (block_rest(block_rest(escaped)))
		return escaped & ~block_json_simple(block);
	/* To look at two is quicker than to look at all. */
	for (; escaped; escaped = block_rest(escaped))
		if (!is_simple(block[block_first(escaped)]))
			others |= escaped & -escaped;
	return others;
}

/*
 * Goes on within a string, by blocks: to where something other than escapes
 * and plain characters is, or where little text is left.
 */
static const char *skip_blocks(const char *at, const char *end)
{
	uint64_t escaped = 0;	/* 1: the backslash before at begins one */

	while ((size_t)(end - at) >= BLOCK_SIZE + ESCAPE_MAX) {
		uint64_t special = block_json_special(at);
		uint64_t backslashes, escapes, stops, others;

		if (!special && !escaped) {
			at += BLOCK_SIZE;
			continue;
		}
		backslashes = block_equal(at, '\\');
		escapes = block_escapes(backslashes, escaped);
		escaped |= escapes << 1;
		stops = special & ~backslashes & ~escaped;
		others = not_simple(at, escaped & block_before(stops));
		for (; others; others = block_rest(others)) {
			const char *escape = at + block_first(others) - 1;

			if (!is_unicode_escape(escape))
				return escape;
		}
		if (stops)
			return at + block_first(stops);
		escaped = escapes >> 63;
		at += BLOCK_SIZE;
	}
	return at - escaped;
}

/* At the first quote. */
static int scan_string(struct scan *s)
{
	int r;

	s->at = skip_blocks(s->at + 1, s->end);
	while (s->at < s->end) {
		if (*s->at == '\\') {
			r = scan_escape(s);
			if (r)
				return r;
		} else if (*s->at == '"') {
			s->at++;
			return 0;
		} else if ((uint8_t)*s->at < 0x20) {
			return scan_invalid(s, "control character in a string");
		} else {
			s->at++;
		}
	}
	return scan_invalid(s, "");
}

/* One digit or more. */
static bool scan_digits(struct scan *s)
{
	const char *start = s->at;

	while (s->at < s->end && is_digit(*s->at))
		s->at++;
	return s->at > start;
}

/* Whether an integer's digits, the first of them not 0, are beyond int64. */
static bool is_wide(const char *digits, size_t n, bool negative)
{
	static const char above[] = "9223372036854775808";
	int order;

	if (n != sizeof(above) - 1)
		return n > sizeof(above) - 1;
	order = memcmp(digits, above, n);
	return negative ? order > 0 : order >= 0;
}

static int scan_number(struct scan *s)
{
	const char *digits;
	bool negative, integer = true;
	size_t n;

	negative = scan_take(s, '-');
	digits = s->at;
	if (!scan_digits(s))
		return scan_invalid(s, "bad number");
	n = (size_t)(s->at - digits);
	if (*digits == '0' && n > 1)
		return scan_fail(s, JSON_SCAN_E_INVALID, "bad number", digits);
	if (scan_take(s, '.')) {
		integer = false;
		if (!scan_digits(s))
			return scan_invalid(s, "bad number");
	}
	if (scan_take(s, 'e') || scan_take(s, 'E')) {
		integer = false;
		if (!scan_take(s, '+'))
			scan_take(s, '-');
		if (!scan_digits(s))
			return scan_invalid(s, "bad number");
	}
	if (integer && is_wide(digits, n, negative))
		s->stats.wide_integers = true;
	return 0;
}

static int scan_word(struct scan *s, const char *word)
{
	const char *start = s->at;

	for (; *word; word++)
		if (!scan_take(s, *word)) {
			if (s->at == s->end)
				return scan_invalid(s, "");
			return scan_fail(s, JSON_SCAN_E_INVALID,
					 "expected a value", start);
		}
	return 0;
}

/* Whether the innermost container is an object. */
static bool in_object(const struct scan *s)
{
	return s->objects[(s->depth - 1) / 64] >> (s->depth - 1) % 64 & 1;
}

/* At the bracket; s->at is then behind it, and one level deeper. */
static int enter(struct scan *s)
{
	uint64_t bit = (uint64_t)1 << s->depth % 64;
	uint64_t *objects = &s->objects[s->depth / 64];

	if (s->depth == s->depth_max)
		return fail(s, JSON_SCAN_E_DEPTH, "nested too deeply");
	*objects = *s->at == '{' ? *objects | bit : *objects & ~bit;
	s->at++;
	s->depth++;
	s->stats.containers++;
	if (s->stats.depth < s->depth)
		s->stats.depth = s->depth;
	return 0;
}

bool scan_leave(struct scan *s)
{
	if (!scan_take(s, in_object(s) ? '}' : ']'))
		return false;
	s->depth--;
	return true;
}

int scan_key(struct scan *s, const char **ret_key, const char **ret_key_end)
{
	const char *key, *key_end;
	int r;

	scan_space(s);
	if (s->at == s->end || *s->at != '"')
		return scan_invalid(s, "expected a key");
	key = s->at;
	r = scan_string(s);
	if (r)
		return r;
	key_end = s->at - 1;
	scan_space(s);
	if (!scan_take(s, ':'))
		return scan_invalid(s, "expected a colon");
	*ret_key = key;
	*ret_key_end = key_end;
	return 0;
}

int scan_start(struct scan *s)
{
	scan_space(s);
	if (s->at == s->end)
		return scan_invalid(s, "");
	if (s->stats.values == s->values_max)
		return fail(s, JSON_SCAN_E_VALUES, "too many values");
	s->stats.values++;
	switch (*s->at) {
	case '{':
	case '[':
		return enter(s);
	case '"':
		return scan_string(s);
	case 't':
		return scan_word(s, "true");
	case 'f':
		return scan_word(s, "false");
	case 'n':
		return scan_word(s, "null");
	case '-':
		return scan_number(s);
	default:
		if (is_digit(*s->at))
			return scan_number(s);
		return scan_invalid(s, "expected a value");
	}
}

/* What stands before each value of the innermost container. */
static int scan_before_value(struct scan *s)
{
	const char *key, *key_end;

	return in_object(s) ? scan_key(s, &key, &key_end) : 0;
}

/*
 * Behind a value: the brackets of the containers that it completes, up to the
 * depth @outside, or the comma before the next. *ret_done: it was the former.
 */
static int scan_after_value(struct scan *s, size_t outside, bool *ret_done)
{
	while (s->depth > outside) {
		scan_space(s);
		if (scan_take(s, ',')) {
			*ret_done = false;
			return scan_before_value(s);
		}
		if (!scan_leave(s))
			return scan_invalid(s, "expected a comma or a bracket");
	}
	*ret_done = true;
	return 0;
}

int scan_value(struct scan *s)
{
	const size_t outside = s->depth;
	bool done = false;
	size_t before;
	int r;

	while (!done) {
		before = s->depth;
		r = scan_start(s);
		if (r)
			return r;
		if (s->depth > before) {
			scan_space(s);
			if (!scan_leave(s)) {
				r = scan_before_value(s);
				if (r)
					return r;
				continue;
			}
		}
		r = scan_after_value(s, outside, &done);
		if (r)
			return r;
	}
	return 0;
}

static int open_bytes(struct scan *s, const char *json, size_t size,
		      const struct json_limits *limits,
		      struct json_error *error)
{
	*s = (struct scan){
		.start = json,
		.at = json,
		.end = size ? json + size : json,
		.depth_max = limits->depth_max,
		.values_max = limits->values_max,
		.error = error,
	};
	if (s->depth_max > JSON_DEPTH_MAX)
		s->depth_max = JSON_DEPTH_MAX;
	*error = (struct json_error){ 0 };
	if (size >= 3 && memcmp(json, "\xef\xbb\xbf", 3) == 0)
		return scan_invalid(s, "byte order mark");
	return 0;
}

int scan_open(struct scan *s, const char *json, size_t size,
	      const struct json_limits *limits, struct json_error *error)
{
	size_t utf8;
	int r;

	r = open_bytes(s, json, size, limits, error);
	if (r)
		return r;
	utf8 = text_utf8_span(json, size);
	if (utf8 < size)
		return scan_fail(s, JSON_SCAN_E_INVALID, "not UTF-8",
				 json + utf8);
	return 0;
}

int scan_end(struct scan *s)
{
	scan_space(s);
	if (s->at < s->end)
		return scan_invalid(s, "text after the value");
	return 0;
}

/* All of it, once it is open. */
static int scan_all(struct scan *s, struct json_stats *ret_stats)
{
	int r;

	r = scan_value(s);
	if (!r)
		r = scan_end(s);
	if (!r)
		*ret_stats = s->stats;
	return r;
}

int json_scan(const char *json, size_t size, const struct json_limits *limits,
	      struct json_stats *ret_stats, struct json_error *ret_error)
{
	struct scan s;
	int r;

	r = scan_open(&s, json, size, limits, ret_error);
	return r ? r : scan_all(&s, ret_stats);
}

int json_scan_bytes(const char *json, size_t size,
		    const struct json_limits *limits,
		    struct json_stats *ret_stats,
		    struct json_error *ret_error)
{
	struct scan s;
	int r;

	r = open_bytes(&s, json, size, limits, ret_error);
	return r ? r : scan_all(&s, ret_stats);
}
