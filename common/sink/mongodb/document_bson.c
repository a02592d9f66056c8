/* SPDX-License-Identifier: MIT */

/* The second walk: BSON by its specification (https://bsonspec.org). */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/sink/mongodb/document.h"
#include "common/sink/mongodb/json_walk.h"

/* Members of the top object that are never the client's. */
static const char *const reserved[] = {
	"_id", "_tranche", "persistentId", "createdAt", "updatedAt",
};

struct writer {
	const struct document *document;
	struct buf *out;
	struct buf scratch;	/* strings with escapes, decoded */
};

static int put_byte(struct writer *w, int byte)
{
	char value = (char)byte;

	return buf_append(w->out, &value, 1);
}

/* The @n lowest bytes of @value, the lowest first. */
static void format_integer(uint64_t value, size_t n, char *ret_bytes)
{
	for (size_t i = 0; i < n; i++)
		ret_bytes[i] = (char)(value >> 8 * i & 0xff);
}

static int put_integer(struct writer *w, uint64_t value, size_t n)
{
	char bytes[8];

	format_integer(value, n, bytes);
	return buf_append(w->out, bytes, n);
}

/* An element begins: its type and its name. */
static int put_name(struct writer *w, bson_type_t type, const char *name,
		    size_t size)
{
	int r;

	r = put_byte(w, type);
	if (!r)
		r = buf_append(w->out, name, size);
	return r ? r : put_byte(w, 0);
}

static int put_string(struct writer *w, const char *at)
{
	const char *text;
	size_t size;
	int r;

	r = json_walk_read_string(at, &w->scratch, &text, &size);
	if (!r)
		r = put_integer(w, size + 1, 4);
	if (!r)
		r = buf_append(w->out, text, size);
	return r ? r : put_byte(w, 0);
}

static const struct document_patch *find_patch(const struct document *d,
					       const char *key)
{
	uint32_t offset = (uint32_t)(key - d->json);
	size_t low = 0, high = d->n_patches;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (d->patches[middle].key == offset)
			return &d->patches[middle];
		if (d->patches[middle].key < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static int write_value(struct writer *w, const char *at, const char *name,
		       size_t size, const char **ret_end);

/* Where the value at @at ends, without writing it. */
static const char *skip_value(const char *at)
{
	size_t level = 0;

	do {
		if (*at == '"') {
			at = json_walk_string(at);
		} else if (*at == '{' || *at == '[') {
			level++;
			at++;
		} else if (*at == '}' || *at == ']') {
			level--;
			at++;
		} else if (*at == ',' || *at == ':') {
			at++;
		} else {
			at = json_walk_word(at);
		}
		at = level ? json_walk_space(at) : at;
	} while (level);
	return at;
}

static bool is_reserved(const char *key, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		if (strlen(reserved[i]) == size &&
		    memcmp(reserved[i], key, size) == 0)
			return true;
	return false;
}

/* Writes the member whose key is at @at, in the value's place @value. */
static int write_member(struct writer *w, const char *at, const char *value,
			bool is_top, const char **ret_end)
{
	const char *key;
	size_t size;
	int r;

	r = json_walk_read_string(at, &w->scratch, &key, &size);
	if (r)
		return r;
	if (is_top && is_reserved(key, size)) {
		*ret_end = skip_value(value);
		return 0;
	}
	/* The name is written before anything else can use the scratch. */
	return write_value(w, value, key, size, ret_end);
}

static int write_members(struct writer *w, const char *at, bool is_top,
			 const char **ret_end)
{
	const struct document_patch *patch;
	const char *value, *ignored;
	int r = 0;

	at = json_walk_space(at + 1);
	while (*at != '}') {
		value = json_walk_space(json_walk_string(at));
		value = json_walk_space(value + 1);
		patch = find_patch(w->document, at);
		if (!patch) {
			r = write_member(w, at, value, is_top, &at);
		} else {
			if (patch->value)
				r = write_member(w, at, w->document->json +
						 patch->value, is_top,
						 &ignored);
			at = skip_value(value);
		}
		if (r)
			return r;
		at = json_walk_space(at);
		if (*at == ',')
			at = json_walk_space(at + 1);
	}
	*ret_end = at + 1;
	return 0;
}

static int write_elements(struct writer *w, const char *at,
			  const char **ret_end)
{
	uint32_t index = 0;
	char name[12];
	int r, n;

	at = json_walk_space(at + 1);
	while (*at != ']') {
		n = snprintf(name, sizeof(name), "%u", index++);
		r = write_value(w, at, name, (size_t)n, &at);
		if (r)
			return r;
		at = json_walk_space(at);
		if (*at == ',')
			at = json_walk_space(at + 1);
	}
	*ret_end = at + 1;
	return 0;
}

/* A document: its size, its elements, a NUL. */
static int write_object(struct writer *w, const char *at, bool is_top,
			const char **ret_end)
{
	size_t begun = w->out->size;
	int r;

	r = put_integer(w, 0, 4);
	if (!r)
		r = *at == '{' ? write_members(w, at, is_top, ret_end) :
				 write_elements(w, at, ret_end);
	if (!r)
		r = put_byte(w, 0);
	if (!r)
		format_integer(w->out->size - begun, 4, w->out->data + begun);
	return r;
}

static int write_number(struct writer *w, const char *at, const char *name,
			size_t size)
{
	int64_t integer;
	uint64_t bits;
	double number;
	int r;

	if (json_walk_read_number(at, &integer, &number) != JSON_WALK_INTEGER) {
		memcpy(&bits, &number, sizeof(bits));
		r = put_name(w, BSON_TYPE_DOUBLE, name, size);
		return r ? r : put_integer(w, bits, 8);
	}
	if (integer >= INT32_MIN && integer <= INT32_MAX) {
		r = put_name(w, BSON_TYPE_INT32, name, size);
		return r ? r : put_integer(w, (uint64_t)integer, 4);
	}
	r = put_name(w, BSON_TYPE_INT64, name, size);
	return r ? r : put_integer(w, (uint64_t)integer, 8);
}

static int write_word(struct writer *w, const char *at, const char *name,
		      size_t size)
{
	int r;

	switch (*at) {
	case 'n':
		return put_name(w, BSON_TYPE_NULL, name, size);
	case 't':
	case 'f':
		r = put_name(w, BSON_TYPE_BOOL, name, size);
		return r ? r : put_byte(w, *at == 't');
	default:
		return write_number(w, at, name, size);
	}
}

/* The depth is bounded by what document_check() let pass. */
static int write_value(struct writer *w, const char *at, const char *name,
		       size_t size, const char **ret_end)
{
	int r;

	switch (*at) {
	case '{':
	case '[':
		r = put_name(w, *at == '{' ? BSON_TYPE_DOCUMENT :
					     BSON_TYPE_ARRAY, name, size);
		return r ? r : write_object(w, at, /* is_top= */ false,
					    ret_end);
	case '"':
		*ret_end = json_walk_string(at);
		r = put_name(w, BSON_TYPE_UTF8, name, size);
		return r ? r : put_string(w, at);
	default:
		*ret_end = json_walk_word(at);
		return write_word(w, at, name, size);
	}
}

int document_write_bson(const struct document *document, struct buf *out)
{
	struct writer w = { .document = document, .out = out };
	const char *end;
	int r;

	buf_init(&w.scratch, SIZE_MAX);
	r = write_object(&w, json_walk_space(document->json),
			 /* is_top= */ true, &end);
	buf_done(&w.scratch);
	return r == -ENOBUFS ? DOCUMENT_E_TOO_LARGE : r;
}
