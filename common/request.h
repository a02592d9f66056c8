/* SPDX-License-Identifier: MIT */

/*
 * request - what came in: method, query, body, and the few meta-variables
 * that matter. What a request parsed, the request owns, until request_end().
 */

#pragma once

#include "common/base.h"
#include "common/buf.h"
#include "common/config.h"
#include "common/deadline.h"
#include "common/front.h"
#include "common/http.h"
#include "common/reply.h"
#include "common/session.h"
#include "common/sha256.h"

#define REQUEST_ID_MAX 128		/* bytes of X-Request-Id */
#define REQUEST_INVALID_MAX 160		/* bytes of a refusal, with its NUL */
#define REQUEST_BODY_KEPT MIB(1)	/* bytes of memory kept between two */

enum {
	REQUEST_E_INVALID = 1,	/* 400: invalid says what */
	REQUEST_E_TOO_LARGE,	/* 413: over limit, which is limit_max */
};

/* How long a body may be, and the limit that clients know it by. */
struct body_limit {
	uint64_t max;		/* bytes of the body */
	const char *name;	/* "maxChunkSize", ... */
	uint64_t value;		/* of that limit */
};

struct request {
	enum http_method method;	/* 0: one that nobody serves */
	bool is_head;			/* GET whose body nobody wants */
	const char *query;		/* "": none; encoded, as it came */
	const char *owner;		/* REMOTE_USER; "": nobody */
	const char *origin;		/* of a browser; NULL */
	const char *content_digest;	/* the header's value; NULL */
	char id[REQUEST_ID_MAX + 1];
	struct deadline deadline;
	int64_t now_ms;			/* when it came, Unix epoch */

	struct buf body;
	int body_fd;			/* a file of just the body; -1: none */
	bool body_is_mapped;		/* its memory is body_file_map()'s */

	/* Of the last call that said REQUEST_E_*. */
	char invalid[REQUEST_INVALID_MAX];
	const char *limit;
	uint64_t limit_max;
};

void request_init(struct request *req);
void request_done(struct request *req);

/*
 * Takes over what @front says of the request that it accepted, but not yet
 * the body. REQUEST_E_INVALID: a meta-variable nobody can serve.
 */
int request_begin(struct request *req, struct front *front, int64_t now_ms,
		  struct deadline dl);

/* Forgets it all and keeps a little memory for the next. */
void request_end(struct request *req);

/*
 * Reads the body: of the file in @folder that the server names (body_file.h),
 * or, where @folder is NULL or no file is named, as the front gives it. One that
 * is too large is thrown away as request_skip_body() does it.
 * REQUEST_E_INVALID: it is not as long as its Content-Length says.
 * -EPIPE: the server broke off; -ENOMEM; of a file what body_file.h says,
 * -EBADMSG when its length is not the one announced, and -ENXIO when one is
 * named in place of the body and @folder is NULL.
 */
int request_read_body(struct request *req, struct front *front,
		      const struct body_limit *limit, const char *folder);

/*
 * Reads a body that nobody wants and throws it away, as far as it is not
 * endless: a client, or a server before it, that cannot get rid of it may not
 * read the answer. For one of unknown length nothing is done, as its end may
 * never be told.
 */
void request_skip_body(struct request *req, struct front *front);

/*
 * The SHA-256 that a Content-Digest (RFC 9530) claims, compared with the body
 * as it came: *ret_fits is true also without one. To be called before
 * request_fields(), which changes the body. REQUEST_E_INVALID: it is malformed.
 */
int request_check_digest(struct request *req, bool *ret_fits);

/* For implementations: sets invalid, and gives REQUEST_E_INVALID. */
int request_invalid(struct request *req, const char *format, ...)
	PRINTF_LIKE(2, 3);

/* For implementations: sets the limit, and gives REQUEST_E_TOO_LARGE. */
int request_too_large(struct request *req, const char *limit, uint64_t max);

/* Answers what a call said with REQUEST_E_*; a negative @r it forwards. */
int request_refuse(const struct request *req, int r, struct reply *reply);
