/* SPDX-License-Identifier: MIT */

/* When a tier is kept off, and when it is asked again. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/tier/breaker.h"
#include "test/unit/fake_clock.h"
#include "test/unit/fake_tier.h"

#define COOLDOWN_MS 5000

/* What the breaker opens, and how that goes. */
static struct fake_tier fake;
static int open_says;
static const char *open_why;
static unsigned opened;

static int open_fake(const struct config *config, char *ret_why,
		     struct tier **ret_tier)
{
	(void)config;
	opened++;
	strcpy(ret_why, open_why);
	if (open_says)
		return open_says;
	*ret_tier = &fake.base;
	return 0;
}

static const struct config config = { .cooldown_ms = COOLDOWN_MS };
static const struct circuit_server server = {
	.name = "redis",
	.url = "redis://localhost",
	.patience_ms = 1000,
};
static struct tier *breaker;

static int setup(void **state)
{
	(void)state;
	fake_clock_set(0);
	open_says = 0;
	open_why = "";
	opened = 0;
	fake_init(&fake, "redis", NULL);
	return tier_breaker_open(&config, &server, open_fake, &breaker);
}

static int teardown(void **state)
{
	(void)state;
	tier_close(breaker);
	fake_done(&fake);
	return 0;
}

static struct deadline soon(void)
{
	return deadline_in(10000);
}

static int ping(void)
{
	return tier_ping(breaker, soon());
}

static unsigned pings(void)
{
	return fake.calls[FAKE_PING];
}

static void tier_is_opened_when_it_is_first_needed(void **state)
{
	(void)state;
	assert_int_equal(opened, 0);
	assert_int_equal(ping(), 0);
	assert_int_equal(ping(), 0);
	assert_int_equal(opened, 1);
	assert_int_equal(pings(), 2);
}

static void failure_is_forwarded_once_and_the_tier_kept_off(void **state)
{
	(void)state;
	fake.fails = -ECONNREFUSED;
	assert_int_equal(ping(), -ECONNREFUSED);
	assert_string_equal(breaker->error, "redis: ping failed");
	for (int i = 0; i < 3; i++)
		assert_int_equal(ping(), -EHOSTDOWN);
	assert_int_equal(pings(), 1);
	assert_non_null(strstr(breaker->error, "redis is not asked for "));
	assert_non_null(strstr(breaker->error, "redis: ping failed"));
}

static void cool_down_counts_for_every_operation(void **state)
{
	struct session s = fake_session(1, 3), got;
	struct chunk chunk = fake_chunk(0, CHUNK_RAW, "abc", 3);
	struct tier_token token = { "a" };
	struct chunk_count held;
	struct chunk_list list;
	struct buf data;
	bool claimed;

	(void)state;
	buf_init(&data, 100);
	fake.fails = -EIO;
	assert_int_equal(ping(), -EIO);
	fake.fails = 0;
	assert_int_equal(tier_put_session(breaker, &s, soon()), -EHOSTDOWN);
	assert_int_equal(tier_get_session(breaker, s.id, TIER_READ_ALL, soon(),
					  &got), -EHOSTDOWN);
	assert_int_equal(tier_put_chunk(breaker, &s, &chunk, soon(), &held),
			 -EHOSTDOWN);
	assert_int_equal(tier_get_chunk(breaker, &s, 0, soon(), &data,
					&chunk.info), -EHOSTDOWN);
	assert_int_equal(tier_list_chunks(breaker, &s, soon(), &list),
			 -EHOSTDOWN);
	assert_int_equal(tier_claim(breaker, &s, &token, soon()), -EHOSTDOWN);
	assert_int_equal(tier_release(breaker, &s, &token, soon()),
			 -EHOSTDOWN);
	assert_int_equal(tier_is_claimed(breaker, &s, soon(), &claimed),
			 -EHOSTDOWN);
	assert_int_equal(tier_finish(breaker, &s, soon()), -EHOSTDOWN);
	assert_int_equal(tier_drop_session(breaker, &s, soon()), -EHOSTDOWN);
	assert_int_equal(tier_drop_chunk(breaker, &s, &chunk.info, soon()),
			 -EHOSTDOWN);
	assert_int_equal(tier_drop_chunks(breaker, &s, soon()), -EHOSTDOWN);
	assert_int_equal(tier_sweep(breaker, soon()), -EHOSTDOWN);
	for (int op = 0; op < FAKE_OPS; op++)
		assert_int_equal(fake.calls[op], op == FAKE_PING);
}

