/* SPDX-License-Identifier: MIT */

/*
 * mongodb - the sink that stores each upload, a JSON object, as a document of
 * a collection. Lives in the module of the mongodb tier.
 */

#pragma once

#include "common/sink/sink.h"

/* Bounds of a document, from the environment. */
struct sink_mongodb_limits {
	uint64_t json_max;	/* TRANCHE_MAX_DOCUMENT, bytes */
	unsigned depth_max;	/* levels of nesting */
};

/*
 * A sink in @collection of the database that @uri names (else "tranche").
 * Connects when first asked; each operation waits for at most @timeout_ms.
 * sink_close() the result. -EINVAL @uri cannot be used (words for the log in
 * @ret_why, SINK_ERROR_MAX bytes), -ENOMEM.
 */
int sink_mongodb_open(const char *uri, const char *collection,
		      const struct sink_mongodb_limits *limits,
		      int64_t timeout_ms, char *ret_why,
		      struct sink **ret_sink);
