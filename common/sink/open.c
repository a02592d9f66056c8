/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <string.h>

#include "common/module.h"
#include "common/sink/breaker.h"
#include "common/sink/file.h"
#include "common/sink/mongodb.h"
#include "common/sink/open.h"

/* Levels of nesting in a document; MongoDB itself takes 100. */
#define DOCUMENT_DEPTH_MAX 100

static int open_mongodb(const struct config *config, char *ret_why,
			struct sink **ret_sink)
{
	const struct sink_mongodb_limits limits = {
		.json_max = config->max_document,
		.depth_max = DOCUMENT_DEPTH_MAX,
	};
	__typeof__(sink_mongodb_open) *open;
	void *address;
	int r;

	_Static_assert(SINK_ERROR_MAX >= MODULE_ERROR_MAX, "one buffer serves");
	module_expect_mongodb(config->mongodb_uri);
	r = module_symbol("mongodb", "sink_mongodb_open", ret_why, &address);
	if (r)
		return r;
	memcpy(&open, &address, sizeof(open));
	return open(config->mongodb_uri, config->sink_target, &limits,
		    config->mongodb_timeout_ms, ret_why, ret_sink);
}

/* On the server of the tier, and so as store.c has that. */
static int open_mongodb_breaker(const struct config *config,
				struct sink **ret_sink)
{
	const struct circuit_server server = {
		.name = "mongodb",
		.url = config->mongodb_uri,
		.patience_ms = config->mongodb_timeout_ms,
	};

	return sink_breaker_open(config, &server, open_mongodb, ret_sink);
}

int sink_open(const struct config *config, struct sink **ret_sink)
{
	switch (config->sink) {
	case CONFIG_SINK_FILE:
		return sink_file_open(config->sink_target, config->sink_mode,
				      ret_sink);
	case CONFIG_SINK_MONGODB:
		return open_mongodb_breaker(config, ret_sink);
	}
	return -EINVAL;
}
