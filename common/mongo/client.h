/* SPDX-License-Identifier: MIT */

/*
 * client - one connection to a MongoDB server, by libmongoc.
 *
 * Nothing here is thread-safe; a process has its own. After a failure the
 * connection is closed and made anew when it is next needed, because a kept
 * libmongoc client would wait for 5 s before it looks again.
 *
 * Each command ends with its deadline: libmongoc's timeouts are of a client,
 * so a new client with shorter ones is made where the deadline is near.
 */

#pragma once

#include <bson/bson.h>

#include "common/base.h"
#include "common/deadline.h"

/* Answers; what is negative is a failure, and client_error() says why. */
enum {
	MONGO_E_ABSENT = 1,	/* no document fits the filter */
	MONGO_E_DUPLICATE,	/* a unique index has the value already */
	MONGO_E_FULL,		/* no room */
	MONGO_E_TOO_LARGE,	/* over 16 MiB of BSON */
	MONGO_E_REFUSED,	/* a rule of the collection, or a fixed field */
};

/* Bytes of a document, by the server's own limit. */
#define MONGO_DOCUMENT_MAX MIB(16)

struct client;

/*
 * A client for @uri, in the database that it names, else "tranche". Connects
 * when first needed, waits for at most @timeout_ms each time it waits.
 * client_close() the result. -EINVAL @uri cannot be used (words for the log
 * in @ret_why, @why_size bytes), -ENOMEM.
 */
int client_open(const char *uri, int64_t timeout_ms, char *ret_why,
		size_t why_size, struct client **ret_client);

/* Closes; @c may be NULL. */
void client_close(struct client *c);

/* Why the last call failed, in words that name no host and no secret. */
const char *client_error(const struct client *c);

/* A number that is the same for one server and database, for file names. */
uint64_t client_hash(const struct client *c);

/* Whether the server answers. */
int client_ping(struct client *c, struct deadline dl);

/* Milliseconds that the server may take for what is asked now; 1 or more. */
int64_t client_patience(const struct client *c, struct deadline dl);

/*
 * Runs @command on the primary; bson_destroy() the reply, which is a success
 * without write errors. A connection that the server has closed since it was
 * last used is found out only by using it; if the command @may_repeat it is
 * then sent once more, on a new one.
 */
int client_run(struct client *c, const bson_t *command, bool may_repeat,
	       struct deadline dl, bson_t *ret_reply);

/* Closes the connection, if there is one; the next command makes another. */
void client_disconnect(struct client *c);

/* Keeps words of the caller's for client_error(); gives @r. */
int client_fail(struct client *c, int r, const char *words);
