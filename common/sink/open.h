/* SPDX-License-Identifier: MIT */

/* open - the sink that the environment names. */

#pragma once

#include "common/config.h"
#include "common/sink/sink.h"

/*
 * Opens TRANCHE_SINK, without touching it or loading its library yet; one that
 * cannot be used as configured says so when it is. @config stays with the
 * caller and must outlive it. sink_close() the result. -ENOMEM.
 */
int sink_open(const struct config *config, struct sink **ret_sink);
