/* SPDX-License-Identifier: MIT */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "common/deadline.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)
#define LAST_MS 253402300799999	/* 9999-12-31T23:59:59.999Z */

static void check(int64_t ms, const char *wanted)
{
	char text[CLOCK_ISO_MAX];

	clock_iso(ms, text);
	assert_string_equal(text, wanted);
}

/* As the C library says it. */
static void check_library(int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	char wanted[CLOCK_ISO_MAX];
	struct tm utc;
	size_t n;

	assert_non_null(gmtime_r(&seconds, &utc));
	n = strftime(wanted, sizeof(wanted), "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(wanted + n, sizeof(wanted) - n, ".%03dZ", (int)(ms % 1000));
	check(ms, wanted);
}

static void every_day_to_the_year_9999_is_the_librarys(void **state)
{
	(void)state;
	for (int64_t ms = 0; ms <= LAST_MS; ms += DAY_MS) {
		check_library(ms);
		check_library(ms + DAY_MS - 1);
	}
}

static void every_second_of_a_day_is_the_librarys(void **state)
{
	(void)state;
	for (int64_t ms = 0; ms < DAY_MS; ms += 1001)
		check_library(1795849621023 - 1795849621023 % DAY_MS + ms);
}

static void a_leap_day_is_where_it_should_be(void **state)
{
	(void)state;
	check(951782400000, "2000-02-29T00:00:00.000Z");
	check(4107542400000, "2100-03-01T00:00:00.000Z");
}

static void what_is_no_time_of_ours_is_the_first(void **state)
{
	(void)state;
	check(0, "1970-01-01T00:00:00.000Z");
	check(-1, "1970-01-01T00:00:00.000Z");
	check(INT64_MIN, "1970-01-01T00:00:00.000Z");
	check(LAST_MS, "9999-12-31T23:59:59.999Z");
	check(LAST_MS + 1, "1970-01-01T00:00:00.000Z");
	check(INT64_MAX, "1970-01-01T00:00:00.000Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_day_to_the_year_9999_is_the_librarys),
		cmocka_unit_test(every_second_of_a_day_is_the_librarys),
		cmocka_unit_test(a_leap_day_is_where_it_should_be),
		cmocka_unit_test(what_is_no_time_of_ours_is_the_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
