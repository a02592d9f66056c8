/* SPDX-License-Identifier: MIT */

#include "test/unit/fake_wall.h"

/* The linker's names for the clock as it is called, and as it is. */
int64_t __real_clock_now_ms(void);
int64_t __wrap_clock_now_ms(void);

static int64_t ahead;

void fake_wall_set(int64_t ahead_ms)
{
	ahead = ahead_ms;
}

int64_t __wrap_clock_now_ms(void)
{
	return __real_clock_now_ms() + ahead;
}
