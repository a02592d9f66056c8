/* SPDX-License-Identifier: MIT */

/*
 * redis_reader - hiredis's reader of replies, with a bound for arrays: it
 * allocates one as soon as its count has come, eight bytes an element, and a
 * few bytes of a server that is none may claim thousands of millions.
 */

#pragma once

#include <hiredis/hiredis.h>

#include "common/base.h"

/* Bytes of one reply that hiredis reads; a longer one is a failure. */
#define REDIS_REPLY_MAX MIB(8)

/* Elements of an array; the shortest one is ":0\r\n". */
#define REDIS_ELEMENTS_MAX (REDIS_REPLY_MAX / 4)

struct redis_reader {
	redisReader *reader;	/* NULL: none */
	/* hiredis's functions, and the same with ours for arrays. */
	const redisReplyObjectFunctions *plain;
	redisReplyObjectFunctions bounded;
	bool is_over;		/* an array was over the bound */
};

/* Makes it anew; it must stay where it is. -ENOMEM. */
int redis_reader_open(struct redis_reader *reader);

/* Frees it; there may be none. */
void redis_reader_close(struct redis_reader *reader);

/* More bytes of the server. -ENOMEM. */
int redis_reader_feed(struct redis_reader *reader, const char *data,
		      size_t size);

/*
 * The next reply of those that were fed, NULL when it is not whole. -EPROTO
 * what came is none, or an array over the bound; -ENOMEM.
 */
int redis_reader_next(struct redis_reader *reader, redisReply **ret_reply);

/* Whether there are bytes that no reply was made of. */
bool redis_reader_has_more(const struct redis_reader *reader);
