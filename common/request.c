/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "common/body_file.h"
#include "common/content_digest.h"
#include "common/hex.h"
#include "common/request.h"

static struct request request_none(void)
{
	return (struct request){ .query = "", .owner = "", .body_fd = -1 };
}

static void close_body(struct request *req)
{
	if (req->body_is_mapped) {
		body_file_unmap(req->body.data, req->body.size);
		req->body_is_mapped = false;
		buf_init(&req->body, SIZE_MAX);
	}
	if (req->body_fd >= 0)
		close(req->body_fd);
	req->body_fd = -1;
}

void request_init(struct request *req)
{
	*req = request_none();
	buf_init(&req->body, SIZE_MAX);
}

void request_done(struct request *req)
{
	close_body(req);
	buf_done(&req->body);
	request_init(req);
}

int request_invalid(struct request *req, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(req->invalid, sizeof(req->invalid), format, args);
	va_end(args);
	return REQUEST_E_INVALID;
}

int request_too_large(struct request *req, const char *limit, uint64_t max)
{
	req->limit = limit;
	req->limit_max = max;
	return REQUEST_E_TOO_LARGE;
}

int request_refuse(const struct request *req, int r, struct reply *reply)
{
	char text[REQUEST_INVALID_MAX];

	if (r < 0)
		return r;
	if (r == REQUEST_E_INVALID)
		return reply_error(reply, HTTP_BAD_REQUEST, "bad_request",
				   req->invalid);
	snprintf(text, sizeof(text), "Too large: %s is %llu", req->limit,
		 (unsigned long long)req->limit_max);
	return reply_too_large(reply, text, req->limit, req->limit_max);
}

static enum http_method parse_method(const char *name, bool *ret_is_head)
{
	static const struct {
		const char *name;
		enum http_method method;
	} methods[] = {
		{ "GET", HTTP_GET },
		{ "HEAD", HTTP_GET },
		{ "POST", HTTP_POST },
		{ "PUT", HTTP_PUT },
		{ "DELETE", HTTP_DELETE },
		{ "OPTIONS", HTTP_OPTIONS },
	};

	*ret_is_head = strcmp(name, "HEAD") == 0;
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++)
		if (strcmp(methods[i].name, name) == 0)
			return methods[i].method;
	return 0;
}

static bool is_request_id(const char *id)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789._-";
	size_t len = strspn(id, allowed);

	return len >= 1 && len <= REQUEST_ID_MAX && id[len] == '\0';
}

static void take_id(struct request *req, const char *given)
{
	uint8_t random[8] = { 0 };

	if (given && is_request_id(given)) {
		memcpy(req->id, given, strlen(given) + 1);
		return;
	}
	/* For who looks for a line in a log; no secret, so any will do. */
	(void)!getrandom(random, sizeof(random), GRND_NONBLOCK);
	hex_format(random, sizeof(random), req->id);
}

static const char *param(struct front *front, const char *name,
			 const char *fallback)
{
	const char *value = front->impl->param(front, name);

	return value ? value : fallback;
}

int request_begin(struct request *req, struct front *front, int64_t now_ms,
		  struct deadline dl)
{
	req->now_ms = now_ms;
	req->deadline = dl;
	req->method = parse_method(param(front, "REQUEST_METHOD", ""),
				   &req->is_head);
	req->query = param(front, "QUERY_STRING", "");
	req->owner = param(front, "REMOTE_USER", "");
	req->origin = param(front, "HTTP_ORIGIN", NULL);
	req->content_digest = param(front, "HTTP_CONTENT_DIGEST", NULL);
	take_id(req, param(front, "HTTP_X_REQUEST_ID", NULL));
	if (strlen(req->owner) > SESSION_OWNER_MAX)
		return request_invalid(req, "The user's name is over %d bytes",
				       SESSION_OWNER_MAX);
	return 0;
}

void request_end(struct request *req)
{
	struct buf body;

	close_body(req);
	body = req->body;
	*req = request_none();
	if (body.capacity > REQUEST_BODY_KEPT)
		buf_done(&body);
	buf_reset(&body);
	req->body = body;
}

int request_check_digest(struct request *req, bool *ret_fits)
{
	uint8_t claimed[SHA256_SIZE], found[SHA256_SIZE];
	int r;

	if (!req->content_digest) {
		*ret_fits = true;
		return 0;
	}
	r = content_digest_parse(req->content_digest, claimed);
	if (r == CONTENT_DIGEST_E_INVALID)
		return request_invalid(req, "Content-Digest is malformed: it "
				       "must be sha-256=:<base64>:");
	if (r == CONTENT_DIGEST_E_ABSENT) {
		*ret_fits = true;
		return 0;
	}
	sha256_of(req->body.data, req->body.size, found);
	*ret_fits = memcmp(claimed, found, SHA256_SIZE) == 0;
	return 0;
}
