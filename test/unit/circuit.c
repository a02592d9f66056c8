/* SPDX-License-Identifier: MIT */

/* What processes of a host tell each other of a server that failed. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/circuit_folder.h"
#include "test/unit/peers.h"

#define COOLDOWN_MS 5000
#define PATIENCE_MS 1000
/* A trial's time: twice the patience, and a second. */
#define TRIAL_MS 3000
#define CROWD 8

static struct peers peers;
static struct peer a, b, crowd[CROWD];

static int setup(void **state)
{
	(void)state;
	peers = (struct peers){
		.server = { "redis", "redis://user:secret@host", PATIENCE_MS,
			    false },
		.folder = circuit_folder_make(),
		.cooldown_ms = COOLDOWN_MS,
	};
	a = peer_begin(&peers, 0);
	b = peer_begin(&peers, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	peer_end(&a);
	peer_end(&b);
	circuit_folder_remove();
	return 0;
}

/* What a process says that is there for one request. */
static int fresh_enter(int64_t at_ms)
{
	struct peer fresh = peer_begin(&peers, at_ms);
	int r = peer_enter(&fresh, at_ms);

	peer_kill(&fresh);
	return r;
}

/* How many of them may ask, when all want to at once; others are kept off. */
static unsigned ask_at_once(int64_t at_ms, size_t *ret_who)
{
	unsigned asking = 0;
	int r;

	for (size_t i = 0; i < CROWD; i++)
		peer_start_entering(&crowd[i], at_ms);
	for (size_t i = 0; i < CROWD; i++) {
		r = peer_entered(&crowd[i]);
		assert_true(r == 0 || r == -EHOSTDOWN);
		if (r)
			continue;
		*ret_who = i;
		asking++;
	}
	return asking;
}

static void begin_crowd(void)
{
	for (size_t i = 0; i < CROWD; i++)
		crowd[i] = peer_begin(&peers, 0);
}

static void end_crowd(void)
{
	for (size_t i = 0; i < CROWD; i++)
		peer_end(&crowd[i]);
}

static void call_fails(struct peer *peer, int64_t at_ms, int cause)
{
	assert_int_equal(peer_enter(peer, at_ms), 0);
	peer_sick(peer, at_ms, cause);
}

static void nothing_is_written_while_all_is_well(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(peer_enter(&a, i), 0);
		peer_well(&a, i);
	}
	assert_false(circuit_folder_is_there());
}

static void failure_in_one_keeps_all_off(void **state)
{
	(void)state;
	call_fails(&a, 0, -ETIMEDOUT);
	for (int at = 0; at < COOLDOWN_MS - 500; at += 500) {
		assert_int_equal(peer_enter(&a, at), -EHOSTDOWN);
		assert_int_equal(peer_enter(&b, at), -EHOSTDOWN);
		assert_int_equal(fresh_enter(at), -EHOSTDOWN);
	}
	assert_int_equal(peer_enter(&b, 0), -EHOSTDOWN);
	assert_non_null(strstr(peer_words(&b), "is not asked for "));
	assert_non_null(strstr(peer_words(&b), "the words of a failure"));
	assert_string_equal(peer_trouble(&a), "");
}

static void one_of_a_crowd_is_the_trial(void **state)
{
	size_t who = 0;

	(void)state;
	begin_crowd();
	call_fails(&a, 0, -ETIMEDOUT);
	/* Failing trials, each with a cool-down of its own behind it. */
	for (int64_t i = 1; i <= 30; i++) {
		assert_int_equal(ask_at_once(i * COOLDOWN_MS, &who), 1);
		assert_int_equal(peer_enter(&a, i * COOLDOWN_MS), -EHOSTDOWN);
		assert_non_null(strstr(peer_words(&a), "by another request"));
		peer_sick(&crowd[who], i * COOLDOWN_MS, -ETIMEDOUT);
		assert_int_equal(ask_at_once((i + 1) * COOLDOWN_MS - 500,
					     &who), 0);
	}
	end_crowd();
}

