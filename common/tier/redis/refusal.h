/* SPDX-License-Identifier: MIT */

/*
 * redis_refusal - what an error reply of a Redis server means to a tier.
 */

#pragma once

#include "common/base.h"

/* Bytes of the words, the NUL included. */
#define REDIS_WHY_MAX 192

/* Whether @text, an error reply, begins with the code @code. */
bool redis_error_is(const char *text, const char *code);

/*
 * TIER_E_FULL when the server has no room; else -errno, with words for the
 * log in @ret_why: nothing of the server's own text but the code it begins
 * with, for that text may repeat a command's arguments.
 */
int redis_refusal(const char *text, char ret_why[static REDIS_WHY_MAX]);
