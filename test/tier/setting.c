/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/module.h"
#include "common/tier/memory.h"
#include "common/tier/mongodb.h"
#include "common/tier/redis.h"
#include "common/tier/stack.h"
#include "test/tier/setting.h"

#define TTL_MS 3600000	/* of the deployment that the settings play */

typedef int redis_fn(const char *url, int64_t timeout_ms, char *ret_why,
		     struct tier **ret_tier);
typedef int mongodb_fn(const char *uri, int64_t timeout_ms,
		       const char *state_dir, char *ret_why,
		       struct tier **ret_tier);

/* Says why a tier cannot be had, and gives @r. */
static int refuse(const char *name, int r, const char *why)
{
	fprintf(stderr, "%s: %s: %s\n", name, strerror(-r), why);
	return r;
}

static int open_redis(const struct place *place, struct tier **ret_tier)
{
	char why[TIER_ERROR_MAX] = "";
	redis_fn *open;
	void *symbol;
	int r;

	if (!place->redis_url || !place->redis_url[0])
		return refuse("redis", -EINVAL, "REDIS_URL is not set");
	r = module_symbol("redis", "tier_redis_open", why, &symbol);
	if (!r) {
		/* POSIX dlsym(3): a function's address fits a void *. */
		memcpy(&open, &symbol, sizeof(open));
		r = open(place->redis_url, place->timeout_ms, why, ret_tier);
	}
	return r ? refuse("redis", r, why) : 0;
}

static int open_mongodb(const struct place *place, struct tier **ret_tier)
{
	char why[TIER_ERROR_MAX] = "";
	mongodb_fn *open;
	void *symbol;
	int r;

	if (!place->mongodb_uri || !place->mongodb_uri[0])
		return refuse("mongodb", -EINVAL, "MONGODB_URI is not set");
	r = module_symbol("mongodb", "tier_mongodb_open", why, &symbol);
	if (!r) {
		memcpy(&open, &symbol, sizeof(open));
		r = open(place->mongodb_uri, place->timeout_ms,
			 /* state_dir= */ NULL, why, ret_tier);
	}
	return r ? refuse("mongodb", r, why) : 0;
}

_Static_assert(TIER_ERROR_MAX >= MODULE_ERROR_MAX, "one buffer for both");

static int open_memory(const struct place *place, struct tier **ret_tier)
{
	return tier_memory_open(place->memory_dir, place->memory_max, TTL_MS,
				ret_tier);
}

static const struct part redis = {
	"redis", open_redis, /* remote= */ true, &door_redis,
};
static const struct part mongodb = {
	"mongodb", open_mongodb, /* remote= */ true, &door_mongodb,
};
static const struct part memory = {
	"memory", open_memory, /* remote= */ false, &door_memory,
};

static const struct setting settings[] = {
	{ "memory", { &memory }, 1 },
	{ "redis", { &redis }, 1 },
	{ "mongodb", { &mongodb }, 1 },
	{ "redis+mongodb", { &redis, &mongodb }, 1 },
	{ "redis+mongodb-copies", { &redis, &mongodb }, 2 },
	{ "redis+memory", { &redis, &memory }, 1 },
	{ "mongodb+memory", { &mongodb, &memory }, 1 },
	{ "redis+mongodb+memory", { &redis, &mongodb, &memory }, 1 },
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
	struct stack_tier tiers[SETTING_PARTS_MAX] = { 0 };
	size_t n;
	int r = 0;

	if (setting_parts(setting) == 1)
		return setting->parts[0]->open(place, ret_tier);
	for (n = 0; n < setting_parts(setting); n++) {
		tiers[n].is_shared = setting->parts[n]->remote;
		r = setting->parts[n]->open(place, &tiers[n].tier);
		if (r)
			break;
	}
	if (!r)
		r = tier_stack_open(tiers, n, setting->copies, ret_tier);
	if (r)
		while (n > 0)
			tier_close(tiers[--n].tier);
	return r;
}
