/* SPDX-License-Identifier: MIT */

/*
 * fake_wall - clock_now_ms() that goes on when a test says so, for programs
 * linked with -Wl,--wrap=clock_now_ms.
 */

#pragma once

#include <stdint.h>

/* Sets by how much it is ahead of the real one; 0 at the start. */
void fake_wall_set(int64_t ahead_ms);
