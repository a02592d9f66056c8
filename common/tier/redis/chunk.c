/* SPDX-License-Identifier: MIT */

/* Single chunks of the redis tier. */

#include <errno.h>
#include <string.h>

#include "common/tier/redis/entry.h"

/*
 * Times that an operation starts anew when others change what it looks at. Once
 * is rare; so many are a loop that should end.
 */
#define TRIES_MAX 100

/* Commands of a put: MULTI, SET, EVALSHA, EXEC. */
#define PUT_COMMANDS 4

/* A put, and what it has learnt of another entry at its index. */
struct put {
	const struct session *session;
	const struct chunk *chunk;
	struct redis_key chunks, bytes;
	char entry[REDIS_ENTRY_MAX];	/* of this chunk, without its kind */
	int64_t ttl_ms;
	redisReply *other;		/* the entry, NULL: none is known */
	struct redis_key other_bytes;
	struct chunk_count count;	/* held when it is done */
};

static int fail_moving(struct redis *redis)
{
	return tier_fail(&redis->base, -EAGAIN,
			 "redis: the chunk changes too often");
}

static void begin_put(struct redis *redis, const struct put *put)
{
	const struct chunk_info *info = &put->chunk->info;
	struct redis_batch *batch = &redis->batch;
	const redisReply *other = put->other;

	redis_begin(redis);
	redis_command(redis, "MULTI", 0);
	redis_command(redis, "SET", 4);
	redis_batch_text(batch, put->bytes.text);
	redis_batch_big(batch, put->chunk->data, (size_t)info->size);
	redis_batch_text(batch, "PX");
	redis_batch_number(batch, put->ttl_ms);
	redis_script_call(redis, REDIS_SCRIPT_PUT, other ? 3 : 2,
			  other ? 7 : 6);
	redis_batch_text(batch, put->chunks.text);
	redis_batch_text(batch, put->bytes.text);
	if (other)
		redis_batch_text(batch, put->other_bytes.text);
	redis_batch_number(batch, info->index);
	redis_batch_text(batch, put->entry);
	redis_batch_text(batch, chunk_kind_name(info->kind));
	redis_batch_unsigned(batch, info->size);
	redis_batch_unsigned(batch, session_bytes_max(put->session));
	redis_batch_number(batch, put->ttl_ms);
	if (other)
		redis_batch_bytes(batch, other->str, other->len);
	redis_command(redis, "EXEC", 0);
}

/*
 * Servers before 7.0 may find out within the EXEC that they have no room, when
 * the bytes are written already.
 */
static int drop_orphan(struct redis *redis, const struct put *put,
		       struct deadline dl)
{
	struct redis_doom doom = {
		put->chunk->info.index, put->entry, strlen(put->entry),
		DIGEST_TEXT_LEN,
	};
	size_t ignored;

	return redis_drop_entries(redis, put->session->id, "orphan", &doom, 1,
				  dl, &ignored);
}


/* Whether @reply is an array of @n and its element @i is of @type. */
static bool element_is(const redisReply *reply, size_t n, size_t i, int type)
{
	return reply->type == REDIS_REPLY_ARRAY && reply->elements == n &&
	       i < n && reply->element[i] && reply->element[i]->type == type;
}

/* Reads what REDIS_SCRIPT_PUT answered. -EPROTO for anything else. */
static int read_answer(redisReply *answer, struct put *put,
		       long long *ret_answer)
{
	if (answer->type != REDIS_REPLY_ARRAY ||
	    !element_is(answer, answer->elements, 0, REDIS_REPLY_INTEGER))
		return -EPROTO;
	switch (answer->element[0]->integer) {
	case REDIS_PUT_DONE:
		if (!element_is(answer, 3, 1, REDIS_REPLY_INTEGER) ||
		    !element_is(answer, 3, 2, REDIS_REPLY_INTEGER))
			return -EPROTO;
		put->count.chunks = (uint32_t)answer->element[1]->integer;
		put->count.bytes = (uint64_t)answer->element[2]->integer;
		break;
	case REDIS_PUT_OTHER:
		if (!element_is(answer, 2, 1, REDIS_REPLY_STRING))
			return -EPROTO;
		redis_replies_free(&put->other, 1);
		put->other = answer->element[1];
		answer->element[1] = NULL;
		break;
	case REDIS_PUT_LIMIT:
		break;
	default:
		return -EPROTO;
	}
	*ret_answer = answer->element[0]->integer;
	return 0;
}

