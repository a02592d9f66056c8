/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "common/deadline.h"

static int64_t read_clock_ms(clockid_t id)
{
	struct timespec now;

	/* Cannot fail: both clocks exist on every Linux. */
	clock_gettime(id, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_now_ms(void)
{
	return read_clock_ms(CLOCK_REALTIME);
}

int64_t clock_monotonic_ms(void)
{
	return read_clock_ms(CLOCK_MONOTONIC);
}

struct deadline deadline_in(int64_t ms)
{
	return (struct deadline){ .at_ms = clock_monotonic_ms() + ms };
}

struct deadline deadline_within(struct deadline dl, int64_t ms)
{
	struct deadline other = deadline_in(ms);

	return other.at_ms < dl.at_ms ? other : dl;
}

int64_t deadline_left(struct deadline dl)
{
	int64_t left = dl.at_ms - clock_monotonic_ms();

	return left > 0 ? left : 0;
}

int deadline_sleep(struct deadline dl, int64_t ms)
{
	int64_t left = deadline_left(dl);
	struct timespec pause;

	if (left == 0)
		return -ETIMEDOUT;
	if (ms > left)
		ms = left;
	pause.tv_sec = (time_t)(ms / 1000);
	pause.tv_nsec = (long)(ms % 1000) * 1000000;
	nanosleep(&pause, NULL);
	return 0;
}

void clock_iso(int64_t ms, char ret_text[static CLOCK_ISO_MAX])
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm utc;
	size_t n;

	/* Years past 9999 cannot come from a checked session. */
	if (ms < 0 || !gmtime_r(&seconds, &utc) || utc.tm_year > 9999 - 1900) {
		seconds = 0;
		gmtime_r(&seconds, &utc);
	}
	n = strftime(ret_text, CLOCK_ISO_MAX, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(ret_text + n, CLOCK_ISO_MAX - n, ".%03dZ", (int)(ms % 1000));
}
