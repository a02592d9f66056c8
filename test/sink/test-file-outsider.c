/* SPDX-License-Identifier: MIT */

/*
 * The file sink beside people who take no lock: they put files into the
 * folder, also while a commit is at work or after its process was killed.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "test/lib/interrupt.h"
#include "test/sink/trial.h"

struct dead {
	struct trial *trial;
	struct session session;
};

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

static void do_commit(void *user)
{
	struct dead *dead = user;
	struct outcome outcome;

	trial_commit(dead->trial, &dead->session, &outcome);
}

/* Kills commits of "n", each in a new folder, until one just made @last. */
static void die_after(struct dead *dead, struct trial *trial, const char *last)
{
	*dead = (struct dead){ .trial = trial };
	for (unsigned at = 0;; at++) {
		trial_session(&dead->session, "n", false);
		assert_true(interrupt_run(do_commit, dead, at, 0) >= 0);
		if (trial_has(trial, last))
			break;
		trial_done(trial);
		trial_init(trial);
	}
	assert_true(trial_has(trial, ".tranche/intent-n"));
}

static void expect_text(struct trial *trial, const char *name,
			const char *expected)
{
	char text[8192];

	trial_read(trial, name, text, sizeof(text));
	assert_string_equal(text, expected);
}

static void expect_taken(struct trial *trial, const struct session *session)
{
	struct outcome outcome;

	trial_find(trial, session, &outcome);
	trial_expect(&outcome, SINK_E_ABSENT);
	trial_complete(trial, session, &outcome);
	trial_expect(&outcome, SINK_E_TAKEN);
	trial_expect_clean(trial);
}

static void a_name_taken_before_the_data_came_is_theirs(void **state)
{
	struct dead dead;

	die_after(&dead, *state, ".tranche/intent-n");
	trial_put(*state, "n", "by hand");
	expect_taken(*state, &dead.session);
	expect_text(*state, "n", "by hand");
	assert_false(trial_has(*state, "n.json"));
}

static void a_name_taken_before_the_json_came_is_theirs(void **state)
{
	struct dead dead;

	die_after(&dead, *state, "n");
	assert_false(trial_has(*state, "n.json"));
	trial_put(*state, "n.json", "{}");
	expect_taken(*state, &dead.session);
	expect_text(*state, "n.json", "{}");
	/* Half of a document is not left beside it. */
	assert_false(trial_has(*state, "n"));
}

static void a_whole_document_that_was_edited_stays(void **state)
{
	char json[8192], path[PATH_MAX], edited[PATH_MAX];
	struct outcome outcome;
	struct dead dead;

	die_after(&dead, *state, "n.json");
	trial_read(*state, "n.json", json, sizeof(json));
	json[strlen(json) - 2] = '\0';
	strcat(json, ", \"note\": 1}");
	trial_put(*state, "edited", json);
	trial_path(*state, "edited", edited);
	assert_int_equal(chmod(edited, TRIAL_MODE), 0);
	assert_int_equal(rename(edited, trial_path(*state, "n.json", path)),
			 0);

	trial_find(*state, &dead.session, &outcome);
	trial_expect(&outcome, 0);
	assert_int_equal(outcome.status, 201);
	trial_expect_document(*state, &dead.session, NULL);
	expect_text(*state, "n.json", json);
	trial_expect_clean(*state);
}

static void an_intent_that_cannot_be_read_stops_its_name_alone(void **state)
{
	static const char *const texts[] = {
		"", "{", "{\"version\": 2}", "[]", "{\"version\": 1}",
	};
	struct session session, other;
	struct outcome outcome;

	trial_session(&other, "other", false);
	trial_complete(*state, &other, &outcome);
	trial_expect(&outcome, 0);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		trial_put(*state, ".tranche/intent-n", texts[i]);
		trial_session(&session, "n", i % 2);
		trial_complete(*state, &session, &outcome);
		assert_true(outcome.r < 0);
		assert_non_null(strstr(outcome.error, "begun before"));
		trial_expect_nothing(*state, "n");
		/* It is not thrown away: a newer program may know it. */
		expect_text(*state, ".tranche/intent-n", texts[i]);

		trial_session(&other, "", false);
		trial_complete(*state, &other, &outcome);
		trial_expect(&outcome, 0);
	}
}

static void an_intent_of_another_name_is_not_followed(void **state)
{
	char from[PATH_MAX], to[PATH_MAX];
	struct session session;
	struct outcome outcome;
	struct dead dead;

	die_after(&dead, *state, ".tranche/intent-n");
	trial_path(*state, ".tranche/intent-n", from);
	trial_path(*state, ".tranche/intent-m", to);
	assert_int_equal(rename(from, to), 0);
	trial_session(&session, "m", false);
	trial_complete(*state, &session, &outcome);
	assert_true(outcome.r < 0);
	trial_expect_nothing(*state, "m");
	trial_expect_nothing(*state, "n");
}

static void what_is_strange_in_the_work_folder_is_left_alone(void **state)
{
	static const char *const names[] = {
		".tranche/notes", ".tranche/data-", ".tranche/data-.x",
		".tranche/done-", ".tranche/done-x", ".tranche/lost.json",
	};
	struct session session;
	struct outcome outcome;

	trial_session(&session, "n", false);
	trial_complete(*state, &session, &outcome);
	trial_expect(&outcome, 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		trial_put(*state, names[i], "by hand");
	trial_session(&session, "m", false);
	trial_complete(*state, &session, &outcome);
	trial_expect(&outcome, 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		expect_text(*state, names[i], "by hand");
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, open_trial, close_trial)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_name_taken_before_the_data_came_is_theirs),
		CASE(a_name_taken_before_the_json_came_is_theirs),
		CASE(a_whole_document_that_was_edited_stays),
		CASE(an_intent_that_cannot_be_read_stops_its_name_alone),
		CASE(an_intent_of_another_name_is_not_followed),
		CASE(what_is_strange_in_the_work_folder_is_left_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