static void trial_that_is_answered_lets_all_in(void **state)
{
	size_t who = 0;

	(void)state;
	begin_crowd();
	call_fails(&a, 0, -ECONNREFUSED);
	assert_int_equal(ask_at_once(COOLDOWN_MS, &who), 1);
	peer_well(&crowd[who], COOLDOWN_MS + 100);
	assert_int_equal(ask_at_once(COOLDOWN_MS + 100, &who), CROWD);
	assert_int_equal(fresh_enter(COOLDOWN_MS + 100), 0);
	end_crowd();
}

static void trial_that_says_nothing_is_followed_by_the_next(void **state)
{
	(void)state;
	call_fails(&a, 0, -ETIMEDOUT);
	assert_int_equal(peer_enter(&a, COOLDOWN_MS), 0);
	assert_int_equal(peer_enter(&b, COOLDOWN_MS), -EHOSTDOWN);
	peer_unknown(&a, COOLDOWN_MS);
	assert_int_equal(peer_enter(&b, COOLDOWN_MS), 0);
	assert_int_equal(peer_enter(&a, COOLDOWN_MS), -EHOSTDOWN);
}

static void killed_trial_holds_others_off_until_its_time_is_over(void **state)
{
	struct peer victim = peer_begin(&peers, 0);
	size_t who = 0;

	(void)state;
	begin_crowd();
	call_fails(&a, 0, -ETIMEDOUT);
	assert_int_equal(peer_enter(&victim, COOLDOWN_MS), 0);
	peer_kill(&victim);
	assert_int_equal(ask_at_once(COOLDOWN_MS + TRIAL_MS - 500, &who), 0);
	assert_int_equal(ask_at_once(COOLDOWN_MS + TRIAL_MS, &who), 1);
	peer_well(&crowd[who], COOLDOWN_MS + TRIAL_MS);
	assert_int_equal(ask_at_once(COOLDOWN_MS + TRIAL_MS, &who), CROWD);
	end_crowd();
}

static void stopped_trial_changes_nothing_when_it_goes_on(void **state)
{
	int64_t later = COOLDOWN_MS + TRIAL_MS;

	(void)state;
	call_fails(&a, 0, -ETIMEDOUT);
	assert_int_equal(peer_enter(&a, COOLDOWN_MS), 0);
	assert_int_equal(peer_enter(&b, later), 0);
	/* Neither its answer nor its failure: b's trial decides. */
	peer_well(&a, later);
	assert_int_equal(peer_enter(&a, later), -EHOSTDOWN);
	peer_well(&b, later);
	peer_sick(&a, later, -ETIMEDOUT);
	assert_int_equal(fresh_enter(later), 0);
}

static void late_failure_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(peer_enter(&b, 0), 0);
	call_fails(&a, 0, -ETIMEDOUT);
	/* b waited, too: no cool-down begins anew. */
	peer_sick(&b, COOLDOWN_MS - 1000, -ETIMEDOUT);
	assert_int_equal(peer_enter(&b, COOLDOWN_MS - 1000), -EHOSTDOWN);
	assert_int_equal(peer_enter(&a, COOLDOWN_MS), 0);
	peer_well(&a, COOLDOWN_MS);

	/* b waits from before the failure until after the recovery. */
	assert_int_equal(peer_enter(&b, COOLDOWN_MS), 0);
	call_fails(&a, COOLDOWN_MS, -ETIMEDOUT);
	assert_int_equal(peer_enter(&a, 2 * COOLDOWN_MS), 0);
	peer_well(&a, 2 * COOLDOWN_MS);
	peer_sick(&b, 2 * COOLDOWN_MS, -ETIMEDOUT);
	assert_int_equal(peer_enter(&a, 2 * COOLDOWN_MS), 0);
	assert_int_equal(peer_enter(&b, 2 * COOLDOWN_MS), 0);
}

static void host_that_was_started_anew_asks_at_once(void **state)
{
	const int64_t before = 1000 * 86400 * INT64_C(1000);

	(void)state;
	/* Its clock began at 0 again, and the file survived. */
	call_fails(&a, before, -ETIMEDOUT);
	assert_int_equal(peer_enter(&b, 0), 0);
	assert_int_equal(peer_enter(&a, 0), -EHOSTDOWN);
	peer_well(&b, 0);
	assert_int_equal(peer_enter(&a, 0), 0);
	/* So it is with a trial of before. */
	call_fails(&a, before, -ETIMEDOUT);
	assert_int_equal(peer_enter(&a, before + COOLDOWN_MS), 0);
	assert_int_equal(peer_enter(&b, 0), 0);
}

