/* SPDX-License-Identifier: MIT */

/*
 * The file sink when its process is killed at any system call, or any system
 * call fails: a document is whole and there once, or not at all, and every
 * answer says the same.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "test/lib/interrupt.h"
#include "test/sink/trial.h"

#define NAME "route:7"

/* What a case is about; the victim's session is the one that is broken. */
struct stage {
	struct trial trial;
	struct session first;	/* made the document; not where there is none */
	struct session victim;
	struct session other;	/* a create of the same name */
	struct session update;
	struct outcome made;	/* how @first was answered */
	struct outcome before;	/* how @victim was, if it was done before */
	struct outcome *broken;	/* shared: how @victim is */
};

/* A state of the folder, and what the victim wants there. */
struct scene {
	const char *name;
	void (*set)(struct stage *stage);
	bool is_update;
	/* The victim was done before, and another came in between. */
	bool is_repeated;
};

static void do_commit(void *user)
{
	struct stage *stage = user;
	struct outcome outcome;

	trial_commit(&stage->trial, &stage->victim, &outcome);
	*stage->broken = outcome;
}

static void do_other(void *user)
{
	struct stage *stage = user;
	struct outcome outcome;

	trial_commit(&stage->trial, &stage->other, &outcome);
	*stage->broken = outcome;
}

static void set_nothing(struct stage *stage)
{
	(void)stage;
}

static void set_document(struct stage *stage)
{
	trial_commit(&stage->trial, &stage->first, &stage->made);
	trial_expect(&stage->made, 0);
}

static void set_repeated(struct stage *stage)
{
	struct session between;
	struct outcome outcome;

	set_document(stage);
	trial_commit(&stage->trial, &stage->victim, &stage->before);
	trial_expect(&stage->before, 0);
	trial_session(&between, NAME, true);
	trial_commit(&stage->trial, &between, &outcome);
	trial_expect(&outcome, 0);
	stage->first = between;
}

/* Leftovers of a dead process about another name, and an aside of one. */
static void set_litter(struct stage *stage)
{
	struct stage dead = *stage;

	trial_session(&dead.victim, "dead", false);
	interrupt_refuse(do_commit, &dead, SYS_linkat, 0);
	assert_true(trial_has(&stage->trial, ".tranche/intent-dead"));
	trial_put(&stage->trial, ".tranche/aside-0123", "left");
	trial_put(&stage->trial, ".tranche/data-gone", "left");
}

static const struct scene scenes[] = {
	{ "create", set_nothing, .is_update = false },
	{ "update", set_document, .is_update = true },
	{ "repeated update", set_repeated, .is_update = true,
	  .is_repeated = true },
	{ "create beside litter", set_litter, .is_update = false },
};

static void stage_init(struct stage *stage, const struct scene *scene,
		       struct outcome *shared)
{
	*stage = (struct stage){ .broken = shared };
	trial_init(&stage->trial);
	trial_session(&stage->first, NAME, false);
	trial_session(&stage->victim, NAME, scene->is_update);
	trial_session(&stage->other, NAME, false);
	trial_session(&stage->update, NAME, true);
	scene->set(stage);
	*shared = (struct outcome){ 0 };
}

/* Whatever comes after, what was answered stays so. */
static void expect_answered(const struct stage *stage)
{
	const struct outcome *said = stage->before.ended ? &stage->before :
							   stage->broken;
	struct outcome found;

	if (!said->ended || said->r)
		return;
	trial_find(&stage->trial, &stage->victim, &found);
	trial_expect_same(said, &found);
}

/* The state of the name is the victim's, or what it was before. */
static void expect_whole(const struct stage *stage, const struct scene *scene,
			 bool done)
{
	if (done && !scene->is_repeated)
		trial_expect_document(&stage->trial, &stage->victim, NULL);
	else if (scene->is_update)
		trial_expect_document(&stage->trial, &stage->first, NULL);
	else
		trial_expect_nothing(&stage->trial, NAME);
}

/* The answer of the victim's session is what it should be. */
static void expect_good_answer(const struct stage *stage,
			       const struct scene *scene,
			       const struct outcome *outcome)
{
	struct described said, made;
	struct sink_content content;
	char bytes[TRIAL_BYTES];

	trial_expect(outcome, 0);
	trial_bytes(&stage->victim, bytes, &content);
	trial_describe(outcome->body, &said);
	assert_int_equal(outcome->status, scene->is_update ? 200 : 201);
	assert_string_equal(outcome->persistent_id, NAME);
	assert_string_equal(said.sha256, content.sha256);
	if (!scene->is_update)
		return;
	trial_describe(stage->made.body, &made);
	assert_string_equal(said.created_at, made.created_at);
}

