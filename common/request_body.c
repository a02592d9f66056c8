/* SPDX-License-Identifier: MIT */

/* The body of a request: read, or read and thrown away. */

#include <errno.h>
#include <string.h>

#include "common/body_file.h"
#include "common/request.h"

#define READ_SIZE KIB(64)	/* bytes asked for where no length is known */
#define MAP_SIZE KIB(64)	/* bytes from which on mapping a file pays */
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

/* A big body that the front has as a file; false: it is to be read. */
static bool map_known(struct request *req, struct front *front, size_t length)
{
	char *data;
	int fd;

	if (length < MAP_SIZE || !front->impl->file ||
	    front->impl->file(front, &fd) || body_file_map(fd, length, &data))
		return false;
	buf_done(&req->body);
	req->body = (struct buf){ data, length, length + 1, length };
	req->body_is_mapped = true;
	return true;
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

/* The file is the request's, to be closed with it. */
static int read_file(struct request *req, const struct body_file *file,
		     const struct body_limit *limit)
{
	char *room;
	int r;

	req->body_fd = file->fd;
	if (file->size > limit->max)
		return request_too_large(req, limit->name, limit->value);
	r = buf_reserve(&req->body, (size_t)file->size, &room);
	if (!r)
		r = body_file_read(file, room, (size_t)file->size);
	if (!r)
		buf_commit(&req->body, (size_t)file->size);
	return r;
}

int request_read_body(struct request *req, struct front *front,
		      const struct body_limit *limit, const char *folder)
{
	const char *path;
	struct body_file file;
	uint64_t length = 0;
	bool known;
	int r;

	r = content_length(req, front, &known, &length);
	if (r)
		return r;
	path = front->impl->param(front, "REQUEST_BODY_FILE");
	if (folder && path && *path) {
		r = body_file_open(folder, path, &file);
		if (r)
			return r;
		r = read_file(req, &file, limit);
		return !r && known && length != file.size ? -EBADMSG : r;
	}
	if (!known)
		return read_to_end(req, front, limit);
	if (length > limit->max) {
		drain(req, front, length);
		return request_too_large(req, limit->name, limit->value);
	}
	if (map_known(req, front, (size_t)length))
		return 0;
	r = read_known(req, front, (size_t)length);
	/* Not the client's mistake: the server kept it, for us to open. */
	if (r == REQUEST_E_INVALID && req->body.size == 0 && path && *path)
		return -ENXIO;
	return r;
}

void request_skip_body(struct request *req, struct front *front)
{
	uint64_t length = 0;
	bool known;

	if (content_length(req, front, &known, &length) == 0 && known)
		drain(req, front, length);
}
