/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/tier/redis/tier.h"

struct redis *redis_of(struct tier *t)
{
	/* The base is first in it. */
	return (struct redis *)t;
}

struct redis_key redis_key(const char *session_id, const char *name)
{
	struct redis_key key;

	/* Ids have one length and names are short: it always fits. */
	snprintf(key.text, sizeof(key.text), "chunked:{%s}:%s", session_id,
		 name);
	return key;
}

int64_t redis_ttl_ms(const struct session *session)
{
	int64_t ms = session_purge_at(session) - clock_now_ms();

	return ms > 0 ? ms : 0;
}

void redis_reply_freep(redisReply **reply)
{
	redis_replies_free(reply, 1);
}

void redis_begin(struct redis *redis)
{
	redis_batch_reset(&redis->batch);
}

void redis_command(struct redis *redis, const char *name, size_t args)
{
	redis_batch_command(&redis->batch, 1 + args);
	redis_batch_text(&redis->batch, name);
}

void redis_script_call(struct redis *redis, enum redis_script script,
		       size_t keys, size_t args)
{
	redis_command(redis, "EVALSHA", 2 + keys + args);
	redis_batch_text(&redis->batch, redis->sha1[script]);
	redis_batch_number(&redis->batch, (int64_t)keys);
}

/* The first error, those within the reply of an EXEC included, else NULL. */
static const char *first_error(redisReply *const *replies, size_t n)
{
	const char *error;

	for (size_t i = 0; i < n; i++) {
		if (!replies[i])
			continue;
		if (replies[i]->type == REDIS_REPLY_ERROR)
			return replies[i]->str;
		if (replies[i]->type != REDIS_REPLY_ARRAY)
			continue;
		error = first_error(replies[i]->element, replies[i]->elements);
		if (error)
			return error;
	}
	return NULL;
}

static int fail_link(struct redis *redis, int r)
{
	return tier_fail(&redis->base, r, "redis: %s", redis->link.why);
}

int redis_fail_shape(struct redis *redis)
{
	/* It may be the reply to another command, and the next one too. */
	redis_link_close(&redis->link);
	return tier_fail(&redis->base, -EPROTO,
			 "redis: a reply is not what its command gives");
}

int redis_check(struct redis *redis, redisReply *const *replies, size_t n)
{
	const char *error = first_error(replies, n);
	int r;

	if (!error)
		return 0;
	r = redis_refusal(error, redis->link.why);
	return r < 0 ? fail_link(redis, r) : r;
}

/* Gives the server all scripts, which it keeps until it is restarted. */
static int load_scripts(struct redis *redis, struct deadline dl)
{
	CLEANUP(redis_batch_done) struct redis_batch batch;
	redisReply *replies[REDIS_SCRIPTS];
	int r;

	redis_batch_init(&batch);
	for (int i = 0; i < REDIS_SCRIPTS; i++) {
		const char *const load[] = {
			"SCRIPT", "LOAD", redis_script_text(i),
		};

		redis_batch_texts(&batch, load, ARRAY_SIZE(load));
	}
	r = redis_link_call(&redis->link, &batch, NULL, dl, replies);
	if (r)
		return fail_link(redis, r);
	r = redis_check(redis, replies, ARRAY_SIZE(replies));
	redis_replies_free(replies, ARRAY_SIZE(replies));
	return r;
}

/* The id of the session that the batch is about; false: of none. */
static bool batch_session(const struct redis_batch *batch,
			  char ret_id[static SESSION_ID_LEN + 1])
{
	static const char prefix[] = "chunked:{";
	const size_t prefix_len = sizeof(prefix) - 1;
	const char *found;

	/* The first is a key: what comes of others stands behind it. */
	found = memmem(batch->text.data, batch->text.size, prefix, prefix_len);
	if (!found || batch->text.size - (size_t)(found - batch->text.data) <
		      prefix_len + SESSION_ID_LEN)
		return false;
	memcpy(ret_id, found + prefix_len, SESSION_ID_LEN);
	ret_id[SESSION_ID_LEN] = '\0';
	return true;
}

/*
 * A key of the session is in use for something else: rot, which goes as
 * everything does that does not fit. Else it would be in the way until the
 * session ends, and of every other session, as the tier would seem to fail.
 */
static int drop_foreign(struct redis *redis, const char *session_id,
			struct deadline dl)
{
	static const char *const names[] = { "info", "claim", "chunks" };
	CLEANUP(redis_batch_done) struct redis_batch batch;
	redisReply *reply = NULL;
	int r;

	redis_batch_init(&batch);
	redis_batch_command(&batch, 3 + ARRAY_SIZE(names));
	redis_batch_text(&batch, "EVAL");
	redis_batch_text(&batch,
			 redis_script_text(REDIS_SCRIPT_DROP_FOREIGN));
	redis_batch_number(&batch, ARRAY_SIZE(names));
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		redis_batch_text(&batch, redis_key(session_id, names[i]).text);
	r = redis_link_call(&redis->link, &batch, NULL, dl, &reply);
	if (r)
		return fail_link(redis, r);
	r = redis_check(redis, &reply, 1);
	redis_replies_free(&reply, 1);
	return r;
}

int redis_send(struct redis *redis, struct redis_value *value,
	       struct deadline dl, redisReply **ret_replies)
{
	bool loaded = false, dropped = false;
	char id[SESSION_ID_LEN + 1];
	const char *error;
	int r;

	for (;;) {
		r = redis_link_call(&redis->link, &redis->batch, value, dl,
				    ret_replies);
		if (r)
			return fail_link(redis, r);
		error = first_error(ret_replies, redis->batch.n);
		if (error && !loaded && redis_error_is(error, "NOSCRIPT")) {
			loaded = true;
			redis_replies_free(ret_replies, redis->batch.n);
			r = load_scripts(redis, dl);
		} else if (error && !dropped &&
			   redis_error_is(error, "WRONGTYPE") &&
			   batch_session(&redis->batch, id)) {
			dropped = true;
			redis_replies_free(ret_replies, redis->batch.n);
			r = drop_foreign(redis, id, dl);
		} else {
			return 0;
		}
		if (r)
			return r;
	}
}

int redis_exchange(struct redis *redis, struct deadline dl,
		   redisReply **ret_replies)
{
	int r;

	r = redis_send(redis, NULL, dl, ret_replies);
	if (r)
		return r;
	r = redis_check(redis, ret_replies, redis->batch.n);
	if (r)
		redis_replies_free(ret_replies, redis->batch.n);
	return r;
}

int redis_exchange_integer(struct redis *redis, struct deadline dl,
			   long long *ret_integer)
{
	CLEANUP(redis_reply_freep) redisReply *reply = NULL;
	int r;

	r = redis_exchange(redis, dl, &reply);
	if (r)
		return r;
	if (reply->type != REDIS_REPLY_INTEGER)
		return redis_fail_shape(redis);
	*ret_integer = reply->integer;
	return 0;
}