/* The same session asks again, twice. */
static void then_same(struct stage *stage, const struct scene *scene)
{
	struct outcome one, two;

	trial_complete(&stage->trial, &stage->victim, &one);
	expect_good_answer(stage, scene, &one);
	trial_commit(&stage->trial, &stage->victim, &two);
	trial_expect_same(&one, &two);
	expect_whole(stage, scene, true);
}

/* It is looked for, and then made. */
static void then_find(struct stage *stage, const struct scene *scene)
{
	struct outcome found, one;

	trial_find(&stage->trial, &stage->victim, &found);
	if (found.r != SINK_E_ABSENT)
		expect_good_answer(stage, scene, &found);
	expect_whole(stage, scene, !found.r);
	trial_commit(&stage->trial, &stage->victim, &one);
	expect_good_answer(stage, scene, &one);
	if (!found.r)
		trial_expect_same(&found, &one);
	expect_whole(stage, scene, true);
}

/* Another session creates the same name: one of both has it. */
static void then_other(struct stage *stage, const struct scene *scene)
{
	struct outcome other, one;

	trial_complete(&stage->trial, &stage->other, &other);
	trial_complete(&stage->trial, &stage->victim, &one);
	if (scene->is_update) {
		trial_expect(&other, SINK_E_TAKEN);
		expect_good_answer(stage, scene, &one);
		expect_whole(stage, scene, true);
	} else if (other.r) {
		trial_expect(&other, SINK_E_TAKEN);
		expect_good_answer(stage, scene, &one);
		expect_whole(stage, scene, true);
	} else {
		trial_expect(&one, SINK_E_TAKEN);
		trial_expect_document(&stage->trial, &stage->other, NULL);
	}
}

/* An update comes in between: the victim is not applied a second time. */
static void then_update(struct stage *stage, const struct scene *scene)
{
	struct outcome found, update, one, again;
	struct described made, said;

	trial_find(&stage->trial, &stage->victim, &found);
	trial_complete(&stage->trial, &stage->update, &update);
	trial_complete(&stage->trial, &stage->victim, &one);
	expect_good_answer(stage, scene, &one);
	if (!found.r) {
		trial_expect_same(&found, &one);
		trial_expect(&update, 0);
		trial_describe(one.body, &made);
		trial_describe(update.body, &said);
		assert_string_equal(said.created_at, made.created_at);
		trial_expect_document(&stage->trial, &stage->update, NULL);
	} else {
		trial_expect(&found, SINK_E_ABSENT);
		trial_expect(&update, scene->is_update ? 0 : SINK_E_NO_ROUTE);
		expect_whole(stage, scene, true);
	}
	trial_complete(&stage->trial, &stage->update, &again);
	if (!update.r)
		trial_expect_same(&update, &again);
}

/* The same, but nothing looks between the break and the update. */
static void then_update_blindly(struct stage *stage,
				const struct scene *scene)
{
	struct outcome update, one, two;
	struct described doc;
	char json[8192];

	trial_commit(&stage->trial, &stage->update, &update);
	if (update.r)
		trial_expect(&update, SINK_E_NO_ROUTE);
	trial_commit(&stage->trial, &stage->victim, &one);
	expect_good_answer(stage, scene, &one);
	trial_commit(&stage->trial, &stage->victim, &two);
	trial_expect_same(&one, &two);
	/* Whichever came last stands, and is whole. */
	trial_find(&stage->trial, &stage->other, &two);
	trial_expect(&two, SINK_E_ABSENT);
	if (update.r || scene->is_repeated)
		return;
	trial_read(&stage->trial, NAME ".json", json, sizeof(json));
	trial_describe(json, &doc);
	trial_expect_document(&stage->trial,
			      strcmp(doc.session, stage->victim.id) ?
				      &stage->update : &stage->victim, NULL);
}

typedef void follow_fn(struct stage *stage, const struct scene *scene);

static follow_fn *const follows[] = {
	then_same, then_update, then_find, then_other, then_update_blindly,
};

