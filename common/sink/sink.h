/* SPDX-License-Identifier: MIT */

/*
 * sink - where the reassembled bytes of an upload go.
 *
 * The sink is the authority for "this session has been completed": what it
 * stores carries the session id, so that a second complete, from any host and
 * after any crash, finds it there and answers the same. commit is atomic: it
 * was done whole or not at all, whatever dies, and of several that run at once
 * for one session exactly one is applied; the others find it.
 *
 * One sink writes one upload at a time: begin, write..., commit or abandon.
 *
 * Results: 0 is done, SINK_E_* are answers that become the client's, negative
 * is -errno: the sink failed, sink->error says why in words for the log, and
 * whether a commit was done is not known (find() tells).
 */

#pragma once

#include "common/base.h"
#include "common/deadline.h"
#include "common/session.h"

enum {
	SINK_E_ABSENT = 1,	/* it has nothing of this session */
	SINK_E_TAKEN,		/* another upload has the persistentId */
	SINK_E_NO_ROUTE,	/* an update of what is not there */
	SINK_E_BAD_DATA,	/* the bytes are not what it stores: reason */
	SINK_E_BAD_FIELDS,	/* a required field is missing or wrong */
	SINK_E_TOO_LARGE,	/* over a limit of the sink: limit and max */
	SINK_E_FULL,		/* no room */
};

#define SINK_ERROR_MAX 256	/* bytes, the NUL included */

/* What was written, as the one pass over the bytes found it. */
struct sink_content {
	uint64_t size;					/* bytes */
	char sha256[SESSION_SHA256_LEN + 1];		/* lower-case hex */
};

struct sink_impl;

/* Base of every sink. Must be first in the struct that extends it. */
struct sink {
	const struct sink_impl *impl;
	/* Why the last call gave a negative result, for the log. No secrets. */
	char error[SINK_ERROR_MAX];
	/* For the client, with SINK_E_BAD_*: what is wrong; names no driver. */
	char reason[SINK_ERROR_MAX];
	/* For the client, with SINK_E_TOO_LARGE: "maxDocument" and its value. */
	const char *limit;
	uint64_t limit_max;
};

/* What a kind of sink does. All are mandatory. */
struct sink_impl {
	const char *name;	/* "file", "mongodb", ... */

	/*
	 * The answer that @session's commit gave or would give now, if it was
	 * committed, whole or in its last steps (which find() then ends).
	 * answer_done() the result. SINK_E_ABSENT.
	 */
	int (*find)(struct sink *sink, const struct session *session,
		    struct deadline dl, struct answer *ret_answer);

	/*
	 * Makes ready for @session's bytes. May say already what commit would
	 * (TAKEN, NO_ROUTE). After 0 comes commit or abandon.
	 */
	int (*begin)(struct sink *sink, const struct session *session,
		     struct deadline dl);

	/* Takes the next @size bytes. TOO_LARGE, FULL. */
	int (*write)(struct sink *sink, const void *data, size_t size,
		     struct deadline dl);

	/*
	 * Makes what was written the upload's outcome, durably, and answers:
	 * status 201 (created) or 200 (updated), persistentId, the JSON body.
	 * Ends the writing whatever it says. When the session was committed
	 * before, that answer. answer_done() the result.
	 */
	int (*commit)(struct sink *sink, const struct session *session,
		      const struct sink_content *content, struct deadline dl,
		      struct answer *ret_answer);

	/* Forgets what was written; nothing happens when nothing was begun. */
	void (*abandon)(struct sink *sink);

	/* Closes connections and frees @sink. */
	void (*close)(struct sink *sink);
};

/* The calls, by their member; each clears the words of the one before. */
int sink_find(struct sink *sink, const struct session *session,
	      struct deadline dl, struct answer *ret_answer);
int sink_begin(struct sink *sink, const struct session *session,
	       struct deadline dl);
int sink_write(struct sink *sink, const void *data, size_t size,
	       struct deadline dl);
int sink_commit(struct sink *sink, const struct session *session,
		const struct sink_content *content, struct deadline dl,
		struct answer *ret_answer);
void sink_abandon(struct sink *sink);

/* Closes @sink, which may be NULL; returns NULL. */
struct sink *sink_close(struct sink *sink);

/* For implementations: the words of a failure, cut to size; returns @r. */
int sink_fail(struct sink *sink, int r, const char *format, ...)
	PRINTF_LIKE(3, 4);

/* For implementations: the words for the client; returns @answer. */
int sink_refuse(struct sink *sink, int answer, const char *format, ...)
	PRINTF_LIKE(3, 4);
