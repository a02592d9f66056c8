/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/tier/redis.h"
#include "common/tier/redis/tier.h"

/*
 * DEL of a key that is never there changes nothing and is refused by whoever
 * would refuse a write for another reason than room: a replica, a server that
 * cannot save. PING is not.
 */
static int redis_ping(struct tier *t, struct deadline dl)
{
	struct redis *redis = redis_of(t);
	long long ignored;

	redis_begin(redis);
	redis_command(redis, "DEL", 1);
	redis_batch_text(&redis->batch, "chunked:ping");
	return redis_exchange_integer(redis, dl, &ignored);
}

static void redis_close(struct tier *t)
{
	struct redis *redis = redis_of(t);

	redis_link_done(&redis->link);
	redis_batch_done(&redis->batch);
	free(redis);
}

static const struct tier_impl redis_impl = {
	.name = "redis",
	.put_session = redis_put_session,
	.get_session = redis_get_session,
	.put_chunk = redis_put_chunk,
	.get_chunk = redis_get_chunk,
	.list_chunks = redis_list_chunks,
	.claim = redis_claim,
	.release = redis_release,
	.is_claimed = redis_is_claimed,
	.finish = redis_finish,
	.drop_session = redis_drop_session,
	.drop_chunk = redis_drop_chunk,
	.drop_chunks = redis_drop_chunks,
	.ping = redis_ping,
	.close = redis_close,
};

int tier_redis_open(const char *url, int64_t timeout_ms, char *ret_why,
		    struct tier **ret_tier)
{
	char why[REDIS_URL_ERROR_MAX];
	struct redis_url parsed;
	struct redis *redis;
	int r;

	r = redis_url_parse(url, &parsed, why);
	if (r > 0) {
		snprintf(ret_why, TIER_ERROR_MAX, "%s", why);
		return -EINVAL;
	}
	redis = calloc(1, sizeof(*redis));
	if (!redis)
		return -ENOMEM;
	redis->base.impl = &redis_impl;
	redis_link_init(&redis->link, &parsed, timeout_ms);
	redis_batch_init(&redis->batch);
	for (int i = 0; i < REDIS_SCRIPTS; i++) {
		const char *text = redis_script_text(i);

		redis_sha1(text, strlen(text), redis->sha1[i]);
	}
	*ret_tier = &redis->base;
	return 0;
}
