/* SPDX-License-Identifier: MIT */

/* store - the tiers that the environment names, as one. */

#pragma once

#include "common/config.h"
#include "common/tier/tier.h"

/*
 * The stack of the configured tiers, in their order, each behind a breaker.
 * Nothing is connected and no library loaded until a tier is first needed.
 * @config stays with the caller and must outlive it. tier_close() the result.
 * -ENOMEM.
 */
int store_open(const struct config *config, struct tier **ret_store);
