/* SPDX-License-Identifier: MIT */

/*
 * deadline - when an operation must have ended, and what time it is.
 *
 * Deadlines are absolute, on CLOCK_MONOTONIC, and passed down unchanged or
 * shortened, never prolonged: a call may use what is left and no more.
 * Times that sessions carry are milliseconds of the Unix epoch.
 */

#pragma once

#include "common/base.h"

struct deadline {
	int64_t at_ms;
};

/* @ms milliseconds from now. */
struct deadline deadline_in(int64_t ms);

/* The earlier of @dl and @ms milliseconds from now. */
struct deadline deadline_within(struct deadline dl, int64_t ms);

/* Milliseconds left, 0 when it has passed. */
int64_t deadline_left(struct deadline dl);

/*
 * Sleeps @ms milliseconds, or what is left when that is less, then 0;
 * -ETIMEDOUT, without sleeping, when nothing is left.
 */
int deadline_sleep(struct deadline dl, int64_t ms);

/* Milliseconds since the Unix epoch, by the host's clock. */
int64_t clock_now_ms(void);

/* Milliseconds of CLOCK_MONOTONIC. */
int64_t clock_monotonic_ms(void);

/* Bytes of a time as text, the NUL included. */
#define CLOCK_ISO_MAX 32

/*
 * Writes @ms as ISO 8601 in UTC with milliseconds
 * ("2026-11-24T15:46:18.000Z", as ECMA-262 Date.prototype.toISOString).
 */
void clock_iso(int64_t ms, char ret_text[static CLOCK_ISO_MAX]);
