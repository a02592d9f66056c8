/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <string.h>

#include "common/deadline.h"
#include "common/reply.h"

void reply_init(struct reply *reply)
{
	*reply = (struct reply){ 0 };
	buf_init(&reply->body, REPLY_BODY_MAX);
}

void reply_done(struct reply *reply)
{
	buf_done(&reply->body);
}

void reply_end(struct reply *reply)
{
	if (reply->body.capacity > REPLY_BODY_KEPT)
		buf_done(&reply->body);
	buf_reset(&reply->body);
}

static void keep(struct reply *reply, int r)
{
	if (!reply->error)
		reply->error = r;
}

static void add(struct reply *reply, const char *text)
{
	keep(reply, buf_append_string(&reply->body, text));
}

/* RFC 8259, section 7: only what must be escaped is. */
static void add_string(struct reply *reply, const char *value)
{
	add(reply, "\"");
	while (*value) {
		size_t plain = 0;

		while ((unsigned char)value[plain] >= 0x20 &&
		       value[plain] != '"' && value[plain] != '\\')
			plain++;
		keep(reply, buf_append(&reply->body, value, plain));
		value += plain;
		if (!*value)
			break;
		keep(reply, buf_printf(&reply->body, "\\u%04x",
				       (unsigned char)*value));
		value++;
	}
	add(reply, "\"");
}

static void add_name(struct reply *reply, const char *name)
{
	if (reply->body.size > 1)
		add(reply, ",");
	add_string(reply, name);
	add(reply, ":");
}

void reply_open(struct reply *reply, unsigned status)
{
	reply->status = status;
	reply->retry_after = 0;
	reply->code = NULL;
	reply->error = 0;
	buf_reset(&reply->body);
	add(reply, "{");
}

void reply_open_error(struct reply *reply, unsigned status, const char *code,
		      const char *text)
{
	reply_open(reply, status);
	reply->code = code;
	reply_string(reply, "error", text);
	reply_string(reply, "code", code);
}

void reply_string(struct reply *reply, const char *name, const char *value)
{
	add_name(reply, name);
	add_string(reply, value);
}

void reply_uint(struct reply *reply, const char *name, uint64_t value)
{
	add_name(reply, name);
	keep(reply, buf_printf(&reply->body, "%llu",
			       (unsigned long long)value));
}

void reply_bool(struct reply *reply, const char *name, bool value)
{
	add_name(reply, name);
	add(reply, value ? "true" : "false");
}

void reply_time(struct reply *reply, const char *name, int64_t ms)
{
	char text[CLOCK_ISO_MAX];

	clock_iso(ms, text);
	reply_string(reply, name, text);
}

static void add_answer(struct reply *reply, const struct answer *answer)
{
	if (answer->body) {
		keep(reply, buf_append(&reply->body, answer->body,
				       answer->body_size));
		return;
	}
	add(reply, "{\"persistentId\":");
	add_string(reply, answer->persistent_id);
	add(reply, "}");
}

void reply_result(struct reply *reply, const char *name,
		  const struct answer *answer)
{
	add_name(reply, name);
	add_answer(reply, answer);
}

static void add_range(struct reply *reply, const char **comma, uint32_t first,
		      uint32_t end)
{
	if (first >= end)
		return;
	keep(reply, buf_printf(&reply->body, "%s[%u,%u]", *comma, first,
			       end - 1));
	*comma = ",";
}

void reply_missing(struct reply *reply, const struct chunk_list *list,
		   uint32_t total)
{
	const char *comma = "";
	uint32_t next = 0;

	add_name(reply, "missing");
	add(reply, "[");
	for (size_t i = 0; i < list->n && list->chunks[i].index < total; i++) {
		add_range(reply, &comma, next, list->chunks[i].index);
		next = list->chunks[i].index + 1;
	}
	add_range(reply, &comma, next, total);
	add(reply, "]");
}

int reply_close(struct reply *reply)
{
	add(reply, "}");
	return reply->error;
}

int reply_error(struct reply *reply, unsigned status, const char *code,
		const char *text)
{
	reply_open_error(reply, status, code, text);
	return reply_close(reply);
}

int reply_too_large(struct reply *reply, const char *text, const char *name,
		    uint64_t max)
{
	reply_open_error(reply, HTTP_CONTENT_TOO_LARGE, "too_large", text);
	reply_string(reply, "limit", name);
	reply_uint(reply, "max", max);
	return reply_close(reply);
}

int reply_answer(struct reply *reply, const struct answer *answer)
{
	reply_open(reply, answer->status);
	buf_reset(&reply->body);
	add_answer(reply, answer);
	return reply->error;
}

int reply_no_session(struct reply *reply)
{
	return reply_error(reply, HTTP_NOT_FOUND, "not_found",
			   "Upload session not found or expired");
}

int reply_claimed(struct reply *reply)
{
	reply_open_error(reply, HTTP_CONFLICT, "claimed",
			 "Another complete or abort is at work");
	reply->retry_after = REPLY_RETRY_CLAIMED;
	return reply_close(reply);
}

int reply_unavailable(struct reply *reply)
{
	reply_open_error(reply, HTTP_SERVICE_UNAVAILABLE, "unavailable",
			 "Storage is not available, try again later");
	reply->retry_after = REPLY_RETRY_SICK;
	return reply_close(reply);
}
