/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/digest.h"
#include "common/json_scan.h"
#include "common/sink/mongodb/document.h"
#include "common/sink/mongodb/json_walk.h"

/* A number of fewer characters and no exponent is no infinity. */
#define DIGITS_SAFE 300

/* A member of an object that is not yet at its end. */
struct member {
	uint64_t hash;		/* of the key, decoded */
	uint32_t key, value;	/* where they stand */
};

struct check {
	const char *json;
	struct member *members;
	size_t n, capacity;
	struct document *document;
	size_t patch_capacity;
	struct buf scratch, other;	/* keys with escapes, decoded */
	char *reason;
};

static int refuse(struct check *c, const char *at, const char *words)
{
	snprintf(c->reason, DOCUMENT_REASON_MAX, "%s at byte %zu", words,
		 (size_t)(at - c->json));
	return DOCUMENT_E_BAD_DATA;
}

static int add_member(struct check *c, const struct member *member)
{
	size_t capacity = c->capacity ? c->capacity * 2 : 64;
	struct member *members;

	if (c->n == c->capacity) {
		members = reallocarray(c->members, capacity, sizeof(*members));
		if (!members)
			return -ENOMEM;
		c->members = members;
		c->capacity = capacity;
	}
	c->members[c->n++] = *member;
	return 0;
}

static int add_patch(struct check *c, uint32_t key, uint32_t value)
{
	size_t capacity = c->patch_capacity ? c->patch_capacity * 2 : 16;
	struct document *d = c->document;
	struct document_patch *patches;

	if (d->n_patches == c->patch_capacity) {
		patches = reallocarray(d->patches, capacity, sizeof(*patches));
		if (!patches)
			return -ENOMEM;
		d->patches = patches;
		c->patch_capacity = capacity;
	}
	d->patches[d->n_patches++] = (struct document_patch){ key, value };
	return 0;
}

static int compare_members(const void *a, const void *b)
{
	const struct member *left = a, *right = b;

	if (left->hash != right->hash)
		return left->hash < right->hash ? -1 : 1;
	return left->key < right->key ? -1 : left->key > right->key;
}

static int compare_patches(const void *a, const void *b)
{
	uint32_t left = ((const struct document_patch *)a)->key;
	uint32_t right = ((const struct document_patch *)b)->key;

	return left < right ? -1 : left > right;
}

/* Whether two members have one key; their hashes are equal. */
static int is_same_key(struct check *c, const struct member *a,
		       const struct member *b, bool *ret_is_same)
{
	const char *left, *right;
	size_t left_size, right_size;
	int r;

	r = json_walk_read_string(c->json + a->key, &c->scratch, &left,
				  &left_size);
	if (!r)
		r = json_walk_read_string(c->json + b->key, &c->other, &right,
					  &right_size);
	if (!r)
		*ret_is_same = left_size == right_size &&
			       memcmp(left, right, left_size) == 0;
	return r;
}

/*
 * Ends an object: of its members, those from @first on, each key that comes
 * again gives its value to the one before it and is not written itself.
 */
static int end_object(struct check *c, size_t first)
{
	size_t n = c->n - first, begun = 0;
	struct member *members;
	bool is_same;
	int r = 0;

	c->n = first;
	if (n < 2)
		return 0;
	members = c->members + first;
	qsort(members, n, sizeof(*members), compare_members);
	for (size_t i = 1; !r && i <= n; i++) {
		is_same = false;
		if (i < n && members[i].hash == members[begun].hash)
			r = is_same_key(c, &members[begun], &members[i],
					&is_same);
		if (r)
			break;
		if (is_same) {
			r = add_patch(c, members[i].key, 0);
			continue;
		}
		if (i - begun > 1)
			r = add_patch(c, members[begun].key,
				      members[i - 1].value);
		begun = i;
	}
	return r;
}

static int note_id(struct check *c, const char *value)
{
	struct document *d = c->document;
	const char *text;
	size_t size;
	int r;

	d->id = *value == 'n' ? DOCUMENT_ID_NONE : DOCUMENT_ID_INVALID;
	if (*value != '"')
		return 0;
	r = json_walk_read_string(value, &c->scratch, &text, &size);
	if (r || !session_persistent_id_is_valid(text, size))
		return r;
	memcpy(d->persistent_id, text, size);
	d->persistent_id[size] = '\0';
	d->id = DOCUMENT_ID_VALID;
	return 0;
}

/* What is asked of a key of the top object, and what it is noted for. */
static int check_top(struct check *c, const char *at, const char *key,
		     size_t size, const char *value)
{
	if (size == 0)
		return refuse(c, at, "an empty key");
	if (key[0] == '$')
		return refuse(c, at, "a key that begins with \"$\"");
	if (memchr(key, '.', size))
		return refuse(c, at, "a key with a dot");
	if (size == 4 && memcmp(key, "name", 4) == 0)
		c->document->has_name = *value == '"';
	else if (size == 12 && memcmp(key, "persistentId", 12) == 0)
		return note_id(c, value);
	return 0;
}

