/* SPDX-License-Identifier: MIT */

/*
 * The file sink, call by call: what is on the disk before what, and what
 * others do to its work folder at the worst moment.
 */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "test/lib/interrupt.h"
#include "test/sink/trial.h"

#define EVENTS_MAX 64

/* The commit of a child, and what is seen of it. */
struct watched {
	struct trial trial;
	struct session session;
	struct outcome *outcome;		/* shared */
	char events[EVENTS_MAX][64];		/* file synced, or call */
	unsigned n;
	bool disturbed;
	int lock;
};

static void do_commit(void *user)
{
	struct watched *watched = user;

	trial_commit(&watched->trial, &watched->session, watched->outcome);
}

static void do_find(void *user)
{
	struct watched *watched = user;
	struct sink *sink = trial_sink(&watched->trial);
	struct answer answer;

	watched->outcome->r = sink_find(sink, &watched->session,
					deadline_in(100), &answer);
	watched->outcome->ended = true;
}

static void watched_init(struct watched *watched, bool is_update)
{
	struct session create;
	struct outcome outcome;

	*watched = (struct watched){
		.outcome = interrupt_shared(sizeof(struct outcome)),
		.lock = -1,
	};
	trial_init(&watched->trial);
	trial_session(&create, "n", false);
	trial_session(&watched->session, "n", is_update);
	if (!is_update)
		return;
	trial_commit(&watched->trial, &create, &outcome);
	trial_expect(&outcome, 0);
}

static void note(void *watcher, int nr, const char *path)
{
	struct watched *watched = watcher;
	const char *event = NULL;

	switch (nr) {
	case SYS_fsync:
		event = strrchr(path, '/') + 1;
		break;
	case SYS_linkat:
		event = "link";
		break;
	case SYS_renameat:
		event = "rename";
		break;
	default:
		return;
	}
	assert_true(watched->n < EVENTS_MAX);
	snprintf(watched->events[watched->n++], sizeof(watched->events[0]),
		 "%s", event);
}

/* Takes the next event that begins with @expected, and no link or rename
 * before it. */
static void expect_next(struct watched *watched, unsigned *at,
			const char *expected)
{
	for (; *at < watched->n; ++*at) {
		const char *event = watched->events[*at];

		if (!strncmp(event, expected, strlen(expected))) {
			++*at;
			return;
		}
		if (!strcmp(event, "link") || !strcmp(event, "rename"))
			break;
	}
	for (unsigned i = 0; i < watched->n; i++)
		print_error("%s %s\n", i == *at ? "->" : "  ",
			    watched->events[i]);
	fail_msg("no %s here", expected);
}

static void expect_order(bool is_update)
{
	const char *place = is_update ? "rename" : "link";
	struct watched watched;
	unsigned at = 0;
	const char *dir;

	watched_init(&watched, is_update);
	interrupt_watch(do_commit, &watched, note, &watched);
	trial_expect(watched.outcome, 0);
	dir = strrchr(watched.trial.dir, '/') + 1;

	expect_next(&watched, &at, "aside-");
	expect_next(&watched, &at, "rename");	/* the data gets its name */
	expect_next(&watched, &at, "data-n");	/* its mode */
	expect_next(&watched, &at, "json-n");
	expect_next(&watched, &at, "plan-n");
	expect_next(&watched, &at, "rename");	/* the intent */
	expect_next(&watched, &at, ".tranche");
	expect_next(&watched, &at, place);	/* the data */
	expect_next(&watched, &at, place);	/* the .json */
	expect_next(&watched, &at, dir);
	expect_next(&watched, &at, "rename");	/* it was done */
	expect_next(&watched, &at, "done-");
	expect_next(&watched, &at, ".tranche");
	assert_int_equal(at, watched.n);
	trial_done(&watched.trial);
}

static void a_create_is_on_the_disk_step_by_step(void **state)
{
	(void)state;
	expect_order(false);
}

static void an_update_is_on_the_disk_step_by_step(void **state)
{
	(void)state;
	expect_order(true);
}

/* Clears the lock away as the child is about to take it, takes a new one. */
static void replace_lock(void *watcher, int nr, const char *path)
{
	struct watched *watched = watcher;

	if (nr != SYS_flock || watched->disturbed)
		return;
	watched->disturbed = true;
	assert_int_equal(unlink(path), 0);
	watched->lock = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	assert_true(watched->lock >= 0);
	assert_int_equal(flock(watched->lock, LOCK_EX), 0);
}

static void a_lock_that_was_cleared_away_is_no_lock(void **state)
{
	struct watched watched;

	(void)state;
	watched_init(&watched, false);
	interrupt_watch(do_find, &watched, replace_lock, &watched);
	assert_true(watched.disturbed);
	trial_expect(watched.outcome, -ETIMEDOUT);
	close(watched.lock);
	trial_done(&watched.trial);
}

/* Sweeps the child's aside, which looks dead until it is locked. */
static void bury_aside(void *watcher, int nr, const char *path)
{
	struct watched *watched = watcher;

	if (nr != SYS_flock || watched->disturbed || !strstr(path, "/aside-"))
		return;
	watched->disturbed = true;
	trial_expect_clean(&watched->trial);
	assert_int_equal(access(path, F_OK), -1);
}

static void an_aside_that_was_swept_too_early_is_made_again(void **state)
{
	struct watched watched;

	(void)state;
	watched_init(&watched, false);
	interrupt_watch(do_commit, &watched, bury_aside, &watched);
	assert_true(watched.disturbed);
	trial_expect(watched.outcome, 0);
	trial_expect_document(&watched.trial, &watched.session, NULL);
	trial_done(&watched.trial);
}

/* Another process forgets the hour that is about to be written to. */
static void forget_hour(void *watcher, int nr, const char *path)
{
	struct watched *watched = watcher;
	char command[PATH_MAX];

	(void)path;
	if (nr != SYS_renameat || watched->disturbed ||
	    !trial_has(&watched->trial, "n.json"))
		return;
	watched->disturbed = true;
	snprintf(command, sizeof(command), "rmdir %s/.tranche/done-*",
		 watched->trial.dir);
	assert_int_equal(system(command), 0);
}

static void an_hour_that_was_forgotten_is_made_again(void **state)
{
	struct watched watched;
	struct outcome found;

	(void)state;
	watched_init(&watched, false);
	interrupt_watch(do_commit, &watched, forget_hour, &watched);
	assert_true(watched.disturbed);
	trial_expect(watched.outcome, 0);
	assert_int_equal(trial_count(&watched.trial, ".tranche", "done-"), 1);
	trial_find(&watched.trial, &watched.session, &found);
	trial_expect_same(watched.outcome, &found);
	trial_expect_clean(&watched.trial);
	trial_done(&watched.trial);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_create_is_on_the_disk_step_by_step),
		cmocka_unit_test(an_update_is_on_the_disk_step_by_step),
		cmocka_unit_test(a_lock_that_was_cleared_away_is_no_lock),
		cmocka_unit_test(
			an_aside_that_was_swept_too_early_is_made_again),
		cmocka_unit_test(an_hour_that_was_forgotten_is_made_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
