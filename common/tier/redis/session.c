/* SPDX-License-Identifier: MIT */

/* Records and claims of the redis tier. */

#include <errno.h>
#include <string.h>

#include "common/record.h"
#include "common/tier/redis/tier.h"

/* *ret_answer is one of REDIS_RECORD_*. */
static int write_record(struct redis *redis, const struct session *session,
			struct deadline dl, long long *ret_answer)
{
	CLEANUP(buf_done) struct buf record;
	int64_t ttl = redis_ttl_ms(session);
	int r;

	buf_init(&record, RECORD_MAX);
	/* It is to be forgotten as soon as it is there. */
	if (ttl == 0) {
		*ret_answer = REDIS_RECORD_DONE;
		return 0;
	}
	r = record_write(&record, session);
	if (r)
		return tier_fail(&redis->base, r,
				 "redis: the record cannot be written");
	redis_begin(redis);
	redis_script_call(redis, REDIS_SCRIPT_RECORD, 1, 3);
	redis_batch_text(&redis->batch, redis_key(session->id, "info").text);
	redis_batch_number(&redis->batch, session->state);
	redis_batch_bytes(&redis->batch, record.data, record.size);
	redis_batch_number(&redis->batch, ttl);
	return redis_exchange_integer(redis, dl, ret_answer);
}

int redis_put_session(struct tier *t, const struct session *session,
		      struct deadline dl)
{
	long long answer = 0;
	int r;

	r = write_record(redis_of(t), session, dl, &answer);
	if (!r)
		t->served = t->impl->name;
	return r;
}

int redis_finish(struct tier *t, const struct session *session,
		 struct deadline dl)
{
	long long answer = 0;
	int r;

	r = write_record(redis_of(t), session, dl, &answer);
	if (!r && answer == REDIS_RECORD_LATER)
		return TIER_E_CONFLICT;
	if (!r)
		t->served = t->impl->name;
	return r;
}

/* Takes a record that cannot be read away, if it is still this one. */
static int drop_rot(struct redis *redis, const char *key,
		    const redisReply *record, struct deadline dl)
{
	char sha1[REDIS_SHA1_LEN + 1];
	long long ignored;
	int r;

	redis_sha1(record->str, record->len, sha1);
	redis_begin(redis);
	redis_script_call(redis, REDIS_SCRIPT_DROP_ROT, 1, 1);
	redis_batch_text(&redis->batch, key);
	redis_batch_text(&redis->batch, sha1);
	r = redis_exchange_integer(redis, dl, &ignored);
	return r ? r : TIER_E_ABSENT;
}

int redis_get_session(struct tier *t, const char *id, enum tier_read read,
		      struct deadline dl, struct session *ret_session)
{
	CLEANUP(session_done) struct session session = { 0 };
	CLEANUP(redis_reply_freep) redisReply *record = NULL;
	struct redis_key key = redis_key(id, "info");
	struct redis *redis = redis_of(t);
	int r;

	(void)read;
	redis_begin(redis);
	redis_command(redis, "HGET", 2);
	redis_batch_text(&redis->batch, key.text);
	redis_batch_text(&redis->batch, "record");
	r = redis_exchange(redis, dl, &record);
	if (r)
		return r;
	if (record->type == REDIS_REPLY_NIL)
		return TIER_E_ABSENT;
	if (record->type != REDIS_REPLY_STRING)
		return redis_fail_shape(redis);
	r = record_read(record->str, record->len, &session);
	if (r && r != -EBADMSG)
		return tier_fail(t, r, "redis: no memory for a record");
	if (r || strcmp(session.id, id) != 0)
		return drop_rot(redis, key.text, record, dl);
	if (redis_ttl_ms(&session) == 0)
		return TIER_E_ABSENT;
	*ret_session = session;
	session = (struct session){ 0 };
	t->served = t->impl->name;
	return 0;
}

int redis_drop_session(struct tier *t, const struct session *session,
		       struct deadline dl)
{
	struct redis *redis = redis_of(t);
	long long ignored;

	redis_begin(redis);
	redis_script_call(redis, REDIS_SCRIPT_DROP_RECORD, 1, 1);
	redis_batch_text(&redis->batch, redis_key(session->id, "info").text);
	redis_batch_number(&redis->batch, session->state);
	return redis_exchange_integer(redis, dl, &ignored);
}

int redis_claim(struct tier *t, const struct session *session,
		const struct tier_token *token, struct deadline dl)
{
	struct redis *redis = redis_of(t);
	long long taken;
	int r;

	redis_begin(redis);
	redis_script_call(redis, REDIS_SCRIPT_CLAIM, 1, 2);
	redis_batch_text(&redis->batch, redis_key(session->id, "claim").text);
	redis_batch_text(&redis->batch, token->text);
	redis_batch_number(&redis->batch, TIER_CLAIM_LEASE_MS);
	r = redis_exchange_integer(redis, dl, &taken);
	if (r)
		return r;
	return taken ? TIER_E_CONFLICT : 0;
}

int redis_release(struct tier *t, const struct session *session,
		  const struct tier_token *token, struct deadline dl)
{
	struct redis *redis = redis_of(t);
	long long ignored;

	redis_begin(redis);
	redis_script_call(redis, REDIS_SCRIPT_RELEASE, 1, 1);
	redis_batch_text(&redis->batch, redis_key(session->id, "claim").text);
	redis_batch_text(&redis->batch, token->text);
	return redis_exchange_integer(redis, dl, &ignored);
}

int redis_is_claimed(struct tier *t, const struct session *session,
		     struct deadline dl, bool *ret_held)
{
	struct redis *redis = redis_of(t);
	long long left;		/* ms; -1: without an end, -2: none */
	int r;

	redis_begin(redis);
	redis_command(redis, "PTTL", 1);
	redis_batch_text(&redis->batch, redis_key(session->id, "claim").text);
	r = redis_exchange_integer(redis, dl, &left);
	if (!r)
		*ret_held = left >= 0;
	return r;
}
