/* SPDX-License-Identifier: MIT */

/* The file sink: its folder, what it leaves there, and for how long. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/sink/file.h"
#include "test/lib/interrupt.h"
#include "test/sink/trial.h"

static int open_trial(void **state)
{
	static struct trial trial;

	trial_init(&trial);
	*state = &trial;
	return 0;
}

static int close_trial(void **state)
{
	trial_done(*state);
	return 0;
}

static unsigned mode_of(const struct trial *trial, const char *name)
{
	char path[PATH_MAX];
	struct stat status;

	assert_int_equal(lstat(trial_path(trial, name, path), &status), 0);
	return status.st_mode & 07777;
}

static void done(struct trial *trial, const struct session *session)
{
	struct outcome outcome;

	trial_commit(trial, session, &outcome);
	trial_expect(&outcome, 0);
}

static void modes_do_not_depend_on_the_umask(void **state)
{
	static const mode_t umasks[] = { 0, 077, 027 };
	struct session session;
	char room[64];
	mode_t before;

	for (size_t i = 0; i < ARRAY_SIZE(umasks); i++) {
		before = umask(umasks[i]);
		trial_session(&session, "", false);
		done(*state, &session);
		umask(before);
		/* It compares the modes. */
		trial_expect_document(*state, &session, NULL);
	}
	assert_int_equal(mode_of(*state, ".tranche"), 0700);
	snprintf(room, sizeof(room), ".tranche/done-%lld",
		 (long long)(session_purge_at(&session) / 3600000));
	assert_int_equal(mode_of(*state, room), 0700);
}

/* The one entry of the folder @name that begins with @prefix. */
static void entry_of(const struct trial *trial, const char *name,
		     const char *prefix, char ret_entry[static PATH_MAX])
{
	char path[PATH_MAX];
	DIR *dir = opendir(trial_path(trial, name, path));
	struct dirent *entry;

	assert_non_null(dir);
	do {
		entry = readdir(dir);
		assert_non_null(entry);
	} while (strncmp(entry->d_name, prefix, strlen(prefix)));
	snprintf(ret_entry, PATH_MAX, "%s/%s", name, entry->d_name);
	closedir(dir);
}

static void what_comes_in_is_for_nobody_else(void **state)
{
	struct sink *sink = trial_sink(*state);
	struct session session;
	char aside[PATH_MAX];
	mode_t before = umask(0);

	trial_session(&session, "n", false);
	assert_int_equal(sink_begin(sink, &session, deadline_in(20000)), 0);
	umask(before);
	entry_of(*state, ".tranche", "aside-", aside);
	assert_int_equal(mode_of(*state, aside), 0600);
	assert_int_equal(mode_of(*state, ".tranche"), 0700);
	trial_expect_nothing(*state, "n");
	sink_close(sink);
}

static void abandon_and_begin_again_leave_nothing(void **state)
{
	struct sink *sink = trial_sink(*state);
	struct deadline dl = deadline_in(20000);
	struct session session;

	sink_abandon(sink);
	trial_session(&session, "n", false);
	assert_int_equal(sink_begin(sink, &session, dl), 0);
	assert_int_equal(sink_write(sink, "x", 1, dl), 0);
	assert_int_equal(sink_begin(sink, &session, dl), 0);
	assert_int_equal(trial_count(*state, ".tranche", "aside-"), 1);
	sink_abandon(sink);
	assert_int_equal(trial_count(*state, ".tranche", "aside-"), 0);
	sink_abandon(sink);
	sink_close(sink);
	trial_expect_nothing(*state, "n");
}

static void commit_wants_what_was_begun_and_all_of_it(void **state)
{
	struct sink *sink = trial_sink(*state);
	struct deadline dl = deadline_in(20000);
	struct answer answer = { 0 };
	struct sink_content content;
	struct session session;
	char bytes[TRIAL_BYTES];

	trial_session(&session, "n", false);
	trial_bytes(&session, bytes, &content);
	assert_true(sink_write(sink, bytes, 1, dl) < 0);
	assert_true(sink_commit(sink, &session, &content, dl, &answer) < 0);
	assert_int_equal(sink_begin(sink, &session, dl), 0);
	assert_int_equal(sink_write(sink, bytes, TRIAL_BYTES - 1, dl), 0);
	assert_true(sink_commit(sink, &session, &content, dl, &answer) < 0);
	assert_true(strlen(sink->error) > 0);
	assert_null(answer.body);
	sink_close(sink);
	trial_expect_nothing(*state, "n");
	trial_expect_clean(*state);
}

