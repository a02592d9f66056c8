/* SPDX-License-Identifier: MIT */

/*
 * breaker - a tier before another: opens it when it is first needed, and keeps
 * off it for a cool-down once it has failed, in this process or another one of
 * the host (circuit.h).
 *
 * So a sick tier costs its timeout once a host and cool-down, not once a
 * request. While it keeps off, every call fails with -EHOSTDOWN at once; one
 * call of the host after it is the trial of the tier.
 *
 * No failure of the tier, and nothing that keeps one off it: what this process
 * lacks (memory, descriptors, time that was over or all but over before the
 * call, which is then not made), what is too long (-EMSGSIZE), and -EAGAIN, by
 * which a tier that answers says that it cannot just now.
 */

#pragma once

#include "common/circuit.h"
#include "common/config.h"
#include "common/tier/tier.h"

/* Milliseconds: a call that got less of them says nothing of a tier. */
#define BREAKER_FAIR_MS 100

/*
 * Opens the tier itself. -EINVAL, with words in @ret_why (TIER_ERROR_MAX
 * bytes): it cannot be used as configured.
 */
typedef int tier_open_fn(const struct config *config, char *ret_why,
			 struct tier **ret_tier);

/*
 * A breaker before what @open opens, which is reached at @server and called by
 * its name in words. A tier that cannot be used as configured counts as not
 * configured: its calls give -ENODEV. @config stays with the caller.
 * tier_close() the result. -ENOMEM.
 */
int tier_breaker_open(const struct config *config,
		      const struct circuit_server *server, tier_open_fn *open,
		      struct tier **ret_tier);
