/* SPDX-License-Identifier: MIT */

/* The body of a request: read, or read and thrown away. */

#include <string.h>

#include "common/request.h"

#define READ_SIZE KIB(64)	/* bytes asked for where no length is known */
#define DRAIN_MAX MIB(64)	/* bytes of an oversized body that are read */

/* Decimal digits alone; "" and "-1" are how some servers say "not known". */
static int content_length(struct request *req, struct front *front,
			  bool *ret_known, uint64_t *ret_length)
{
	const char *text = front->impl->param(front, "CONTENT_LENGTH");
	uint64_t length = 0;

	*ret_known = text && *text && strcmp(text, "-1") != 0;
	if (!*ret_known)
		return 0;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' ||
		    __builtin_mul_overflow(length, 10, &length) ||
		    __builtin_add_overflow(length, (uint64_t)(*text - '0'),
					   &length))
			return request_invalid(req, "Content-Length is not a "
					       "number");
	}
	*ret_length = length;
	return 0;
}

/* Throws away up to @most bytes of the body: beyond its end some wait. */
static void drain(struct request *req, struct front *front, uint64_t most)
{
	size_t n = 0;
	char *room;

	buf_reset(&req->body);
	if (buf_reserve(&req->body, READ_SIZE, &room))
		return;
	if (most > DRAIN_MAX)
		most = DRAIN_MAX;
	while (most > 0 && deadline_left(req->deadline) > 0) {
		size_t size = most < READ_SIZE ? (size_t)most : READ_SIZE;

		if (front->impl->read(front, room, size, &n) || n == 0)
			return;
		most -= n;
	}
}

static int read_known(struct request *req, struct front *front, size_t length)
{
	size_t n;
	char *room;
	int r;

	r = buf_reserve(&req->body, length, &room);
	while (!r && req->body.size < length) {
		r = front->impl->read(front, req->body.data + req->body.size,
				      length - req->body.size, &n);
		if (!r && n == 0)
			return request_invalid(req, "The body is shorter than "
					       "its Content-Length");
		if (!r)
			buf_commit(&req->body, n);
	}
	return r;
}

static int read_to_end(struct request *req, struct front *front,
		       const struct body_limit *limit)
{
	size_t n = 1;
	char *room;
	int r = 0;

	while (!r && n > 0) {
		r = buf_reserve(&req->body, READ_SIZE, &room);
		if (!r)
			r = front->impl->read(front, room, READ_SIZE, &n);
		if (!r)
			buf_commit(&req->body, n);
		if (!r && req->body.size > limit->max) {
			drain(req, front, DRAIN_MAX);
			return request_too_large(req, limit->name,
						 limit->value);
		}
	}
	return r;
}

int request_read_body(struct request *req, struct front *front,
		      const struct body_limit *limit)
{
	uint64_t length = 0;
	bool known;
	int r;

	r = content_length(req, front, &known, &length);
	if (r)
		return r;
	if (!known)
		return read_to_end(req, front, limit);
	if (length > limit->max) {
		drain(req, front, length);
		return request_too_large(req, limit->name, limit->value);
	}
	return read_known(req, front, (size_t)length);
}

void request_skip_body(struct request *req, struct front *front)
{
	uint64_t length = 0;
	bool known;

	if (content_length(req, front, &known, &length) == 0 && known)
		drain(req, front, length);
}
