/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/module.h"
#include "common/store.h"
#include "common/tier/breaker.h"
#include "common/tier/memory.h"
#include "common/tier/mongodb.h"
#include "common/tier/redis.h"
#include "common/tier/stack.h"

static int open_redis(const struct config *config, char *ret_why,
		      struct tier **ret_tier)
{
	__typeof__(tier_redis_open) *open;
	void *address;
	int r;

	r = module_symbol("redis", "tier_redis_open", ret_why, &address);
	if (r)
		return r;
	memcpy(&open, &address, sizeof(open));
	return open(config->redis_url, config->redis_timeout_ms, ret_why,
		    ret_tier);
}

static int open_mongodb(const struct config *config, char *ret_why,
			struct tier **ret_tier)
{
	__typeof__(tier_mongodb_open) *open;
	void *address;
	int r;

	module_expect_mongodb(config->mongodb_uri);
	r = module_symbol("mongodb", "tier_mongodb_open", ret_why, &address);
	if (r)
		return r;
	memcpy(&open, &address, sizeof(open));
	return open(config->mongodb_uri, config->mongodb_timeout_ms,
		    config->state_dir, ret_why, ret_tier);
}

static int open_memory(const struct config *config, char *ret_why,
		       struct tier **ret_tier)
{
	(void)ret_why;
	return tier_memory_open(config->memory_dir, config->memory_max,
				config->ttl_ms, ret_tier);
}

static const struct {
	const char *name;
	tier_open_fn *open;
	bool is_shared;
} kinds[] = {
	[CONFIG_REDIS] = { "redis", open_redis, true },
	[CONFIG_MONGODB] = { "mongodb", open_mongodb, true },
	[CONFIG_MEMORY] = { "memory", open_memory, false },
};

/* A call to the memory tier takes milliseconds, if no disk is behind it. */
#define MEMORY_PATIENCE_MS 3000

/* Where it is, and how long a call may wait for it. */
static struct circuit_server server_of(const struct config *config,
				       enum config_tier kind)
{
	struct circuit_server server = { .name = kinds[kind].name };

	switch (kind) {
	case CONFIG_REDIS:
		server.url = config->redis_url;
		server.patience_ms = config->redis_timeout_ms;
		break;
	case CONFIG_MONGODB:
		server.url = config->mongodb_uri;
		server.patience_ms = config->mongodb_timeout_ms;
		break;
	case CONFIG_MEMORY:
		server.url = config->memory_dir;
		server.patience_ms = MEMORY_PATIENCE_MS;
		break;
	}
	return server;
}

int store_open(const struct config *config, struct tier **ret_store)
{
	struct stack_tier tiers[CONFIG_TIERS_MAX] = { 0 };
	int r = 0;

	_Static_assert(CONFIG_TIERS_MAX <= STACK_TIERS_MAX,
		       "a stack holds every tier there is");
	for (size_t i = 0; !r && i < config->n_tiers; i++) {
		enum config_tier kind = config->tiers[i];
		struct circuit_server server = server_of(config, kind);

		tiers[i].is_shared = kinds[kind].is_shared;
		r = tier_breaker_open(config, &server, kinds[kind].open,
				      &tiers[i].tier);
	}
	if (!r)
		r = tier_stack_open(tiers, config->n_tiers,
				    (size_t)config->copies, ret_store);
	for (size_t i = 0; r && i < config->n_tiers; i++)
		tier_close(tiers[i].tier);
	return r;
}
