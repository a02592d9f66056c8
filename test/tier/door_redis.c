/* SPDX-License-Identifier: MIT */

/* The keys of common/tier/redis.h. */

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

#include "test/tier/setting.h"

/*
 * KEYS[1] is a pattern: the index is known and the digest is not. Each script
 * touches what is there and makes nothing, also against a tier at work.
 */
static const char spoil_script[] =
	"local n = 0 "
	"for _, key in ipairs(redis.call('KEYS', ARGV[1])) do "
	"  if ARGV[2] == 'bytes' then "
	"    local b = string.byte(redis.call('GETRANGE', key, 0, 0)) "
	"    redis.call('SETRANGE', key, 0, string.char((b + 1) % 256)) "
	"  elseif ARGV[2] == 'size' then redis.call('APPEND', key, 'x') "
	"  else redis.call('DEL', key) end "
	"  n = n + 1 "
	"end "
	"return n";

static const char record_script[] =
	"local fields = redis.call('HKEYS', ARGV[1]) "
	"for _, field in ipairs(fields) do "
	"  redis.call('HSET', ARGV[1], field, '{rot') "
	"end "
	"return #fields > 0 and 1 or 0";

static const char count_script[] = "return #redis.call('KEYS', ARGV[1])";

static const char lease_script[] = "return redis.call('PEXPIRE', ARGV[1], 0)";

/* redis://[user:password@]HOST:PORT[/DB], as test/servers gives it. */
static redisContext *connect_to(const char *url)
{
	struct timeval timeout = { .tv_sec = 5 };
	char host[128];
	redisContext *redis;
	redisReply *reply;
	int port, db = 0;

	if (sscanf(url, "redis://%127[^:/@]:%d/%d", host, &port, &db) < 2)
		return NULL;
	redis = redisConnectWithTimeout(host, port, timeout);
	if (!redis || redis->err) {
		redisFree(redis);
		return NULL;
	}
	redisSetTimeout(redis, timeout);
	reply = redisCommand(redis, "SELECT %d", db);
	freeReplyObject(reply);
	return redis;
}

static int eval(const struct place *place, const char *script,
		const char *key, const char *how)
{
	redisContext *redis = connect_to(place->redis_url);
	redisReply *reply;
	int n = -EIO;

	if (!redis)
		return -EIO;
	reply = redisCommand(redis, "EVAL %s 0 %s %s", script, key, how);
	if (reply && reply->type == REDIS_REPLY_INTEGER)
		n = (int)reply->integer;
	else if (reply && reply->type == REDIS_REPLY_ERROR)
		fprintf(stderr, "redis: %s\n", reply->str);
	freeReplyObject(reply);
	redisFree(redis);
	return n;
}

static int spoil_chunk(const struct place *place,
		       const struct session *session, uint32_t index,
		       enum spoil how)
{
	static const char *const ways[] = { "bytes", "size", "gone" };
	char key[128];

	snprintf(key, sizeof(key), "chunked:{%s}:chunk:%u:*", session->id,
		 index);
	return eval(place, spoil_script, key, ways[how]);
}

static int spoil_record(const struct place *place,
			const struct session *session)
{
	char key[128];

	snprintf(key, sizeof(key), "chunked:{%s}:info", session->id);
	return eval(place, record_script, key, "");
}

static int count_pieces(const struct place *place,
			const struct session *session)
{
	char key[128];

	snprintf(key, sizeof(key), "chunked:{%s}:chunk:*", session->id);
	return eval(place, count_script, key, "");
}

static int end_lease(const struct place *place, const struct session *session)
{
	char key[128];

	snprintf(key, sizeof(key), "chunked:{%s}:claim", session->id);
	return eval(place, lease_script, key, "");
}

const struct door door_redis = {
	.spoil_chunk = spoil_chunk,
	.spoil_record = spoil_record,
	.count_pieces = count_pieces,
	.end_lease = end_lease,
};
