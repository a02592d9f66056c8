/* SPDX-License-Identifier: MIT */

/*
 * breaker - a sink before another, on a server that may be silent: keeps off
 * it for a cool-down once it was, for this process or another one of the host
 * (circuit.h). With the tier on the same server it has one circuit.
 *
 * While it keeps off, find and commit fail with -EHOSTDOWN at once. What a
 * server complains of comes at once and costs no wait, and it may be about one
 * upload alone: that keeps nobody off, and answers never do.
 */

#pragma once

#include "common/circuit.h"
#include "common/sink/sink.h"

/*
 * A breaker before @sink, which is on @server; its silence_only is not looked
 * at. @folder and @cooldown_ms as for circuit_init(). sink_close() the result,
 * which closes @sink, too; after a failure @sink stays the caller's. -ENOMEM.
 */
int sink_breaker_open(struct sink *sink, const struct circuit_server *server,
		      const char *folder, int64_t cooldown_ms,
		      struct sink **ret_sink);
