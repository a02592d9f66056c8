/* SPDX-License-Identifier: MIT */

/* Arrays of a server that claims more than it could send. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/module.h"
#include "common/tier/redis.h"
#include "test/unit/scripted.h"

#define TIMEOUT_MS 300		/* of the tier, where it shall run out */
#define PATIENCE_MS 20000	/* where it shall not */

typedef int open_fn(const char *url, int64_t timeout_ms, char *ret_why,
		    struct tier **ret_tier);

/* The result of a ping that @serve answers. */
static int ping(serve_fn *serve, int64_t timeout_ms)
{
	char why[TIER_ERROR_MAX + MODULE_ERROR_MAX], url[64];
	struct server server;
	void *address;
	struct tier *t;
	open_fn *open;
	int r;

	if (module_symbol("redis", "tier_redis_open", why, &address))
		fail_msg("%s", why);
	memcpy(&open, &address, sizeof(open));
	server_start(&server, serve);
	snprintf(url, sizeof(url), "redis://127.0.0.1:%u", server.port);
	assert_int_equal(open(url, timeout_ms, why, &t), 0);
	r = tier_ping(t, deadline_in(PATIENCE_MS));
	tier_close(t);
	server_stop(&server);
	return r;
}

static void answer(int listener, const char *text)
{
	int fd = next(listener);

	hear(fd, "chunked:ping\r\n");
	say(fd, text);
	pause();
}

static void serve_millions(int listener)
{
	answer(listener, "*1000000000\r\n");
}

static void serve_one_over(int listener)
{
	answer(listener, "*2097153\r\n");
}

static void serve_most(int listener)
{
	answer(listener, "*2097152\r\n");
}

static void serve_within(int listener)
{
	answer(listener, "*2\r\n:1\r\n*1000000000\r\n");
}

static void array_that_cannot_come_is_refused_at_once(void **state)
{
	(void)state;
	assert_int_equal(ping(serve_millions, PATIENCE_MS), -EPROTO);
	assert_int_equal(ping(serve_one_over, PATIENCE_MS), -EPROTO);
	assert_int_equal(ping(serve_within, PATIENCE_MS), -EPROTO);
}

static void array_that_could_come_is_waited_for(void **state)
{
	(void)state;
	assert_int_equal(ping(serve_most, TIMEOUT_MS), -ETIMEDOUT);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(array_that_cannot_come_is_refused_at_once),
		cmocka_unit_test(array_that_could_come_is_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