static void after_the_cool_down_one_call_is_the_trial(void **state)
{
	(void)state;
	fake.fails = -ETIMEDOUT;
	assert_int_equal(ping(), -ETIMEDOUT);
	fake_clock_set(COOLDOWN_MS - 500);
	assert_int_equal(ping(), -EHOSTDOWN);
	fake_clock_set(COOLDOWN_MS);
	assert_int_equal(ping(), -ETIMEDOUT);
	/* It failed: another cool-down, from now on. */
	assert_int_equal(ping(), -EHOSTDOWN);
	fake_clock_set(2 * COOLDOWN_MS - 500);
	assert_int_equal(ping(), -EHOSTDOWN);
	assert_int_equal(pings(), 2);
	fake_clock_set(2 * COOLDOWN_MS);
	fake.fails = 0;
	assert_int_equal(ping(), 0);
	assert_string_equal(breaker->error, "");
	assert_int_equal(ping(), 0);
	assert_int_equal(pings(), 4);
}

static void answers_keep_nobody_off(void **state)
{
	static const int answers[] = {
		TIER_E_CONFLICT, TIER_E_FULL, TIER_E_LIMIT,
	};
	const struct session session = { .id = "" };
	const struct chunk chunk = { .data = "" };
	struct chunk_count count;
	struct session found;

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(answers); i++) {
		fake.fails = answers[i / 2];
		assert_int_equal(tier_put_chunk(breaker, &session, &chunk,
						soon(), &count),
				 answers[i / 2]);
	}
	fake.says[FAKE_GET_SESSION] = TIER_E_ABSENT;
	for (int i = 0; i < 2; i++)
		assert_int_equal(tier_get_session(breaker, "", TIER_READ_FIRST,
						  soon(), &found),
				 TIER_E_ABSENT);
}

static void failures_of_this_process_keep_nobody_off(void **state)
{
	static const int own[] = {
		-ENOMEM, -EMFILE, -ENFILE, -ENOBUFS, -EMSGSIZE, -EAGAIN,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(own); i++) {
		fake.fails = own[i];
		assert_int_equal(ping(), own[i]);
		assert_string_equal(breaker->error, "redis: ping failed");
		fake.fails = 0;
		assert_int_equal(ping(), 0);
	}
}

static void nobody_is_asked_when_the_time_is_over(void **state)
{
	(void)state;
	assert_int_equal(tier_ping(breaker, deadline_in(0)), -ETIMEDOUT);
	assert_string_equal(breaker->error, "redis: no time was left to ask");
	assert_int_equal(tier_ping(breaker, deadline_in(-1000)), -ETIMEDOUT);
	assert_int_equal(pings(), 0);
	assert_int_equal(opened, 0);
	assert_int_equal(ping(), 0);
}

static void tier_that_had_hardly_any_time_is_not_kept_off(void **state)
{
	(void)state;
	fake.fails = -ETIMEDOUT;
	assert_int_equal(tier_ping(breaker, deadline_in(BREAKER_FAIR_MS / 2)),
			 -ETIMEDOUT);
	fake.fails = 0;
	assert_int_equal(ping(), 0);
	/* Little time is no excuse for another failure. */
	fake.fails = -ECONNREFUSED;
	assert_int_equal(tier_ping(breaker, deadline_in(BREAKER_FAIR_MS / 2)),
			 -ECONNREFUSED);
	assert_int_equal(ping(), -EHOSTDOWN);
}

