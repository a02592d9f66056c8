/* SPDX-License-Identifier: MIT */

/*
 * setting - the tiers on which the contract is tested, alone and stacked.
 *
 * To add a tier: a door (door.h), a part and the settings with it in
 * setting.c, their names in meson.build.
 */

#pragma once

#include "common/tier/tier.h"
#include "test/tier/door.h"

#define SETTING_PARTS_MAX 3

/* Where the servers and files of the parts are. */
struct place {
	const char *redis_url;		/* NULL: not given */
	const char *mongodb_uri;	/* NULL: not given */
	char memory_dir[64];
	uint64_t memory_max;		/* bytes */
	int64_t timeout_ms;		/* of each call of a driver */
};

/* A kind of tier. */
struct part {
	const char *name;
	/* Opens one; says on stderr why it cannot. */
	int (*open)(const struct place *place, struct tier **ret_tier);
	/* Whether it has a server, which may be dead. */
	bool remote;
	const struct door *door;
};

struct setting {
	const char *name;
	/* In order; NULL behind the last. More than one: a stack of them. */
	const struct part *parts[SETTING_PARTS_MAX];
	size_t copies;		/* that a stack of them keeps */
};

/* NULL when there is none of that name. */
const struct setting *setting_find(const char *name);

/* Names of all, one a line, to stderr. */
void setting_list(void);

size_t setting_parts(const struct setting *setting);

/* Opens its tier or stack at @place; tier_close() the result. */
int setting_open(const struct setting *setting, const struct place *place,
		 struct tier **ret_tier);
