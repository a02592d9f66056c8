/* SPDX-License-Identifier: MIT */

/*
 * complete, abort and upload of one session at once, on two tiers, in hundreds
 * of orders by chance. Processes are killed, leases end in one tier, a tier
 * says that it failed and may have done it, and one tier loses all.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "test/unit/cast.h"

#define SAMPLES 500

/* Whether any of that role that lived was answered so. */
static bool anybody_got(enum role role, unsigned status)
{
	for (size_t i = 0; i < stage.n_actors; i++)
		if (!stage.actors[i]->dead && stage.actors[i]->role == role &&
		    stage.actors[i]->status == status)
			return true;
	return false;
}

static bool is_aborted_somewhere(void)
{
	for (size_t i = 0; i < stage.n_tiers; i++)
		if (stage.tiers[i].has_record &&
		    stage.tiers[i].record.state == SESSION_ABORTED)
			return true;
	return false;
}

/* Whether what was promised must be in the document. */
static bool is_all_kept(void)
{
	return !stage.lost || stage.copies == 2;
}

static void check_answers(void)
{
	bool completed = anybody_got(COMPLETE, 201);
	bool aborted = anybody_got(ABORT, 200);

	if (completed)
		assert_true(stage.place.has);
	/* One of the two wins, unless a claim was lost or not seen. */
	if (aborted && !stage.robbed && !stage.faulted)
		assert_false(stage.place.has || completed);
	if (!stage.faulted)
		for (enum role role = 0; role < ROLES; role++)
			assert_false(anybody_got(role, 503));
}

/* What the retries come to when all is well again. */
static void check_retries(void)
{
	bool aborted = is_aborted_somewhere();
	unsigned status = cast_ask(COMPLETE);
	enum session_state end;

	if (stage.place.has) {
		assert_int_equal(status, 201);
		assert_string_equal(stage.place.stored.data, "abcdef");
	} else if (aborted) {
		assert_int_equal(status, 404);
	} else {
		/* The tier that had the chunk lost it, and it is named. */
		assert_false(is_all_kept());
		assert_int_equal(status, 400);
		assert_int_equal(cast_ask(UPLOAD), 200);
		assert_int_equal(cast_ask(COMPLETE), 201);
	}
	end = stage.place.has ? SESSION_COMPLETED : SESSION_ABORTED;
	/* Who asks all tiers brings all of them up to it. */
	assert_int_equal(cast_read(), end);
	for (size_t i = 0; i < stage.n_tiers; i++)
		assert_int_equal(stage.tiers[i].record.state, end);
	assert_int_equal(cast_ask(ABORT), stage.place.has ? 409 : 200);
	assert_int_equal(cast_ask(UPLOAD), stage.place.has ? 409 : 404);
	assert_int_equal(cast_ask(COMPLETE), stage.place.has ? 201 : 404);
}

static void in_some_orders(struct cast cast, struct mishaps mishaps)
{
	cast_begin_by_chance();
	for (unsigned i = 0; i < SAMPLES; i++) {
		cast_play(cast, mishaps);
		check_answers();
		check_retries();
		cast_end();
	}
}

static void all_casts(struct mishaps mishaps)
{
	static const struct cast casts[] = {
		{ { 1, 1, 0 } }, { { 2, 0, 0 } }, { { 2, 1, 0 } },
		{ { 1, 2, 0 } }, { { 1, 1, 1 } }, { { 1, 0, 2 } },
	};

	for (size_t i = 0; i < ARRAY_SIZE(casts); i++)
		in_some_orders(casts[i], mishaps);
}

static void one_of_two_wins_in_both_tiers(void **state)
{
	(void)state;
	all_casts((struct mishaps){ 0 });
}

static void one_is_killed_at_any_step(void **state)
{
	(void)state;
	all_casts((struct mishaps){ .deaths = 2 });
}

static void leases_end_in_one_tier_at_any_step(void **state)
{
	(void)state;
	all_casts((struct mishaps){ .leases = 3, .deaths = 1 });
}

static void a_tier_fails_at_any_step(void **state)
{
	(void)state;
	all_casts((struct mishaps){ .faults = 1 });
	all_casts((struct mishaps){ .faults = 4, .deaths = 1 });
}

static void a_tier_loses_all_at_any_step(void **state)
{
	(void)state;
	all_casts((struct mishaps){ .losses = 1, .deaths = 1 });
}

static void all_of_it_but_a_loss(void **state)
{
	(void)state;
	all_casts((struct mishaps){ .faults = 3, .leases = 2, .deaths = 1 });
}

static int setup_one_copy(void **state)
{
	stage.n_tiers = 2;
	stage.copies = 1;
	return cast_setup(state);
}

static int setup_two_copies(void **state)
{
	stage.n_tiers = stage.copies = 2;
	return cast_setup(state);
}

static const struct CMUnitTest cases[] = {
	cmocka_unit_test(one_of_two_wins_in_both_tiers),
	cmocka_unit_test(one_is_killed_at_any_step),
	cmocka_unit_test(leases_end_in_one_tier_at_any_step),
	cmocka_unit_test(a_tier_fails_at_any_step),
	cmocka_unit_test(a_tier_loses_all_at_any_step),
	cmocka_unit_test(all_of_it_but_a_loss),
};

int main(void)
{
	int failed;

	failed = cmocka_run_group_tests_name("one copy", cases, setup_one_copy,
					     cast_teardown);
	failed += cmocka_run_group_tests_name("two copies", cases,
					      setup_two_copies, cast_teardown);
	return failed;
}
