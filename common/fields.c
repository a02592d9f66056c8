/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <string.h>

#include "common/chunk.h"
#include "common/fields.h"
#include "common/json_scan.h"
#include "common/json_value.h"
#include "common/query.h"
#include "common/text.h"

/* Bounds of a request's JSON, the chunk's text not counted. */
static const struct json_limits limits = {
	.depth_max = 100,
	.values_max = 10000,
};

#define QUERY_VALUE_MAX 256	/* bytes, the NUL included */

static const struct field *find_data(const struct field *fields, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (fields[i].type == FIELD_DATA)
			return &fields[i];
	return NULL;
}

static struct chunk *data_of(const struct field *field, void *into)
{
	return (struct chunk *)(void *)((char *)into + field->offset);
}

static int missing(struct request *req, const struct field *field)
{
	return request_invalid(req, "%s is missing", field->name);
}

static void set_id(const struct field *field, void *into, const char *id,
		   size_t len)
{
	char *member = (char *)into + field->offset;

	member[0] = '\0';
	if (session_id_is_valid(id, len)) {
		memcpy(member, id, len);
		member[len] = '\0';
	}
}

static int set_digits(struct request *req, const struct field *field,
		      void *into, const char *text)
{
	uint64_t value = 0;

	if (!*text || text[strspn(text, "0123456789")])
		return request_invalid(req, "%s must be decimal digits",
				       field->name);
	for (; *text; text++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*text - '0'),
					   &value))
			value = UINT64_MAX;
	memcpy((char *)into + field->offset, &value, sizeof(value));
	return 0;
}

static int from_query(struct request *req, const struct field *fields,
		      size_t n, uint64_t data_max, void *into)
{
	char value[QUERY_VALUE_MAX];
	struct chunk *chunk;
	int r = 0;

	for (size_t i = 0; !r && i < n; i++) {
		const struct field *field = &fields[i];

		if (field->type == FIELD_DATA) {
			if (req->body.size > data_max)
				return request_too_large(req, "maxChunkSize",
							 data_max);
			chunk = data_of(field, into);
			chunk->info.kind = CHUNK_RAW;
			chunk->info.size = req->body.size;
			chunk->data = req->body.data;
			chunk->spare = req->body_fd >= 0 ? &req->body_fd : NULL;
			continue;
		}
		r = query_get(req->query, field->name, value, sizeof(value));
		if (r == QUERY_E_ABSENT)
			return missing(req, field);
		if (r == QUERY_E_INVALID)
			return request_invalid(req, "%s is given twice or "
					       "badly encoded", field->name);
		if (r == QUERY_E_LONG)
			value[0] = '\0';
		r = 0;
		if (field->type == FIELD_ID)
			set_id(field, into, value, strlen(value));
		else
			r = set_digits(req, field, into, value);
	}
	return r;
}

/* The key at @quote came before; it is said by its name if it is known. */
static int given_twice(struct request *req, const struct field *fields,
		       size_t n, const char *quote)
{
	const char *start = quote + 1, *end = start;
	char key[JSON_KEY_MAX];
	size_t len;

	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it is there */
	while (*end != '"')
		end += *end == '\\' ? 2 : 1;
	text_unescape(start, (size_t)(end - start), key, &len);
	for (size_t i = 0; i < n; i++)
		if (strlen(fields[i].name) == len &&
		    memcmp(fields[i].name, key, len) == 0)
			return request_invalid(req, "%s is given twice",
					       fields[i].name);
	return request_invalid(req, "The body has a key twice");
}

static int scan(struct request *req, const struct field *fields, size_t n,
		struct json_cut *ret_cut)
{
	const struct field *data = find_data(fields, n);
	struct json_error error;
	int r;

	r = json_scan_cut(req->body.data ? req->body.data : "",
			  req->body.size, &limits,
			  data ? data->name : NULL, ret_cut, &error);
	switch (r) {
	case JSON_SCAN_E_INVALID:
		return request_invalid(req, "The body must be a JSON object: "
				       "%s at byte %zu", error.reason,
				       error.offset);
	case JSON_SCAN_E_DEPTH:
		return request_invalid(req, "The body is nested deeper than "
				       "%zu", limits.depth_max);
	case JSON_SCAN_E_VALUES:
		return request_invalid(req, "The body has too many values");
	case JSON_SCAN_E_DUPLICATE:
		return given_twice(req, fields, n,
				   req->body.data + error.offset);
	default:
		return r;
	}
}

