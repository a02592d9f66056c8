/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/module.h"
#include "common/tier/mongodb.h"
#include "common/tier/redis.h"
#include "test/tier/setting.h"

/* How redis.h and mongodb.h open theirs. */
typedef int open_fn(const char *url, int64_t timeout_ms, char *ret_why,
		    struct tier **ret_tier);

static int open_module(const char *module, const char *symbol,
		       const char *variable, const char *url,
		       int64_t timeout_ms, struct tier **ret_tier)
{
	char why[MODULE_ERROR_MAX > TIER_ERROR_MAX ?
		 MODULE_ERROR_MAX : TIER_ERROR_MAX] = "";
	open_fn *open;
	void *address;
	int r;

	if (!url || !url[0]) {
		fprintf(stderr, "%s: %s is not set\n", module, variable);
		return -EINVAL;
	}
	r = module_symbol(module, symbol, why, &address);
	if (!r) {
		/* POSIX dlsym(3): a function's address fits a void *. */
		memcpy(&open, &address, sizeof(open));
		r = open(url, timeout_ms, why, ret_tier);
	}
	if (r)
		fprintf(stderr, "%s: %s: %s\n", module, strerror(-r), why);
	return r;
}

static int open_redis(const struct place *place, struct tier **ret_tier)
{
	return open_module("redis", "tier_redis_open", "REDIS_URL",
			   place->redis_url, place->timeout_ms, ret_tier);
}

static int open_mongodb(const struct place *place, struct tier **ret_tier)
{
	return open_module("mongodb", "tier_mongodb_open", "MONGODB_URI",
			   place->mongodb_uri, place->timeout_ms, ret_tier);
}

static const struct part redis = {
	"redis", open_redis, /* remote= */ true, &door_redis,
};
static const struct part mongodb = {
	"mongodb", open_mongodb, /* remote= */ true, &door_mongodb,
};
static const struct setting settings[] = {
	{ "redis", { &redis } },
	{ "mongodb", { &mongodb } },
};

const struct setting *setting_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		if (strcmp(settings[i].name, name) == 0)
			return &settings[i];
	return NULL;
}

void setting_list(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		fprintf(stderr, "\t%s\n", settings[i].name);
}

size_t setting_parts(const struct setting *setting)
{
	size_t n = 0;

	while (n < SETTING_PARTS_MAX && setting->parts[n])
		n++;
	return n;
}

int setting_open(const struct setting *setting, const struct place *place,
		 struct tier **ret_tier)
{
	return setting->parts[0]->open(place, ret_tier);
}
