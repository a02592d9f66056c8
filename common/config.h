/* SPDX-License-Identifier: MIT */

/*
 * config - the environment, read once from the process's own, never from
 * request parameters. The table in config.c is the only list of variables.
 */

#pragma once

#include "common/base.h"
#include "common/buf.h"

#define CONFIG_TIERS_MAX 3
/* Bytes of all complaints that config_read() makes. */
#define CONFIG_ERRORS_MAX KIB(16)
/* Bytes of a path that is made here (TRANCHE_MEMORY_DIR by default). */
#define CONFIG_PATH_MAX 256

enum config_tier {
	CONFIG_REDIS,
	CONFIG_MONGODB,
	CONFIG_MEMORY,
};

enum config_sink {
	CONFIG_SINK_FILE,
	CONFIG_SINK_MONGODB,
};

enum config_log_level {
	CONFIG_LOG_ERROR,
	CONFIG_LOG_WARN,
	CONFIG_LOG_INFO,
	CONFIG_LOG_DEBUG,
};

enum config_log_format {
	CONFIG_LOG_LOGFMT,
	CONFIG_LOG_JSON,
};

/* Texts point into the environment or the struct itself. */
struct config {
	const char *redis_url;		/* NULL: not set, or invalid */
	const char *mongodb_uri;	/* NULL: not set, or invalid */
	enum config_tier tiers[CONFIG_TIERS_MAX];	/* in order */
	size_t n_tiers;
	uint64_t copies;		/* of what a 2xx promises */

	enum config_sink sink;
	const char *sink_target;	/* the folder, the collection */
	unsigned sink_mode;

	int64_t ttl_ms;
	uint64_t max_chunks;
	uint64_t max_chunk_size;	/* bytes, as all sizes */
	uint64_t max_size;
	uint64_t max_inflated;
	uint64_t max_document;

	const char *memory_dir;
	uint64_t memory_max;
	const char *state_dir;		/* NULL: none */
	const char *body_dir;		/* NULL: none */
	const char *cors_origins;	/* "": none */

	int64_t request_timeout_ms;
	int64_t complete_timeout_ms;
	int64_t redis_timeout_ms;
	int64_t mongodb_timeout_ms;
	int64_t cooldown_ms;
	uint64_t max_requests;		/* 0: no end */
	int64_t idle_timeout_ms;	/* 0: never */

	enum config_log_level log_level;
	enum config_log_format log_format;

	char memory_dir_default[CONFIG_PATH_MAX];
};

/* A row of the table, for the README's test and for doctor. */
struct config_variable {
	const char *name;
	const char *fallback;	/* the default as one would write it; "": none */
	const char *meaning;
};

/* The @i-th variable; NULL behind the last. */
const struct config_variable *config_variable(size_t i);

/*
 * Reads all of it with @get (getenv, or a test's own). @errors gets one line
 * for each mistake that the program must not start with, each naming its
 * variable; @warnings for those it starts with all the same (a REDIS_URL or
 * MONGODB_URI that is invalid: its tier counts as not configured). No line
 * repeats a URL. 0, or -EINVAL when there are errors; -ENOBUFS, -ENOMEM.
 */
int config_read(char *(*get)(const char *name), struct config *ret_config,
		struct buf *errors, struct buf *warnings);