static int check_value(struct check *c, const char *at, unsigned level,
		       const char **ret_end);

static int check_member(struct check *c, const char *at, unsigned level,
			const char **ret_end)
{
	const char *value, *key;
	struct member member;
	struct digest digest;
	size_t size;
	int r;

	r = json_walk_read_string(at, &c->scratch, &key, &size);
	if (r)
		return r;
	if (memchr(key, '\0', size))
		return refuse(c, at, "a key with a NUL");
	digest = digest_of(key, size);
	memcpy(&member.hash, digest.bytes, sizeof(member.hash));
	value = json_walk_space(json_walk_string(at));
	value = json_walk_space(value + 1);	/* the colon */
	if (level == 1)
		r = check_top(c, at, key, size, value);
	if (r)
		return r;
	member.key = (uint32_t)(at - c->json);
	member.value = (uint32_t)(value - c->json);
	r = add_member(c, &member);
	return r ? r : check_value(c, value, level, ret_end);
}

static int check_object(struct check *c, const char *at, unsigned level,
			const char **ret_end)
{
	size_t first = c->n;
	int r;

	at = json_walk_space(at + 1);
	while (*at != '}') {
		r = check_member(c, at, level, &at);
		if (r)
			return r;
		at = json_walk_space(at);
		if (*at == ',')
			at = json_walk_space(at + 1);
	}
	*ret_end = at + 1;
	return end_object(c, first);
}

static int check_array(struct check *c, const char *at, unsigned level,
		       const char **ret_end)
{
	int r;

	at = json_walk_space(at + 1);
	while (*at != ']') {
		r = check_value(c, at, level, &at);
		if (r)
			return r;
		at = json_walk_space(at);
		if (*at == ',')
			at = json_walk_space(at + 1);
	}
	*ret_end = at + 1;
	return 0;
}

static int check_word(struct check *c, const char *at, const char **ret_end)
{
	const char *end = json_walk_word(at);
	size_t size = (size_t)(end - at);
	int64_t integer;
	double number;

	*ret_end = end;
	if (*at == 't' || *at == 'f' || *at == 'n')
		return 0;
	if (size < DIGITS_SAFE && !memchr(at, 'e', size) &&
	    !memchr(at, 'E', size))
		return 0;
	if (json_walk_read_number(at, &integer, &number) == JSON_WALK_INFINITE)
		return refuse(c, at, "a number out of range");
	return 0;
}

/* @level is that of the object or array around it; depth_max bounds it. */
static int check_value(struct check *c, const char *at, unsigned level,
		       const char **ret_end)
{
	switch (*at) {
	case '{':
		return check_object(c, at, level + 1, ret_end);
	case '[':
		return check_array(c, at, level + 1, ret_end);
	case '"':
		*ret_end = json_walk_string(at);
		return 0;
	default:
		return check_word(c, at, ret_end);
	}
}

/* The first pass: whether it is JSON at all. */
static int scan(const char *json, size_t size, unsigned depth_max,
		char *ret_reason)
{
	const struct json_limits limits = {
		.depth_max = depth_max,
		.values_max = SIZE_MAX,
	};
	struct json_error error;
	struct json_stats stats;
	int r;

	if (size > UINT32_MAX) {
		snprintf(ret_reason, DOCUMENT_REASON_MAX, "4 GiB or more");
		return DOCUMENT_E_BAD_DATA;
	}
	r = json_scan(json, size, &limits, &stats, &error);
	if (r)
		snprintf(ret_reason, DOCUMENT_REASON_MAX, "%s at byte %zu",
			 error.reason, error.offset);
	return r == JSON_SCAN_E_DEPTH ? DOCUMENT_E_DEPTH :
	       r ? DOCUMENT_E_BAD_DATA : 0;
}

int document_check(const char *json, size_t size, unsigned depth_max,
		   char *ret_reason, struct document *ret_document)
{
	struct document document = { .json = json };
	struct check c = {
		.json = json,
		.document = &document,
		.reason = ret_reason,
	};
	const char *begin, *end;
	int r;

	r = scan(json, size, depth_max, ret_reason);
	if (r)
		return r;
	begin = json_walk_space(json);
	document.is_object = *begin == '{';
	if (document.is_object) {
		buf_init(&c.scratch, size);
		buf_init(&c.other, size);
		r = check_value(&c, begin, 0, &end);
		buf_done(&c.scratch);
		buf_done(&c.other);
		free(c.members);
	}
	if (r) {
		document_done(&document);
		return r;
	}
	if (document.n_patches)
		qsort(document.patches, document.n_patches,
		      sizeof(*document.patches), compare_patches);
	*ret_document = document;
	return 0;
}

void document_done(struct document *document)
{
	free(document->patches);
	*document = (struct document){ 0 };
}
