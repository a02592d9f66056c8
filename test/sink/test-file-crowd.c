/* SPDX-License-Identifier: MIT */

/* The file sink with several processes at once on one name. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "test/lib/interrupt.h"
#include "test/sink/trial.h"

#define CROWD 8
#define ROUNDS 20

/* Shared with the children. */
struct member {
	struct session session;
	struct outcome outcome;
};

/* All members commit at once, each in a process of its own. */
static void together(const struct trial *trial, struct member *members)
{
	pid_t children[CROWD];
	int gate[2], status;
	char byte;

	assert_int_equal(pipe(gate), 0);
	for (int i = 0; i < CROWD; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i])
			continue;
		/* The gate opens when the last one who could write is gone. */
		close(gate[1]);
		if (read(gate[0], &byte, 1))
			_exit(1);
		trial_complete(trial, &members[i].session,
			       &members[i].outcome);
		_exit(0);
	}
	close(gate[0]);
	close(gate[1]);
	for (int i = 0; i < CROWD; i++) {
		assert_int_equal(waitpid(children[i], &status, 0),
				 children[i]);
		assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
	}
}

static struct member *new_crowd(void)
{
	return interrupt_shared(CROWD * sizeof(struct member));
}

static void one_session_is_committed_once_by_many(void **state)
{
	struct member *members = new_crowd();
	struct trial trial;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		trial_init(&trial);
		trial_session(&members[0].session, "n", false);
		for (int i = 1; i < CROWD; i++)
			members[i].session = members[0].session;
		together(&trial, members);
		for (int i = 0; i < CROWD; i++)
			trial_expect_same(&members[0].outcome,
					  &members[i].outcome);
		trial_expect_document(&trial, &members[0].session, NULL);
		trial_expect_clean(&trial);
		trial_done(&trial);
	}
}

static void of_many_creates_of_a_name_one_has_it(void **state)
{
	struct member *members = new_crowd();
	struct session *winner;
	struct trial trial;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		trial_init(&trial);
		for (int i = 0; i < CROWD; i++)
			trial_session(&members[i].session, "n", false);
		together(&trial, members);
		winner = NULL;
		for (int i = 0; i < CROWD; i++) {
			if (!members[i].outcome.r) {
				assert_null(winner);
				winner = &members[i].session;
				continue;
			}
			trial_expect(&members[i].outcome, SINK_E_TAKEN);
		}
		assert_non_null(winner);
		trial_expect_document(&trial, winner, NULL);
		trial_expect_clean(&trial);
		trial_done(&trial);
	}
}

static void many_updates_are_each_applied_once_and_whole(void **state)
{
	struct member *members = new_crowd();
	struct outcome made, again;
	struct described said, doc;
	struct session create;
	char before[8192], after[8192];
	struct trial trial;

	(void)state;
	for (int round = 0; round < ROUNDS; round++) {
		trial_init(&trial);
		trial_session(&create, "n", false);
		trial_commit(&trial, &create, &made);
		trial_expect(&made, 0);
		for (int i = 0; i < CROWD; i++)
			trial_session(&members[i].session, "n", true);
		together(&trial, members);
		trial_read(&trial, "n.json", before, sizeof(before));
		trial_describe(before, &doc);
		for (int i = 0; i < CROWD; i++) {
			trial_expect(&members[i].outcome, 0);
			trial_describe(members[i].outcome.body, &said);
			assert_string_equal(said.created_at, doc.created_at);
			trial_commit(&trial, &members[i].session, &again);
			trial_expect_same(&members[i].outcome, &again);
			if (!strcmp(doc.session, members[i].session.id))
				trial_expect_document(
					&trial, &members[i].session, NULL);
		}
		trial_read(&trial, "n.json", after, sizeof(after));
		assert_string_equal(before, after);
		trial_expect_clean(&trial);
		trial_done(&trial);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_session_is_committed_once_by_many),
		cmocka_unit_test(of_many_creates_of_a_name_one_has_it),
		cmocka_unit_test(many_updates_are_each_applied_once_and_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
