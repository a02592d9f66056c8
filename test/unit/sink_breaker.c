/* SPDX-License-Identifier: MIT */

/* When a sink is kept off, and what it shares with the tier beside it. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/sink/breaker.h"
#include "common/tier/breaker.h"
#include "test/unit/circuit_folder.h"
#include "test/unit/fake_clock.h"
#include "test/unit/fake_sink.h"
#include "test/unit/fake_tier.h"

#define COOLDOWN_MS 5000

static struct config config;
static const struct circuit_server server = {
	.name = "mongodb",
	.url = "mongodb://localhost",
	.patience_ms = 1000,
};

static struct fake_sink fake;
static struct fake_tier fake_tier;
static struct sink *sink;
static struct tier *tier;
static struct session session;
static int open_says;
static unsigned opened;

static int open_fake(const struct config *given, char *ret_why,
		     struct sink **ret_sink)
{
	(void)given;
	opened++;
	if (open_says) {
		strcpy(ret_why, "the collection has no name");
		return open_says;
	}
	*ret_sink = &fake.base;
	return 0;
}

static int open_fake_tier(const struct config *given, char *ret_why,
			  struct tier **ret_tier)
{
	(void)given;
	(void)ret_why;
	*ret_tier = &fake_tier.base;
	return 0;
}

static int setup(void **state)
{
	(void)state;
	fake_clock_set(0);
	open_says = 0;
	opened = 0;
	config = (struct config){
		.cooldown_ms = COOLDOWN_MS,
		.state_dir = circuit_folder_make(),
	};
	session = fake_session(1, 3);
	fake_sink_init(&fake, NULL);
	fake_init(&fake_tier, "mongodb", NULL);
	return sink_breaker_open(&config, &server, open_fake, &sink) ||
	       tier_breaker_open(&config, &server, open_fake_tier, &tier);
}

static int teardown(void **state)
{
	(void)state;
	sink_close(sink);
	tier_close(tier);
	fake_sink_done(&fake);
	fake_done(&fake_tier);
	circuit_folder_remove();
	return 0;
}

static struct deadline soon(void)
{
	return deadline_in(10000);
}

static int find(void)
{
	struct answer answer = { 0 };
	int r = sink_find(sink, &session, soon(), &answer);

	if (!r)
		answer_done(&answer);
	return r;
}

/* The whole way of an upload into the sink. */
static int commit(void)
{
	const struct sink_content content = { .size = 3 };
	struct answer answer = { 0 };
	int r;

	r = sink_begin(sink, &session, soon());
	if (!r)
		r = sink_write(sink, "abc", 3, soon());
	if (!r)
		r = sink_commit(sink, &session, &content, soon(), &answer);
	if (!r)
		answer_done(&answer);
	return r;
}

static void sink_is_opened_when_it_is_first_needed(void **state)
{
	(void)state;
	sink_abandon(sink);
	assert_int_equal(opened, 0);
	assert_int_equal(find(), SINK_E_ABSENT);
	assert_int_equal(commit(), 0);
	assert_int_equal(find(), 0);
	assert_int_equal(opened, 1);
}

static void silent_sink_is_asked_once_a_cool_down(void **state)
{
	(void)state;
	fake.says[FAKE_FIND] = -ETIMEDOUT;
	assert_int_equal(find(), -ETIMEDOUT);
	assert_string_equal(sink->error, "sink: find failed");
	for (int i = 0; i < 3; i++)
		assert_int_equal(find(), -EHOSTDOWN);
	assert_non_null(strstr(sink->error, "mongodb is not asked for "));
	assert_non_null(strstr(sink->error, "sink: find failed"));
	assert_int_equal(fake.calls[FAKE_FIND], 1);
	fake_clock_set(COOLDOWN_MS);
	fake.says[FAKE_FIND] = 0;
	assert_int_equal(find(), SINK_E_ABSENT);
	assert_int_equal(find(), SINK_E_ABSENT);
	assert_string_equal(sink->error, "");
}

static void commit_that_is_kept_off_ends_the_writing(void **state)
{
	const struct sink_content content = { .size = 3 };
	struct answer answer = { 0 };

	(void)state;
	assert_int_equal(sink_begin(sink, &session, soon()), 0);
	assert_int_equal(sink_write(sink, "abc", 3, soon()), 0);
	fake.says[FAKE_FIND] = -ECONNRESET;
	assert_int_equal(find(), -ECONNRESET);
	assert_int_equal(sink_commit(sink, &session, &content, soon(),
				     &answer), -EHOSTDOWN);
	assert_int_equal(fake.calls[FAKE_COMMIT], 0);
	assert_int_equal(fake.calls[FAKE_ABANDON], 1);
	assert_false(fake.writing);
}