static int set_data(struct request *req, const struct field *field,
		    const struct json_cut *cut, uint64_t data_max, void *into)
{
	struct chunk *chunk = data_of(field, into);
	char *text = req->body.data + cut->start;
	size_t size;

	if (!cut->found || *text == 'n')
		return missing(req, field);
	if (*text != '"')
		return request_invalid(req, "%s must be a string", field->name);
	text++;
	text_unescape(text, cut->end - cut->start - 2, text, &size);
	if (size > data_max)
		return request_too_large(req, "maxChunkSize", data_max);
	chunk->info.kind = CHUNK_TEXT;
	chunk->info.size = size;
	chunk->data = text;
	return 0;
}

static int set_uint(struct request *req, const struct field *field, void *into,
		    struct json_value value)
{
	uint64_t number;

	switch (json_uint(value, &number)) {
	case 0:
		break;
	case -ERANGE:
		return request_invalid(req, "%s must not be negative",
				       field->name);
	default:
		return request_invalid(req, "%s must be an integer",
				       field->name);
	}
	memcpy((char *)into + field->offset, &number, sizeof(number));
	return 0;
}

static int set_string(struct request *req, const struct field *field,
		      void *into, struct json_value value)
{
	char *text = (char *)into + field->offset;
	size_t len;
	int r;

	r = json_text(value, text, field->size, &len);
	if (r == -EBADMSG)
		return request_invalid(req, "%s must be a string", field->name);
	if (r || strlen(text) != len)
		return request_invalid(req, "%s must be at most %zu bytes, "
				       "without NUL", field->name,
				       field->size - 1);
	if (len == 0 && field->type == FIELD_NAME)
		return request_invalid(req, "%s must not be empty",
				       field->name);
	return 0;
}

static int set_bool(struct request *req, const struct field *field, void *into,
		    struct json_value value)
{
	bool flag;

	if (json_bool(value, &flag))
		return request_invalid(req, "%s must be true or false",
				       field->name);
	memcpy((char *)into + field->offset, &flag, sizeof(flag));
	return 0;
}

/* The member of that name; the end of the chunk's text need not be found. */
static bool find(const struct request *req, const struct json_cut *cut,
		 const char *name, struct json_value *ret_value)
{
	const char *text = req->body.data;
	struct json_members members;
	struct json_value key;

	if (!json_members_of(json_value_of(text, req->body.size), &members))
		return false;
	if (cut->found)
		members.skip = (struct json_value){
			text + cut->start, text + cut->end,
		};
	while (json_members_next(&members, &key, ret_value))
		if (json_is_name(key, name))
			return true;
	return false;
}

static int set_json(struct request *req, const struct field *field,
		    const struct json_cut *cut, void *into)
{
	char id[SESSION_ID_LEN + 1];
	struct json_value value;
	size_t len;

	if (!find(req, cut, field->name, &value) || json_is_null(value))
		return field->is_optional ? 0 : missing(req, field);
	switch (field->type) {
	case FIELD_ID:
		if (json_text(value, id, sizeof(id), &len))
			len = 0;
		set_id(field, into, id, len);
		return 0;
	case FIELD_UINT:
		return set_uint(req, field, into, value);
	case FIELD_BOOL:
		return set_bool(req, field, into, value);
	case FIELD_STRING:
	case FIELD_NAME:
		return set_string(req, field, into, value);
	case FIELD_DATA:
		break;
	}
	return 0;
}

/* The other fields first: the chunk's text is decoded where it stands. */
static int from_body(struct request *req, const struct field *fields, size_t n,
		     uint64_t data_max, void *into)
{
	const struct field *data = find_data(fields, n);
	struct json_cut cut = { 0 };
	int r;

	r = scan(req, fields, n, &cut);
	for (size_t i = 0; !r && i < n; i++)
		if (&fields[i] != data)
			r = set_json(req, &fields[i], &cut, into);
	if (!r && data)
		r = set_data(req, data, &cut, data_max, into);
	return r;
}

bool request_is_raw(const struct request *req)
{
	return query_has(req->query, "sessionId");
}

int request_fields(struct request *req, const struct field *fields, size_t n,
		   uint64_t data_max, void *into)
{
	bool raw = find_data(fields, n) && request_is_raw(req);

	if (raw || req->method == HTTP_GET || req->method == HTTP_DELETE)
		return from_query(req, fields, n, data_max, into);
	return from_body(req, fields, n, data_max, into);
}