static void no_write_after_the_deadline(void **state)
{
	struct sink *sink = trial_sink(*state);
	struct session session;

	trial_session(&session, "n", false);
	assert_int_equal(sink_begin(sink, &session, deadline_in(20000)), 0);
	assert_int_equal(sink_write(sink, "x", 1, deadline_in(-1)),
			 -ETIMEDOUT);
	sink_abandon(sink);
	sink_close(sink);
	trial_expect_clean(*state);
}

/* Holds what a living process at work on a name would. */
static int hold_locks(const struct trial *trial, int locks[256])
{
	char name[32], path[PATH_MAX];
	int n = 0;

	for (int i = 0; i < 256; i++) {
		snprintf(name, sizeof(name), ".tranche/lock-%02x", i);
		locks[n] = open(trial_path(trial, name, path), O_RDWR);
		if (locks[n] >= 0)
			assert_int_equal(flock(locks[n++], LOCK_EX), 0);
	}
	return n;
}

static void a_lock_is_waited_for_until_the_deadline(void **state)
{
	struct sink *sink = trial_sink(*state);
	struct answer answer;
	struct session session;
	int64_t start, waited;
	int locks[256], n;

	trial_session(&session, "n", false);
	assert_int_equal(sink_find(sink, &session, deadline_in(20000),
				   &answer), SINK_E_ABSENT);
	n = hold_locks(*state, locks);
	assert_int_equal(n, 1);

	start = clock_monotonic_ms();
	assert_int_equal(sink_find(sink, &session, deadline_in(60), &answer),
			 -ETIMEDOUT);
	waited = clock_monotonic_ms() - start;
	assert_true(waited >= 59);
	assert_string_equal(sink->error,
			    "TRANCHE_SINK: no time left to lock the name");
	assert_int_equal(sink_begin(sink, &session, deadline_in(60)),
			 -ETIMEDOUT);
	close(locks[0]);
	assert_int_equal(sink_find(sink, &session, deadline_in(60), &answer),
			 SINK_E_ABSENT);
	sink_close(sink);
}

static void a_done_session_is_found_without_the_lock(void **state)
{
	struct session session;
	struct outcome outcome;
	int locks[256], n;

	trial_session(&session, "n", false);
	done(*state, &session);
	n = hold_locks(*state, locks);
	assert_true(n > 0);
	trial_find(*state, &session, &outcome);
	trial_expect(&outcome, 0);
	while (n)
		close(locks[--n]);
}

static void the_aside_of_a_dead_process_is_removed(void **state)
{
	struct sink *alive = trial_sink(*state);
	struct deadline dl = deadline_in(20000);
	struct session one, two;
	struct sink *sink = trial_sink(*state);

	trial_session(&one, "one", false);
	trial_session(&two, "two", false);
	assert_int_equal(sink_begin(alive, &one, dl), 0);
	trial_put(*state, ".tranche/aside-dead", "left");
	assert_int_equal(sink_begin(sink, &two, dl), 0);
	assert_false(trial_has(*state, ".tranche/aside-dead"));
	/* The other's is alive, as is our own. */
	assert_int_equal(trial_count(*state, ".tranche", "aside-"), 2);
	sink_close(sink);
	sink_close(alive);
}

static void what_is_swept_at_once_is_bounded_and_ends(void **state)
{
	char name[32];
	unsigned left = 50, now;
	struct sink *sink = trial_sink(*state);
	struct session session;

	trial_session(&session, "n", false);
	assert_int_equal(sink_begin(sink, &session, deadline_in(20000)), 0);
	sink_abandon(sink);
	for (unsigned i = 0; i < left; i++) {
		snprintf(name, sizeof(name), ".tranche/aside-%u", i);
		trial_put(*state, name, "left");
	}
	while (left) {
		assert_int_equal(sink_begin(sink, &session,
					    deadline_in(20000)), 0);
		sink_abandon(sink);
		now = trial_count(*state, ".tranche", "aside-");
		assert_true(now < left);
		assert_true(left - now <= 16);
		left = now;
	}
	sink_close(sink);
}

struct dead {
	struct trial *trial;
	struct session session;
};

static void do_commit(void *user)
{
	struct dead *dead = user;
	struct outcome outcome;

	trial_commit(dead->trial, &dead->session, &outcome);
}