/* One trip; *ret_answer is one of REDIS_PUT_*. */
static int try_put(struct redis *redis, struct put *put, struct deadline dl,
		   long long *ret_answer)
{
	redisReply *replies[PUT_COMMANDS] = { NULL }, *exec;
	bool executed;
	int cleaned, r;

	begin_put(redis, put);
	r = redis_send(redis, NULL, dl, replies);
	if (r)
		return r;
	exec = replies[PUT_COMMANDS - 1];
	executed = exec->type == REDIS_REPLY_ARRAY && exec->elements == 2;
	r = redis_check(redis, replies, PUT_COMMANDS);
	if (!r && (!executed || read_answer(exec->element[1], put, ret_answer)))
		r = redis_fail_shape(redis);
	redis_replies_free(replies, PUT_COMMANDS);
	if (r > 0 && executed) {
		cleaned = drop_orphan(redis, put, dl);
		r = cleaned ? cleaned : r;
	}
	return r;
}

/*
 * Whether the other entry has its bytes, into *ret_whole; else the next try
 * takes it away.
 */
static int check_other(struct redis *redis, struct put *put,
		       struct deadline dl, bool *ret_whole)
{
	const redisReply *other = put->other;
	struct chunk_info info;
	struct redis_doom doom;
	long long size;
	int r;

	doom = redis_doom_of(put->chunk->info.index, other->str, other->len);
	put->other_bytes = redis_bytes_key(put->session->id, doom.index,
					   doom.begin, doom.digest_len);
	if (redis_entry_parse(other->str, other->len, &info)) {
		*ret_whole = false;
		return 0;
	}
	redis_begin(redis);
	redis_command(redis, "STRLEN", 1);
	redis_batch_text(&redis->batch, put->other_bytes.text);
	r = redis_exchange_integer(redis, dl, &size);
	if (!r)
		*ret_whole = (uint64_t)size == info.size;
	return r;
}

static int run_put(struct redis *redis, struct put *put, struct deadline dl)
{
	long long answer = REDIS_PUT_DONE;
	bool whole = false;
	int r;

	for (int i = 0; i < TRIES_MAX; i++) {
		r = try_put(redis, put, dl, &answer);
		if (r || answer == REDIS_PUT_DONE)
			return r;
		if (answer == REDIS_PUT_LIMIT)
			return TIER_E_LIMIT;
		r = check_other(redis, put, dl, &whole);
		if (r || whole)
			return r ? r : TIER_E_CONFLICT;
	}
	return fail_moving(redis);
}

int redis_put_chunk(struct tier *t, const struct session *session,
		    const struct chunk *chunk, struct deadline dl,
		    struct chunk_count *ret_count)
{
	struct redis *redis = redis_of(t);
	struct put put = {
		.session = session,
		.chunk = chunk,
		.ttl_ms = redis_ttl_ms(session),
	};
	int r = 0;

	redis_entry_format(&chunk->info, put.entry);
	put.chunks = redis_key(session->id, "chunks");
	put.bytes = redis_bytes_key(session->id, chunk->info.index, put.entry,
				    DIGEST_TEXT_LEN);
	/* Past its time it is forgotten as soon as it is there. */
	if (put.ttl_ms > 0)
		r = run_put(redis, &put, dl);
	redis_replies_free(&put.other, 1);
	if (r)
		return r;
	*ret_count = put.count;
	t->served = t->impl->name;
	return 0;
}

/* A get, and why its entry may have to go. */
struct get {
	const struct session *session;
	uint32_t index;
	redisReply *entry;
	struct chunk_info info;
	char sha1[REDIS_SHA1_LEN + 1];	/* of bytes that are not the chunk's */
	const char *rule;		/* by which it goes; NULL: all is well */
};

