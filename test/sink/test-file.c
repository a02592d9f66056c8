/* SPDX-License-Identifier: MIT */

/* The file sink: documents, and who may have a name. */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

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

/* The session's commit, which must be done. */
static void done(struct trial *trial, const struct session *session,
		 struct outcome *outcome)
{
	trial_commit(trial, session, outcome);
	trial_expect(outcome, 0);
}

static void refused(struct trial *trial, const struct session *session, int r)
{
	struct outcome outcome;

	trial_complete(trial, session, &outcome);
	trial_expect(&outcome, r);
}

static void a_create_is_answered_201_with_what_was_stored(void **state)
{
	struct described said, doc;
	struct outcome outcome;
	struct session session;

	trial_session(&session, "route-7", false);
	strcpy(session.file_name, "a \"journey\"\n/ \xf0\x9f\x9a\xb2.json");
	strcpy(session.content_type, "application/json");
	done(*state, &session, &outcome);

	assert_int_equal(outcome.status, 201);
	assert_string_equal(outcome.persistent_id, "route-7");
	trial_describe(outcome.body, &said);
	assert_int_equal(said.members, 7);
	assert_string_equal(said.persistent_id, "route-7");
	assert_string_equal(said.name, session.file_name);
	assert_string_equal(said.type, "application/json");
	assert_int_equal(said.size, TRIAL_BYTES);
	assert_int_equal(strlen(said.created_at),
			 strlen("2026-11-24T15:46:18.000Z"));
	assert_string_equal(said.created_at, said.updated_at);
	/* The id is a secret: the answer does not repeat it. */
	assert_null(strstr(outcome.body, session.id));

	trial_expect_document(*state, &session, &doc);
	assert_int_equal(doc.members, 9);
	assert_string_equal(doc.name, said.name);
	assert_string_equal(doc.type, said.type);
	assert_string_equal(doc.sha256, said.sha256);
	assert_string_equal(doc.owner, "olga");
	assert_string_equal(doc.created_at, said.created_at);
	assert_string_equal(doc.updated_at, said.updated_at);
	trial_expect_clean(*state);
}

static void what_the_session_does_not_say_has_defaults(void **state)
{
	char name[SESSION_PERSISTENT_ID_MAX + 1], path[PATH_MAX], json[8192];
	struct outcome outcome;
	struct described said;
	struct session session;

	trial_session(&session, "", false);
	session.owner[0] = '\0';
	session_derive_persistent_id(session.id, name);
	done(*state, &session, &outcome);

	trial_expect_document(*state, &session, &said);
	assert_string_equal(outcome.persistent_id, name);
	assert_string_equal(said.name, name);
	assert_string_equal(said.type, "application/octet-stream");
	snprintf(path, sizeof(path), "%s.json", name);
	trial_read(*state, path, json, sizeof(json));
	assert_non_null(strstr(json, "\"owner\":null"));
}

static void every_form_of_a_name_is_stored(void **state)
{
	char longest[SESSION_PERSISTENT_ID_MAX + 1];
	const char *const names[] = {
		"x", "-", "_.", "a:b", "Z9_.:-", "data-x", "x.jsonx", "json",
		longest,
	};
	struct outcome outcome;
	struct session session;

	memset(longest, 'n', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		trial_session(&session, names[i], false);
		done(*state, &session, &outcome);
		trial_expect_document(*state, &session, NULL);
	}
	trial_expect_clean(*state);
}

static void a_name_that_is_no_persistent_id_is_never_a_path(void **state)
{
	const char *const names[] = {
		"../x", ".x", ".tranche", "x.json", "x.JSON", "a/b", "a b",
		"..", "\xc3\xa9",
	};
	struct outcome outcome;
	struct session session;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		trial_session(&session, names[i], i % 2);
		trial_complete(*state, &session, &outcome);
		assert_true(outcome.r < 0);
		assert_non_null(strstr(outcome.error, "persistentId"));
		trial_commit(*state, &session, &outcome);
		assert_true(outcome.r < 0);
	}
	assert_int_equal(trial_count(*state, "", ""), 0);
}

