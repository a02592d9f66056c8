/* SPDX-License-Identifier: MIT */

/*
 * redis_tier - what the files of the redis tier share: its struct, and how an
 * operation talks to the server:
 *
 *	redis_begin(redis);
 *	redis_command() or redis_script_call(), strings by redis_batch_*()
 *	r = redis_exchange(redis, dl, replies);
 *
 * Results are those of tier.h; failures have their words in the tier.
 */

#pragma once

#include "common/base.h"
#include "common/tier/redis/link.h"
#include "common/tier/redis/script.h"
#include "common/tier/tier.h"

/* Bytes of the longest key, the NUL included. */
#define REDIS_KEY_MAX 128

struct redis {
	struct tier base;
	struct redis_link link;
	struct redis_batch batch;	/* of the operation at work */
	char sha1[REDIS_SCRIPTS][REDIS_SHA1_LEN + 1];
};

/* The tier's own struct. */
struct redis *redis_of(struct tier *t);

/* The key "chunked:{<id>}:<name>". */
struct redis_key {
	char text[REDIS_KEY_MAX];
};
struct redis_key redis_key(const char *session_id, const char *name);

/*
 * Milliseconds until the session is forgotten, as an argument of PX and
 * PEXPIRE; 0 when it should be by now.
 */
int64_t redis_ttl_ms(const struct session *session);

/* Forgets the batch before. */
void redis_begin(struct redis *redis);

/* Begins a command of the name and @args more strings. */
void redis_command(struct redis *redis, const char *name, size_t args);

/* Begins a call of the script; @keys keys and then @args arguments follow. */
void redis_script_call(struct redis *redis, enum redis_script script,
		       size_t keys, size_t args);

/*
 * Sends the batch and gives its replies, errors among them;
 * redis_replies_free() them. Scripts that the server does not know are loaded,
 * keys of the session that are in use for something else are taken away, and
 * the batch is sent again. @value as in redis_link_call().
 */
int redis_send(struct redis *redis, struct redis_value *value,
	       struct deadline dl, redisReply **ret_replies);

/* The result that @n replies stand for, NULLs left out: their first error. */
int redis_check(struct redis *redis, redisReply *const *replies, size_t n);

/* redis_send() and redis_check(): no error is among the replies given. */
int redis_exchange(struct redis *redis, struct deadline dl,
		   redisReply **ret_replies);

/* redis_exchange() for a batch of one whose reply is an integer. */
int redis_exchange_integer(struct redis *redis, struct deadline dl,
			   long long *ret_integer);

/* Fails for a reply that is not what its command gives. */
int redis_fail_shape(struct redis *redis);

/* For CLEANUP(): frees *reply. */
void redis_reply_freep(redisReply **reply);

/* The operations, by their member of tier_impl. */
int redis_put_session(struct tier *t, const struct session *session,
		      struct deadline dl);
int redis_get_session(struct tier *t, const char *id, enum tier_read read,
		      struct deadline dl, struct session *ret_session);
int redis_finish(struct tier *t, const struct session *session,
		 struct deadline dl);
int redis_drop_session(struct tier *t, const struct session *session,
		       struct deadline dl);
int redis_claim(struct tier *t, const struct session *session,
		const struct tier_token *token, struct deadline dl);
int redis_release(struct tier *t, const struct session *session,
		  const struct tier_token *token, struct deadline dl);
int redis_is_claimed(struct tier *t, const struct session *session,
		     struct deadline dl, bool *ret_held);
int redis_put_chunk(struct tier *t, const struct session *session,
		    const struct chunk *chunk, struct deadline dl,
		    struct chunk_count *ret_count);
int redis_get_chunk(struct tier *t, const struct session *session,
		    uint32_t index, struct deadline dl, struct buf *data,
		    struct chunk_info *ret_info);
int redis_list_chunks(struct tier *t, const struct session *session,
		      struct deadline dl, struct chunk_list *ret_list);
int redis_drop_chunk(struct tier *t, const struct session *session,
		     const struct chunk_info *info, struct deadline dl);
int redis_drop_chunks(struct tier *t, const struct session *session,
		      struct deadline dl);