static int get_entry(struct redis *redis, struct get *get, struct deadline dl)
{
	int r;

	redis_replies_free(&get->entry, 1);
	redis_begin(redis);
	redis_command(redis, "HGET", 2);
	redis_batch_text(&redis->batch,
			 redis_key(get->session->id, "chunks").text);
	redis_batch_number(&redis->batch, get->index);
	r = redis_exchange(redis, dl, &get->entry);
	if (r)
		return r;
	if (get->entry->type == REDIS_REPLY_NIL)
		return TIER_E_ABSENT;
	if (get->entry->type != REDIS_REPLY_STRING)
		return redis_fail_shape(redis);
	get->rule = NULL;
	if (redis_entry_parse(get->entry->str, get->entry->len, &get->info))
		get->rule = "void";
	get->info.index = get->index;
	return 0;
}

/* Reads the bytes that the entry names into @data, and verifies them. */
static int get_bytes(struct redis *redis, struct get *get, struct deadline dl,
		     struct buf *data)
{
	CLEANUP(redis_reply_freep) redisReply *reply = NULL;
	struct redis_value value = { .size = (size_t)get->info.size };
	struct digest digest;
	int r;

	buf_reset(data);
	r = buf_reserve(data, value.size, &value.data);
	if (r)
		return tier_fail(&redis->base, r, "redis: the chunk at %u has "
				 "%zu bytes, too many", get->index, value.size);
	redis_begin(redis);
	redis_command(redis, "GET", 1);
	redis_batch_text(&redis->batch, redis_bytes_key(get->session->id,
			 get->index, get->entry->str, DIGEST_TEXT_LEN).text);
	r = redis_send(redis, &value, dl, &reply);
	if (!r)
		r = redis_check(redis, &reply, 1);
	if (r)
		return r;
	/* No bytes need be there for an empty chunk. */
	if (!value.whole && !(value.size == 0 &&
			      reply->type == REDIS_REPLY_NIL)) {
		get->rule = "void";
		return 0;
	}
	digest = digest_of(value.data, value.size);
	if (!digest_equal(&digest, &get->info.digest)) {
		redis_sha1(value.data, value.size, get->sha1);
		get->rule = get->sha1;
		return 0;
	}
	buf_commit(data, value.size);
	return 0;
}

/*
 * Two trips: a script that gives the entry and the bytes at once makes the
 * server copy them several times, and takes five times as long.
 */
static int run_get(struct redis *redis, struct get *get, struct deadline dl,
		   struct buf *data)
{
	struct redis_doom doom;
	size_t gone;
	int r;

	for (int i = 0; i < TRIES_MAX; i++) {
		r = get_entry(redis, get, dl);
		if (!r && !get->rule)
			r = get_bytes(redis, get, dl, data);
		if (r || !get->rule)
			return r;
		doom = redis_doom_of(get->index, get->entry->str,
				     get->entry->len);
		r = redis_drop_entries(redis, get->session->id, get->rule,
				       &doom, 1, dl, &gone);
		if (r || gone)
			return r ? r : TIER_E_ABSENT;
		/* Good bytes, or another entry, have come meanwhile. */
	}
	return fail_moving(redis);
}

int redis_get_chunk(struct tier *t, const struct session *session,
		    uint32_t index, struct deadline dl, struct buf *data,
		    struct chunk_info *ret_info)
{
	struct get get = { .session = session, .index = index };
	int r;

	r = run_get(redis_of(t), &get, dl, data);
	redis_replies_free(&get.entry, 1);
	if (!r)
		*ret_info = get.info;
	return r;
}

int redis_drop_chunk(struct tier *t, const struct session *session,
		     const struct chunk_info *info, struct deadline dl)
{
	char entry[REDIS_ENTRY_MAX];
	struct redis_doom doom = {
		info->index, entry, DIGEST_TEXT_LEN + 1, DIGEST_TEXT_LEN,
	};
	size_t ignored;

	/* Its digest alone counts, and the space behind it. */
	redis_entry_format(info, entry);
	return redis_drop_entries(redis_of(t), session->id, "any", &doom, 1,
				  dl, &ignored);
}
