/* SPDX-License-Identifier: MIT */

/*
 * redis_link - a connection to a Redis server, made when it is first needed
 * and again after each failure, for a batch of commands at a time.
 *
 * A connection that failed, on which a reply is outstanding, or something came
 * that was not asked for, is closed: no reply is ever taken for another's, and
 * the server forgets a command that was half sent. One that the server had
 * closed while it was idle is made anew once within the same call, so all
 * commands must be such that they may be done twice.
 */

#pragma once

#include <hiredis/hiredis.h>

#include "common/base.h"
#include "common/deadline.h"
#include "common/tier/redis/batch.h"
#include "common/tier/redis/reader.h"
#include "common/tier/redis/refusal.h"
#include "common/redis_url.h"

struct redis_link {
	struct redis_url url;
	int64_t timeout_ms;		/* of one call, connecting included */
	int fd;				/* -1: not connected */
	struct redis_reader reader;	/* of what fd gave */
	char why[REDIS_WHY_MAX];	/* of the last failure, for the log */
};

/*
 * A string of a known size, as the first reply of a batch, which comes
 * directly to where it shall be.
 */
struct redis_value {
	char *data;
	size_t size;
	bool whole;	/* it came: data is written and there is no reply */
};

/* Nothing is connected yet. */
void redis_link_init(struct redis_link *link, const struct redis_url *url,
		     int64_t timeout_ms);
void redis_link_done(struct redis_link *link);

/*
 * Closes the connection, if there is one: what comes on it is not, or may not
 * be, what was asked for. The next call makes another.
 */
void redis_link_close(struct redis_link *link);

/*
 * Sends the batch and waits for its replies, within the link's timeout and
 * @dl. batch->n replies are put into @ret_replies, in order, error replies
 * among them; redis_replies_free() them. With @value, which may be NULL, the
 * first reply is NULL when the value is whole.
 * -errno and the words in link->why: of connecting, -ETIMEDOUT, -ECONNRESET,
 * -EPROTO what came is no reply, or one too many, -EMSGSIZE it is too long,
 * -ENOMEM; and those of redis_refusal() when the server wants another password
 * or database.
 */
int redis_link_call(struct redis_link *link, const struct redis_batch *batch,
		    struct redis_value *value, struct deadline dl,
		    redisReply **ret_replies);

/* Frees @n replies, each of which may be NULL, and makes them NULL. */
void redis_replies_free(redisReply **replies, size_t n);