static void another_upload_ends_what_a_dead_one_had_begun(void **state)
{
	struct dead dead = { .trial = *state };
	struct outcome outcome;
	int locks[256], n;

	trial_session(&dead.session, "dead", false);
	interrupt_refuse(do_commit, &dead, SYS_linkat, 0);
	trial_expect_nothing(*state, "dead");
	assert_true(trial_has(*state, ".tranche/intent-dead"));

	/* Not while someone has the name's lock. */
	n = hold_locks(*state, locks);
	trial_session(&dead.session, "alive", false);
	trial_commit(*state, &dead.session, &outcome);
	assert_true(trial_has(*state, ".tranche/intent-dead"));
	while (n)
		close(locks[--n]);

	trial_expect_clean(*state);
	assert_true(trial_has(*state, "dead"));
	assert_true(trial_has(*state, "dead.json"));
}

static void sessions_are_forgotten_when_their_time_is_over(void **state)
{
	struct session old, young;
	struct outcome outcome;

	trial_session(&old, "old", false);
	old.created_at -= INT64_C(86400000);
	old.expires_at -= INT64_C(86400000);
	trial_session(&young, "young", false);
	done(*state, &old);
	done(*state, &young);
	/* The begin of the second was after the commit of the first. */
	assert_int_equal(trial_count(*state, ".tranche", "done-"), 1);
	trial_find(*state, &young, &outcome);
	trial_expect(&outcome, 0);
	trial_expect_document(*state, &old, NULL);
}

static void a_folder_that_does_not_serve_is_said_in_words(void **state)
{
	static const struct {
		const char *name, *words;
	} bad[] = {
		{ "missing", "TRANCHE_SINK: the folder is missing" },
		{ "a-file", "TRANCHE_SINK: it is no folder" },
		{ "taken", "TRANCHE_SINK: what is called .tranche in the "
			   "folder is no folder" },
		{ "linked", "TRANCHE_SINK: what is called .tranche in the "
			    "folder is no folder" },
	};
	struct answer answer;
	struct session session;
	struct sink *sink;
	char path[PATH_MAX];

	trial_session(&session, "n", false);
	trial_put(*state, "a-file", "");
	assert_int_equal(mkdir(trial_path(*state, "taken", path), 0700), 0);
	trial_put(*state, "taken/.tranche", "");
	assert_int_equal(mkdir(trial_path(*state, "linked", path), 0700), 0);
	assert_int_equal(symlink("..", trial_path(*state, "linked/.tranche",
						  path)), 0);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		trial_path(*state, bad[i].name, path);
		assert_int_equal(sink_file_open(path, 0640, &sink), 0);
		assert_true(sink_find(sink, &session, deadline_in(1000),
				      &answer) < 0);
		assert_string_equal(sink->error, bad[i].words);
		assert_true(sink_begin(sink, &session, deadline_in(1000)) < 0);
		assert_string_equal(sink->error, bad[i].words);
		sink_close(sink);
	}
}

static void a_folder_that_comes_later_serves(void **state)
{
	struct answer answer;
	struct session session;
	struct sink *sink;
	char path[PATH_MAX];

	trial_session(&session, "n", false);
	trial_path(*state, "later", path);
	assert_int_equal(sink_file_open(path, 0640, &sink), 0);
	assert_int_equal(sink_find(sink, &session, deadline_in(1000), &answer),
			 -ENOENT);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(sink_find(sink, &session, deadline_in(1000), &answer),
			 SINK_E_ABSENT);
	sink_close(sink);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, open_trial, close_trial)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(modes_do_not_depend_on_the_umask),
		CASE(what_comes_in_is_for_nobody_else),
		CASE(abandon_and_begin_again_leave_nothing),
		CASE(commit_wants_what_was_begun_and_all_of_it),
		CASE(no_write_after_the_deadline),
		CASE(a_lock_is_waited_for_until_the_deadline),
		CASE(a_done_session_is_found_without_the_lock),
		CASE(the_aside_of_a_dead_process_is_removed),
		CASE(what_is_swept_at_once_is_bounded_and_ends),
		CASE(another_upload_ends_what_a_dead_one_had_begun),
		CASE(sessions_are_forgotten_when_their_time_is_over),
		CASE(a_folder_that_does_not_serve_is_said_in_words),
		CASE(a_folder_that_comes_later_serves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
