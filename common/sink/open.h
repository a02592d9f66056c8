/* SPDX-License-Identifier: MIT */

/* open - the sink that the environment names. */

#pragma once

#include "common/config.h"
#include "common/sink/sink.h"

/*
 * Opens TRANCHE_SINK, without touching it yet. sink_close() the result.
 * -EINVAL it cannot be used as configured; -ENOENT its module is missing;
 * both with words for the log in @ret_why (SINK_ERROR_MAX bytes). -ENOMEM.
 */
int sink_open(const struct config *config, char *ret_why,
	      struct sink **ret_sink);
