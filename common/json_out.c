/* SPDX-License-Identifier: MIT */

#include <inttypes.h>
#include <string.h>

#include "common/json_out.h"

static void keep(struct json_out *out, int r)
{
	if (!out->error)
		out->error = r;
}

static void add(struct json_out *out, const char *text)
{
	if (!out->error)
		keep(out, buf_append_string(out->buf, text));
}

/* RFC 8259, section 7: only what must be escaped is. */
static void add_string(struct json_out *out, const char *text, size_t size)
{
	const char *end = text + size, *plain = text;

	add(out, "\"");
	for (; !out->error && text < end; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		keep(out, buf_append(out->buf, plain, (size_t)(text - plain)));
		if (!out->error)
			keep(out, buf_printf(out->buf, c < 0x20 ? "\\u%04x" :
					     "\\%c", c));
		plain = text + 1;
	}
	if (!out->error)
		keep(out, buf_append(out->buf, plain, (size_t)(end - plain)));
	add(out, "\"");
}

static void add_name(struct json_out *out, const char *name)
{
	if (out->has_member)
		add(out, ",");
	out->has_member = true;
	add_string(out, name, strlen(name));
	add(out, ":");
}

void json_out_begin(struct json_out *out, struct buf *buf)
{
	*out = (struct json_out){ .buf = buf, .start = buf->size };
	add(out, "{");
}

void json_out_open(struct json_out *out, const char *name)
{
	add_name(out, name);
	add(out, "{");
	out->has_member = false;
}

void json_out_close(struct json_out *out)
{
	add(out, "}");
	out->has_member = true;
}

void json_out_text(struct json_out *out, const char *name, const char *text,
		   size_t size)
{
	add_name(out, name);
	add_string(out, text, size);
}

void json_out_int(struct json_out *out, const char *name, int64_t number)
{
	add_name(out, name);
	if (!out->error)
		keep(out, buf_printf(out->buf, "%" PRId64, number));
}

void json_out_uint(struct json_out *out, const char *name, uint64_t number)
{
	add_name(out, name);
	if (!out->error)
		keep(out, buf_printf(out->buf, "%" PRIu64, number));
}

void json_out_bool(struct json_out *out, const char *name, bool flag)
{
	add_name(out, name);
	add(out, flag ? "true" : "false");
}

void json_out_null(struct json_out *out, const char *name)
{
	add_name(out, name);
	add(out, "null");
}

int json_out_end(struct json_out *out)
{
	add(out, "}");
	if (out->error && out->buf->data) {
		out->buf->size = out->start;
		out->buf->data[out->start] = '\0';
	}
	return out->error;
}
