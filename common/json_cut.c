/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "common/json_scanner.h"
#include "common/text.h"

/* A string as it stands in JSON, without its quotes. */
struct raw {
	const char *at, *end;
	/* Bytes of an escape that next_byte() has decoded and not given. */
	char decoded[TEXT_ESCAPE_MAX];
	size_t n, given;
};

/* The next byte of what @raw stands for, -1 at its end. */
static int next_byte(struct raw *raw)
{
	if (raw->given == raw->n) {
		if (raw->at == raw->end)
			return -1;
		if (*raw->at != '\\')
			return (uint8_t)*raw->at++;
		raw->at += text_unescape_one(raw->at, raw->end, raw->decoded,
					     &raw->n);
		raw->given = 0;
	}
	return (uint8_t)raw->decoded[raw->given++];
}

/* Compares what two strings stand for, as strcmp() does. */
static int compare(struct raw a, struct raw b)
{
	int left, right;

	do {
		left = next_byte(&a);
		right = next_byte(&b);
	} while (left == right && left >= 0);
	return left < right ? -1 : left > right;
}

static bool stands_for(struct raw raw, const char *text)
{
	for (; *text; text++)
		if (next_byte(&raw) != (uint8_t)*text)
			return false;
	return next_byte(&raw) < 0;
}

/* Nobody means it, and to C the key ends there: it would be another one. */
static bool has_nul(struct raw raw)
{
	int byte;

	do
		byte = next_byte(&raw);
	while (byte > 0);
	return byte == 0;
}

/* The keys of the top object so far, in the order of compare(). */
struct keys {
	size_t n;
	struct {
		const char *at, *end;
	} sorted[JSON_KEYS_MAX];
};

/* Adds a key, its quotes at @quote and @end. */
static int keys_add(struct scan *s, struct keys *keys, const char *quote,
		    const char *end)
{
	struct raw key = { .at = quote + 1, .end = end };
	size_t low = 0, high = keys->n;

	if (keys->n == JSON_KEYS_MAX)
		return scan_fail(s, JSON_SCAN_E_VALUES, "too many keys", quote);
	if ((size_t)(end - key.at) > JSON_KEY_MAX)
		return scan_fail(s, JSON_SCAN_E_VALUES, "key too long", quote);
	if (has_nul(key))
		return scan_fail(s, JSON_SCAN_E_INVALID, "a key with a NUL",
				 quote);
	while (low < high) {
		size_t middle = (low + high) / 2;
		struct raw other = { .at = keys->sorted[middle].at,
				     .end = keys->sorted[middle].end };
		int order = compare(key, other);

		if (order == 0)
			return scan_fail(s, JSON_SCAN_E_DUPLICATE,
					 "key given twice", quote);
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	memmove(&keys->sorted[low + 1], &keys->sorted[low],
		(keys->n - low) * sizeof(keys->sorted[0]));
	keys->sorted[low].at = key.at;
	keys->sorted[low].end = end;
	keys->n++;
	return 0;
}

/* One member of the top object. */
static int scan_member(struct scan *s, struct keys *keys, const char *wanted,
		       struct json_cut *cut)
{
	const char *key, *key_end, *value;
	int r;

	r = scan_key(s, &key, &key_end);
	if (r)
		return r;
	r = keys_add(s, keys, key, key_end);
	if (r)
		return r;
	scan_space(s);
	value = s->at;
	r = scan_value(s);
	if (r)
		return r;
	if (wanted &&
	    stands_for((struct raw){ .at = key + 1, .end = key_end }, wanted))
		*cut = (struct json_cut){
			.found = true,
			.start = (size_t)(value - s->start),
			.end = (size_t)(s->at - s->start),
		};
	return 0;
}

static int scan_members(struct scan *s, const char *wanted,
			struct json_cut *cut)
{
	struct keys keys;
	int r;

	keys.n = 0;
	r = scan_start(s);
	if (r)
		return r;
	scan_space(s);
	if (scan_leave(s))
		return 0;
	do {
		r = scan_member(s, &keys, wanted, cut);
		if (r)
			return r;
		scan_space(s);
	} while (scan_take(s, ','));
	if (!scan_leave(s))
		return scan_invalid(s, "expected a comma or a bracket");
	return 0;
}

int json_scan_cut(const char *json, size_t size,
		  const struct json_limits *limits, const char *key,
		  struct json_cut *ret_cut, struct json_error *ret_error)
{
	struct json_cut cut = { .found = false };
	const char *top;
	struct scan s;
	int r;

	r = scan_open(&s, json, size, limits, ret_error);
	if (r)
		return r;
	scan_space(&s);
	top = s.at;
	if (top < s.end && *top == '{')
		r = scan_members(&s, key, &cut);
	else
		r = scan_value(&s);
	if (r)
		return r;
	r = scan_end(&s);
	if (r)
		return r;
	if (*top != '{')
		return scan_fail(&s, JSON_SCAN_E_INVALID, "not an object", top);
	*ret_cut = cut;
	return 0;
}