static void an_upload_of_no_bytes_is_a_file_of_no_bytes(void **state)
{
	struct sink *sink = trial_sink(*state);
	struct sink_content content = { .size = 0, .sha256 = "e3b0" };
	struct deadline dl = deadline_in(20000);
	struct answer answer;
	struct session session;
	char text[16];

	trial_session(&session, "empty", false);
	assert_int_equal(sink_begin(sink, &session, dl), 0);
	assert_int_equal(sink_write(sink, "", 0, dl), 0);
	assert_int_equal(sink_commit(sink, &session, &content, dl, &answer),
			 0);
	assert_non_null(strstr(answer.body, "\"size\":0,"));
	answer_done(&answer);
	sink_close(sink);
	trial_read(*state, "empty", text, sizeof(text));
	assert_string_equal(text, "");
	assert_true(trial_has(*state, "empty.json"));
}

static void find_is_absent_before_and_the_answer_after(void **state)
{
	struct outcome before, made, after;
	struct session session;

	trial_session(&session, "n", false);
	trial_find(*state, &session, &before);
	trial_expect(&before, SINK_E_ABSENT);
	done(*state, &session, &made);
	trial_find(*state, &session, &after);
	trial_expect_same(&made, &after);
}

static void a_commit_again_is_answered_the_same(void **state)
{
	struct outcome one, two;
	struct session session;

	trial_session(&session, "n", false);
	done(*state, &session, &one);
	done(*state, &session, &two);
	trial_expect_same(&one, &two);
	trial_expect_document(*state, &session, NULL);
	trial_expect_clean(*state);
}

static void a_create_of_a_name_that_another_has_is_taken(void **state)
{
	struct sink *sink = trial_sink(*state);
	struct session one, two;
	struct outcome outcome;

	trial_session(&one, "n", false);
	trial_session(&two, "n", false);
	done(*state, &one, &outcome);
	/* begin says so, before a byte was sent. */
	assert_int_equal(sink_begin(sink, &two, deadline_in(20000)),
			 SINK_E_TAKEN);
	sink_close(sink);
	refused(*state, &two, SINK_E_TAKEN);
	trial_find(*state, &two, &outcome);
	trial_expect(&outcome, SINK_E_ABSENT);
	trial_expect_document(*state, &one, NULL);
}

static void a_name_taken_while_bytes_come_is_taken(void **state)
{
	struct sink *sink = trial_sink(*state);
	struct deadline dl = deadline_in(20000);
	struct answer answer = { 0 };
	struct sink_content content;
	struct session one, two;
	char bytes[TRIAL_BYTES];
	struct outcome outcome;

	trial_session(&one, "n", false);
	trial_session(&two, "n", false);
	trial_bytes(&two, bytes, &content);
	assert_int_equal(sink_begin(sink, &two, dl), 0);
	assert_int_equal(sink_write(sink, bytes, sizeof(bytes), dl), 0);
	done(*state, &one, &outcome);
	assert_int_equal(sink_commit(sink, &two, &content, dl, &answer),
			 SINK_E_TAKEN);
	sink_close(sink);
	trial_expect_document(*state, &one, NULL);
	trial_expect_clean(*state);
}

static void what_others_put_there_is_taken_and_no_route(void **state)
{
	char path[PATH_MAX];
	struct session create, update;
	static const char *const names[] = {
		"data", "doc", "folder", "link", "doclink", "pipe", "list",
		"half",
	};

	trial_put(*state, "data", "by hand");
	trial_put(*state, "doc.json", "{}");
	assert_int_equal(mkdir(trial_path(*state, "folder", path), 0700), 0);
	assert_int_equal(symlink("nowhere", trial_path(*state, "link", path)),
			 0);
	assert_int_equal(symlink("doc.json",
				 trial_path(*state, "doclink.json", path)), 0);
	assert_int_equal(mkfifo(trial_path(*state, "pipe.json", path), 0600),
			 0);
	trial_put(*state, "list.json", "[1]");
	trial_put(*state, "half", "by hand");
	trial_put(*state, "half.json", "{\"name\": \"n\", \"session\": ");

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		trial_session(&create, names[i], false);
		refused(*state, &create, SINK_E_TAKEN);
		trial_session(&update, names[i], true);
		refused(*state, &update, SINK_E_NO_ROUTE);
	}
	assert_false(trial_has(*state, "nowhere"));
	trial_expect_clean(*state);
}

static void an_update_of_nothing_is_no_route(void **state)
{
	struct sink *sink = trial_sink(*state);
	struct session session;

	trial_session(&session, "n", true);
	assert_int_equal(sink_begin(sink, &session, deadline_in(20000)),
			 SINK_E_NO_ROUTE);
	sink_close(sink);
	refused(*state, &session, SINK_E_NO_ROUTE);
	trial_expect_nothing(*state, "n");
}

