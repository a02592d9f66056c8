/* SPDX-License-Identifier: MIT */

/*
 * breaker - a sink before another, on a server that may be silent: opens it
 * when it is first needed, and keeps off it for a cool-down once it was
 * silent, to this process or another one of the host (circuit.h). With the tier
 * on the same server it has one circuit.
 *
 * While it keeps off, find and commit fail with -EHOSTDOWN at once. What a
 * server complains of comes at once and costs no wait, and it may be about one
 * upload alone: that keeps nobody off, and answers never do.
 */

#pragma once

#include "common/circuit.h"
#include "common/config.h"
#include "common/sink/sink.h"

/*
 * Opens the sink itself. -EINVAL it cannot be used as configured; -ENOENT its
 * module is missing; both with words in @ret_why (SINK_ERROR_MAX bytes).
 */
typedef int sink_open_fn(const struct config *config, char *ret_why,
			 struct sink **ret_sink);

/*
 * A breaker before what @open opens, which is on @server (whose silence_only is
 * not looked at) and called by its name in words. What @open says comes from
 * the first call. @config stays with the caller. sink_close() the result.
 * -ENOMEM.
 */
int sink_breaker_open(const struct config *config,
		      const struct circuit_server *server, sink_open_fn *open,
		      struct sink **ret_sink);
