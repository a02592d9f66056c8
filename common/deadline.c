/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <time.h>

#include "common/deadline.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)
#define DAYS_TO_1970 719468	/* from March 1 of the year 0 */
#define YEAR_9999_END_MS 253402300799999

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

/* Writes @n decimal digits and what ends them; returns what is behind. */
static char *put(char *to, unsigned value, size_t n, char end)
{
	for (size_t i = n; i > 0; i--, value /= 10)
		to[i - 1] = (char)('0' + value % 10);
	to[n] = end;
	return to + n + 1;
}

/*
 * By the calendar alone: gmtime_r() reads the time zone's file first, which is
 * nine calls to the system in a process that serves one request. Years begin
 * with March here, so that a leap day is the last of its year, and 400 of them
 * have 146,097 days.
 */
void clock_iso(int64_t ms, char ret_text[static CLOCK_ISO_MAX])
{
	unsigned days, of_era, year, of_year, month, seconds;

	/* Years past 9999 cannot come from a checked session. */
	if (ms < 0 || ms > YEAR_9999_END_MS)
		ms = 0;
	days = (unsigned)(ms / DAY_MS) + DAYS_TO_1970;
	of_era = days % 146097;
	year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) /
	       365;
	of_year = of_era - (365 * year + year / 4 - year / 100);
	month = (5 * of_year + 2) / 153;
	seconds = (unsigned)(ms % DAY_MS / 1000);
	ret_text = put(ret_text, year + days / 146097 * 400 + (month > 9), 4,
		       '-');
	ret_text = put(ret_text, month > 9 ? month - 9 : month + 3, 2, '-');
	ret_text = put(ret_text, of_year - (153 * month + 2) / 5 + 1, 2, 'T');
	ret_text = put(ret_text, seconds / 3600, 2, ':');
	ret_text = put(ret_text, seconds / 60 % 60, 2, ':');
	ret_text = put(ret_text, seconds % 60, 2, '.');
	ret_text = put(ret_text, (unsigned)(ms % 1000), 3, 'Z');
	*ret_text = '\0';
}