static void tier_that_cannot_be_used_is_not_configured(void **state)
{
	(void)state;
	open_says = -EINVAL;
	open_why = "the URL has no host";
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ping(), -ENODEV);
		assert_string_equal(breaker->error,
				    "redis: the URL has no host");
		fake_clock_set((i + 1) * COOLDOWN_MS);
	}
	assert_int_equal(opened, 1);
}

static void tier_that_cannot_be_opened_is_sick(void **state)
{
	(void)state;
	open_says = -ENOENT;
	open_why = "the module is not there";
	assert_int_equal(ping(), -ENOENT);
	assert_string_equal(breaker->error, "redis: the module is not there");
	assert_int_equal(ping(), -EHOSTDOWN);
	assert_int_equal(opened, 1);
	fake_clock_set(COOLDOWN_MS);
	open_says = 0;
	assert_int_equal(ping(), 0);
	assert_int_equal(opened, 2);
}

static void no_memory_to_open_it_is_tried_again_at_once(void **state)
{
	(void)state;
	open_says = -ENOMEM;
	assert_int_equal(ping(), -ENOMEM);
	assert_non_null(strstr(breaker->error, "redis: "));
	open_says = 0;
	assert_int_equal(ping(), 0);
}

static void silent_tier_never_reads_as_not_configured(void **state)
{
	struct session got;

	(void)state;
	/* An errno that the system may give, and that means something here. */
	fake.fails = -ENODEV;
	assert_int_equal(tier_get_session(breaker, "", TIER_READ_FIRST, soon(),
					  &got), -EIO);
	assert_int_equal(ping(), -EHOSTDOWN);
	open_says = -ENODEV;
	fake_clock_set(COOLDOWN_MS);
	breaker = tier_close(breaker);
	assert_int_equal(tier_breaker_open(&config, &server, open_fake,
					   &breaker), 0);
	assert_int_equal(ping(), -EIO);
}

static void words_say_whose_they_are(void **state)
{
	(void)state;
	fake.name = "the server";
	fake.fails = -EIO;
	assert_int_equal(ping(), -EIO);
	assert_string_equal(breaker->error, "redis: the server: ping failed");
}

static void who_served_is_said(void **state)
{
	struct session s = fake_session(1, 3);

	(void)state;
	assert_null(breaker->served);
	assert_int_equal(tier_put_session(breaker, &s, soon()), 0);
	assert_string_equal(breaker->served, "redis");
}

static void tier_is_closed_with_it_if_it_was_opened(void **state)
{
	(void)state;
	breaker = tier_close(breaker);
	assert_false(fake.closed);
	assert_int_equal(tier_breaker_open(&config, &server, open_fake,
					   &breaker), 0);
	assert_int_equal(ping(), 0);
	breaker = tier_close(breaker);
	assert_true(fake.closed);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest cases[] = {
	CASE(tier_is_opened_when_it_is_first_needed),
	CASE(failure_is_forwarded_once_and_the_tier_kept_off),
	CASE(cool_down_counts_for_every_operation),
	CASE(after_the_cool_down_one_call_is_the_trial),
	CASE(answers_keep_nobody_off),
	CASE(failures_of_this_process_keep_nobody_off),
	CASE(nobody_is_asked_when_the_time_is_over),
	CASE(tier_that_had_hardly_any_time_is_not_kept_off),
	CASE(tier_that_cannot_be_used_is_not_configured),
	CASE(tier_that_cannot_be_opened_is_sick),
	CASE(no_memory_to_open_it_is_tried_again_at_once),
	CASE(silent_tier_never_reads_as_not_configured),
	CASE(words_say_whose_they_are),
	CASE(who_served_is_said),
	CASE(tier_is_closed_with_it_if_it_was_opened),
};

int main(void)
{
	return cmocka_run_group_tests(cases, NULL, NULL);
}
