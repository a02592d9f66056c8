/* SPDX-License-Identifier: MIT */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/module.h"

/* Where SASL looks for its plug-ins, and NULL: where it always does. */
static const char *plugins(const char *own, const char *uri)
{
	if (own)
		setenv("SASL_PATH", own, 1);
	else
		unsetenv("SASL_PATH");
	module_expect_mongodb(uri);
	return getenv("SASL_PATH");
}

static void a_mechanism_that_is_named_has_its_plugins(void **state)
{
	(void)state;
	assert_null(plugins(NULL, "mongodb://u@h/?authMechanism=GSSAPI"));
	assert_null(plugins(NULL, "mongodb://h/d?w=1&authmechanism=PLAIN"));
}

static void where_none_is_named_none_is_loaded(void **state)
{
	(void)state;
	assert_string_equal(plugins(NULL, "mongodb://127.0.0.1/d"),
			    "/dev/null");
	assert_string_equal(plugins(NULL, "mongodb+srv://u:p@h/?tls=true"),
			    "/dev/null");
}

static void whoever_set_the_path_has_set_it(void **state)
{
	(void)state;
	assert_string_equal(plugins("/opt/sasl", "mongodb://h"), "/opt/sasl");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mechanism_that_is_named_has_its_plugins),
		cmocka_unit_test(where_none_is_named_none_is_loaded),
		cmocka_unit_test(whoever_set_the_path_has_set_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