/* What may be said when a call fails, and that it is then true. */
static void expect_honest(const struct stage *stage, const struct scene *scene,
			  int error)
{
	const struct outcome *broken = stage->broken;
	struct outcome found;

	if (!error)
		return;
	assert_true(broken->ended);
	if (!broken->r)
		expect_good_answer(stage, scene, broken);
	if (broken->r <= 0)
		return;
	assert_int_equal(broken->r, SINK_E_FULL);
	assert_true(error == ENOSPC || error == EDQUOT);
	trial_find(&stage->trial, &stage->victim, &found);
	if (!scene->is_repeated)
		trial_expect(&found, SINK_E_ABSENT);
}

/* What failed was not passed over, and what was only interrupted was. */
static void expect_heeded(const struct stage *stage, const struct scene *scene,
			  int refused, int error)
{
	switch (refused) {
	case SYS_fsync:
		/* Said once by the kernel, and lost when nobody listens. */
		if (error != EINTR && scene->set != set_litter)
			assert_true(stage->broken->r != 0);
		/* fall through */
	case SYS_flock:
	case SYS_read:
	case SYS_write:
		if (error == EINTR)
			trial_expect(stage->broken, 0);
	}
}

/* Breaks the victim at its call @at; false when it has fewer. */
static bool break_at(const struct scene *scene, follow_fn *follow, unsigned at,
		     int error, struct outcome *shared)
{
	struct stage stage;
	int refused;

	stage_init(&stage, scene, shared);
	refused = interrupt_run(do_commit, &stage, at, error);
	expect_honest(&stage, scene, error);
	if (error)
		expect_heeded(&stage, scene, refused, error);
	expect_answered(&stage);
	follow(&stage, scene);
	expect_answered(&stage);
	trial_expect_clean(&stage.trial);
	trial_done(&stage.trial);
	return refused >= 0;
}

/* The first @n follows come after a break at each call of each scene. */
static void break_everywhere(int error, size_t n)
{
	struct outcome *shared = interrupt_shared(sizeof(*shared));

	for (size_t i = 0; i < ARRAY_SIZE(scenes); i++) {
		for (size_t j = 0; j < n; j++) {
			unsigned at = 0;

			while (break_at(&scenes[i], follows[j], at, error,
					shared))
				at++;
			/* Fewer would mean that the work was not seen. */
			assert_true(at > 30);
		}
	}
}

static void killed_at_any_call_it_is_whole_once_or_not_at_all(void **state)
{
	(void)state;
	break_everywhere(0, ARRAY_SIZE(follows));
}

static void with_any_call_failing_it_is_whole_once_or_not_at_all(void **state)
{
	(void)state;
	break_everywhere(EIO, 2);
}

static void with_any_call_out_of_room_it_is_whole_or_full(void **state)
{
	(void)state;
	break_everywhere(ENOSPC, 2);
}

static void any_interrupted_call_is_no_harm(void **state)
{
	(void)state;
	break_everywhere(EINTR, 1);
}

/*
 * Kills the victim at its call @at and whoever comes next at call @then.
 * Whether there was something to end, and so many calls to do it.
 */
static bool break_twice(const struct scene *scene, unsigned at, unsigned then,
			struct outcome *shared, bool *ret_reached)
{
	struct stage stage;
	bool intended, reached = false;

	stage_init(&stage, scene, shared);
	*ret_reached = interrupt_run(do_commit, &stage, at, 0) >= 0;
	intended = trial_has(&stage.trial, ".tranche/intent-" NAME);
	if (intended) {
		reached = interrupt_run(do_other, &stage, then, 0) >= 0;
		*shared = (struct outcome){ 0 };
		then_find(&stage, scene);
		trial_expect_clean(&stage.trial);
	}
	trial_done(&stage.trial);
	return intended && reached;
}

static void killed_while_rolling_forward_it_is_whole_once(void **state)
{
	struct outcome *shared = interrupt_shared(sizeof(*shared));
	bool reached = true;
	unsigned ends = 0;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		for (unsigned at = 0; reached || !at; at++) {
			/* A third of them each time: neighbours are alike. */
			for (unsigned then = at % 3;
			     break_twice(&scenes[i], at, then, shared,
					 &reached); then += 3)
				ends++;
		}
		reached = true;
	}
	assert_true(ends > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			killed_at_any_call_it_is_whole_once_or_not_at_all),
		cmocka_unit_test(
			with_any_call_failing_it_is_whole_once_or_not_at_all),
		cmocka_unit_test(
			with_any_call_out_of_room_it_is_whole_or_full),
		cmocka_unit_test(any_interrupted_call_is_no_harm),
		cmocka_unit_test(
			killed_while_rolling_forward_it_is_whole_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
