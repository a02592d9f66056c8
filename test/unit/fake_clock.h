/* SPDX-License-Identifier: MIT */

/*
 * fake_clock - clock_monotonic_ms() that goes on when a test says so, for
 * programs linked with -Wl,--wrap=clock_monotonic_ms. Deadlines keep the real
 * one.
 */

#pragma once

#include <stdint.h>

/* Sets by how much it is ahead of the real one; 0 at the start. */
void fake_clock_set(int64_t ahead_ms);