static void without_a_cool_down_nobody_is_kept_off(void **state)
{
	(void)state;
	peers.cooldown_ms = 0;
	for (int i = 0; i < 2; i++) {
		struct peer peer = peer_begin(&peers, 0);

		call_fails(&peer, 0, -ETIMEDOUT);
		call_fails(&peer, 0, -ETIMEDOUT);
		peer_end(&peer);
	}
}

static void other_server_is_not_kept_off(void **state)
{
	static const char *const urls[] = {
		"redis://user:secret@host/1",
		"redis://user:secret@other",
		/* This one shares the file, and not what is in it. */
		"redis://user:changed@host",
	};

	(void)state;
	call_fails(&a, 0, -ETIMEDOUT);
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		peers.server.url = urls[i];
		assert_int_equal(fresh_enter(0), 0);
	}
	/* Nothing of a password is in the name of a file. */
	peers.server.url = "redis://user:changed@host";
	assert_int_equal(circuit_folder_files(), 1);
	b = (peer_end(&b), peer_begin(&peers, 0));
	call_fails(&b, 0, -ETIMEDOUT);
	assert_int_equal(circuit_folder_files(), 1);
	assert_int_equal(peer_enter(&b, 0), -EHOSTDOWN);
}

static void silence_alone_keeps_off_who_wants_it_so(void **state)
{
	struct peer sink;

	(void)state;
	peers.server.silence_only = true;
	sink = peer_begin(&peers, 0);
	call_fails(&a, 0, -EACCES);
	assert_int_equal(peer_enter(&a, 0), -EHOSTDOWN);
	assert_int_equal(peer_enter(&sink, 0), 0);
	peer_well(&sink, 0);
	assert_int_equal(peer_enter(&a, 0), -EHOSTDOWN);
	/* Its own wait counts for all. */
	call_fails(&sink, 3000, -ETIMEDOUT);
	assert_int_equal(peer_enter(&sink, 3000), -EHOSTDOWN);
	assert_int_equal(peer_enter(&a, COOLDOWN_MS), -EHOSTDOWN);
	assert_int_equal(peer_enter(&a, 3000 + COOLDOWN_MS), 0);
	assert_int_equal(peer_enter(&sink, 3000 + COOLDOWN_MS), -EHOSTDOWN);
	peer_end(&sink);
}

static void processes_without_a_folder_are_alone(void **state)
{
	struct peer alone;

	(void)state;
	peers.folder = NULL;
	alone = peer_begin(&peers, 0);
	call_fails(&alone, 0, -ETIMEDOUT);
	assert_string_equal(peer_trouble(&alone), "");
	assert_int_equal(peer_enter(&alone, 0), -EHOSTDOWN);
	assert_int_equal(fresh_enter(0), 0);
	assert_int_equal(peer_enter(&alone, COOLDOWN_MS), 0);
	peer_well(&alone, COOLDOWN_MS);
	assert_int_equal(peer_enter(&alone, COOLDOWN_MS), 0);
	peer_end(&alone);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest cases[] = {
	CASE(nothing_is_written_while_all_is_well),
	CASE(failure_in_one_keeps_all_off),
	CASE(one_of_a_crowd_is_the_trial),
	CASE(trial_that_is_answered_lets_all_in),
	CASE(trial_that_says_nothing_is_followed_by_the_next),
	CASE(killed_trial_holds_others_off_until_its_time_is_over),
	CASE(stopped_trial_changes_nothing_when_it_goes_on),
	CASE(late_failure_changes_nothing),
	CASE(host_that_was_started_anew_asks_at_once),
	CASE(without_a_cool_down_nobody_is_kept_off),
	CASE(other_server_is_not_kept_off),
	CASE(silence_alone_keeps_off_who_wants_it_so),
	CASE(processes_without_a_folder_are_alone),
};

int main(void)
{
	return cmocka_run_group_tests(cases, NULL, NULL);
}