static void an_update_replaces_and_keeps_created_at(void **state)
{
	char path[PATH_MAX], old[TRIAL_BYTES], bytes[TRIAL_BYTES];
	struct described made, changed, doc;
	struct outcome one, two;
	struct session create, update;
	struct sink_content content;
	int reader;

	trial_session(&create, "n", false);
	done(*state, &create, &one);
	reader = open(trial_path(*state, "n", path), O_RDONLY);
	assert_true(reader >= 0);
	/* A later millisecond. */
	assert_int_equal(deadline_sleep(deadline_in(1000), 2), 0);
	trial_session(&update, "n", true);
	strcpy(update.owner, "pierre");
	strcpy(update.file_name, "new.bin");
	done(*state, &update, &two);

	trial_describe(one.body, &made);
	trial_describe(two.body, &changed);
	assert_int_equal(two.status, 200);
	assert_string_equal(changed.created_at, made.created_at);
	assert_true(strcmp(changed.updated_at, made.updated_at) > 0);
	trial_expect_document(*state, &update, &doc);
	assert_string_equal(doc.created_at, made.created_at);
	assert_string_equal(doc.owner, "pierre");
	assert_string_equal(doc.name, "new.bin");
	/* Who had it open goes on reading what it was. */
	trial_bytes(&create, bytes, &content);
	assert_int_equal(read(reader, old, sizeof(old)), TRIAL_BYTES);
	assert_memory_equal(old, bytes, TRIAL_BYTES);
	close(reader);
	trial_expect_clean(*state);
}

static void an_update_is_applied_once_also_when_another_came_between(
		void **state)
{
	struct outcome created, one, two, again;
	struct session create, first, second;

	trial_session(&create, "n", false);
	trial_session(&first, "n", true);
	trial_session(&second, "n", true);
	done(*state, &create, &created);
	done(*state, &first, &one);
	done(*state, &second, &two);

	done(*state, &first, &again);
	trial_expect_same(&one, &again);
	done(*state, &create, &again);
	trial_expect_same(&created, &again);
	trial_find(*state, &first, &again);
	trial_expect_same(&one, &again);
	trial_expect_document(*state, &second, NULL);
}

static void a_document_that_was_deleted_is_not_made_again(void **state)
{
	struct outcome one, again;
	struct session session, next;
	char path[PATH_MAX];

	trial_session(&session, "n", false);
	done(*state, &session, &one);
	assert_int_equal(unlink(trial_path(*state, "n", path)), 0);
	assert_int_equal(unlink(trial_path(*state, "n.json", path)), 0);
	done(*state, &session, &again);
	trial_expect_same(&one, &again);
	trial_expect_nothing(*state, "n");
	/* The name is free for another. */
	trial_session(&next, "n", false);
	done(*state, &next, &again);
	trial_expect_document(*state, &next, NULL);
}

static void the_json_beside_the_data_remembers_too(void **state)
{
	char from[PATH_MAX], to[PATH_MAX];
	struct outcome one, two, again;
	struct session create, update;

	trial_session(&create, "n", false);
	done(*state, &create, &one);
	trial_path(*state, ".tranche", from);
	assert_int_equal(rename(from, trial_path(*state, "lost-1", to)), 0);
	trial_find(*state, &create, &again);
	trial_expect_same(&one, &again);

	trial_session(&update, "n", true);
	done(*state, &update, &two);
	assert_int_equal(rename(from, trial_path(*state, "lost-2", to)), 0);
	trial_find(*state, &update, &again);
	trial_expect_same(&two, &again);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, open_trial, close_trial)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_create_is_answered_201_with_what_was_stored),
		CASE(what_the_session_does_not_say_has_defaults),
		CASE(every_form_of_a_name_is_stored),
		CASE(a_name_that_is_no_persistent_id_is_never_a_path),
		CASE(an_upload_of_no_bytes_is_a_file_of_no_bytes),
		CASE(find_is_absent_before_and_the_answer_after),
		CASE(a_commit_again_is_answered_the_same),
		CASE(a_create_of_a_name_that_another_has_is_taken),
		CASE(a_name_taken_while_bytes_come_is_taken),
		CASE(what_others_put_there_is_taken_and_no_route),
		CASE(an_update_of_nothing_is_no_route),
		CASE(an_update_replaces_and_keeps_created_at),
		CASE(an_update_is_applied_once_also_when_another_came_between),
		CASE(a_document_that_was_deleted_is_not_made_again),
		CASE(the_json_beside_the_data_remembers_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
