/* SPDX-License-Identifier: MIT */

/*
 * reply - an answer, written as it goes: status, a few headers, one JSON
 * object. The first failure (no memory) sticks and comes back from
 * reply_close(); the calls between need no check.
 */

#pragma once

#include "common/base.h"
#include "common/buf.h"
#include "common/chunk.h"
#include "common/http.h"
#include "common/session.h"

/* Bytes; the most is a document of the sink, 16 MiB of control characters. */
#define REPLY_BODY_MAX MIB(128)
#define REPLY_BODY_KEPT KIB(64)	/* bytes of memory kept between two */
/* Seconds that a client is asked to wait: a cool-down, and a lease's end. */
#define REPLY_RETRY_SICK 5
#define REPLY_RETRY_CLAIMED 2

struct reply {
	unsigned status;
	unsigned retry_after;	/* seconds; 0: no such header */
	const char *code;	/* of an error, for the log; NULL */
	struct buf body;
	int error;		/* -errno, the first one */
};

void reply_init(struct reply *reply);
void reply_done(struct reply *reply);

/* Forgets it and keeps a little memory for the next. */
void reply_end(struct reply *reply);

/* Begins the object of an answer, forgetting one that was begun before. */
void reply_open(struct reply *reply, unsigned status);

/*
 * Begins the object of an error with its two fields: @text for people and one
 * word for programs, a literal of the README's table. Others may follow.
 */
void reply_open_error(struct reply *reply, unsigned status, const char *code,
		      const char *text);

/* Fields of the object. Texts are UTF-8. */
void reply_string(struct reply *reply, const char *name, const char *value);
void reply_uint(struct reply *reply, const char *name, uint64_t value);
void reply_bool(struct reply *reply, const char *name, bool value);
void reply_time(struct reply *reply, const char *name, int64_t ms);
/* The body of complete's answer, as it would be answered again. */
void reply_result(struct reply *reply, const char *name,
		  const struct answer *answer);
/* What of 0 .. @total - 1 @list lacks, as "missing": [[first, last], ...] */
void reply_missing(struct reply *reply, const struct chunk_list *list,
		   uint32_t total);

/* Ends the object. 0, or the first failure since it was begun. */
int reply_close(struct reply *reply);

/* An error without further fields; what reply_close() gives. */
int reply_error(struct reply *reply, unsigned status, const char *code,
		const char *text);

/* 413: over the limit @name, which is @max. */
int reply_too_large(struct reply *reply, const char *text, const char *name,
		    uint64_t max);

/*
 * An answer of complete as it stands; one whose body is nowhere any more has
 * its persistentId. 0, -ENOMEM, -ENOBUFS.
 */
int reply_answer(struct reply *reply, const struct answer *answer);

/* 404 in the words that all endpoints use for a session. */
int reply_no_session(struct reply *reply);

/* 409: complete or abort is at work on the session. */
int reply_claimed(struct reply *reply);

/* 503: a tier or the sink is silent; wait and ask again. */
int reply_unavailable(struct reply *reply);
