/* SPDX-License-Identifier: MIT */

/* config_values - variables whose values are no plain numbers; for config.c. */

#pragma once

#include "common/config.h"

/* What a program may not start with goes to errors, the rest to warnings. */
struct config_reader {
	char *(*get)(const char *name);
	struct config *config;
	struct buf *errors;
	struct buf *warnings;
	size_t shared;		/* tiers named and set, their URL valid or not */
};

/* Adds a line, "@name @format". -ENOBUFS, -ENOMEM. */
int config_complain(struct buf *to, const char *name, const char *format, ...)
	PRINTF_LIKE(3, 4);

/*
 * Reads @value, or the default, of the variable @name into in->config. What is
 * wrong with it is complained of; only -ENOBUFS and -ENOMEM are failures.
 */
typedef int config_parse_fn(struct config_reader *in, const char *name,
			    const char *value);

config_parse_fn config_parse_redis_url;
config_parse_fn config_parse_mongodb_uri;
config_parse_fn config_parse_tiers;
config_parse_fn config_parse_copies;
config_parse_fn config_parse_sink;
config_parse_fn config_parse_sink_mode;
config_parse_fn config_parse_memory_dir;
config_parse_fn config_parse_state_dir;
config_parse_fn config_parse_body_dir;
config_parse_fn config_parse_cors_origins;
config_parse_fn config_parse_log_level;
config_parse_fn config_parse_log_format;