static void answers_and_complaints_keep_nobody_off(void **state)
{
	static const int says[] = {
		SINK_E_ABSENT, SINK_E_TAKEN, SINK_E_NO_ROUTE, SINK_E_BAD_DATA,
		SINK_E_BAD_FIELDS, SINK_E_TOO_LARGE, SINK_E_FULL,
		-EACCES, -EIO, -EAGAIN, -ENOMEM,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(says); i++) {
		fake.says[FAKE_COMMIT] = says[i];
		assert_int_equal(commit(), says[i]);
		if (says[i] == SINK_E_BAD_DATA)
			assert_string_equal(sink->reason, "no good");
		if (says[i] == SINK_E_TOO_LARGE) {
			assert_string_equal(sink->limit, "maxDocument");
			assert_int_equal(sink->limit_max, 99);
		}
		if (says[i] < 0)
			assert_string_equal(sink->error,
					    "sink: commit failed");
		assert_int_equal(find(), SINK_E_ABSENT);
	}
}

static void sink_that_had_hardly_any_time_is_not_kept_off(void **state)
{
	struct answer answer;

	(void)state;
	fake.says[FAKE_FIND] = -ETIMEDOUT;
	assert_int_equal(sink_find(sink, &session, deadline_in(50), &answer),
			 -ETIMEDOUT);
	assert_int_equal(sink_find(sink, &session, deadline_in(0), &answer),
			 -ETIMEDOUT);
	assert_int_equal(fake.calls[FAKE_FIND], 1);
	fake.says[FAKE_FIND] = 0;
	assert_int_equal(find(), SINK_E_ABSENT);
}

static void tier_and_sink_on_a_silent_server_wait_once(void **state)
{
	(void)state;
	fake_tier.fails = -ETIMEDOUT;
	assert_int_equal(tier_ping(tier, soon()), -ETIMEDOUT);
	assert_int_equal(find(), -EHOSTDOWN);
	assert_int_equal(fake.calls[FAKE_FIND], 0);
	assert_int_equal(opened, 0);

	fake_clock_set(COOLDOWN_MS);
	fake.says[FAKE_FIND] = -ETIMEDOUT;
	assert_int_equal(find(), -ETIMEDOUT);
	assert_int_equal(tier_ping(tier, soon()), -EHOSTDOWN);

	fake_clock_set(2 * COOLDOWN_MS);
	fake_tier.fails = 0;
	fake.says[FAKE_FIND] = 0;
	assert_int_equal(find(), SINK_E_ABSENT);
	assert_int_equal(tier_ping(tier, soon()), 0);
}

static void complaint_to_the_tier_does_not_stop_the_sink(void **state)
{
	(void)state;
	/* As where the user may write to the application's collection alone. */
	fake_tier.fails = -EACCES;
	assert_int_equal(tier_ping(tier, soon()), -EACCES);
	assert_int_equal(tier_ping(tier, soon()), -EHOSTDOWN);
	assert_int_equal(find(), SINK_E_ABSENT);
	assert_int_equal(commit(), 0);
}

static void sink_that_cannot_be_opened_says_why(void **state)
{
	(void)state;
	open_says = -EINVAL;
	assert_int_equal(find(), -EINVAL);
	assert_string_equal(sink->error,
			    "mongodb: the collection has no name");
	assert_int_equal(commit(), -EINVAL);
	open_says = 0;
	assert_int_equal(find(), SINK_E_ABSENT);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest cases[] = {
	CASE(sink_is_opened_when_it_is_first_needed),
	CASE(silent_sink_is_asked_once_a_cool_down),
	CASE(commit_that_is_kept_off_ends_the_writing),
	CASE(answers_and_complaints_keep_nobody_off),
	CASE(sink_that_had_hardly_any_time_is_not_kept_off),
	CASE(tier_and_sink_on_a_silent_server_wait_once),
	CASE(complaint_to_the_tier_does_not_stop_the_sink),
	CASE(sink_that_cannot_be_opened_says_why),
};

int main(void)
{
	return cmocka_run_group_tests(cases, NULL, NULL);
}
