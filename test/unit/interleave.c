/* SPDX-License-Identifier: MIT */

/*
 * complete, abort and upload of one session at once, on one tier, in every
 * order of their steps. One may be killed at any of them, and leases may end.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "test/unit/cast.h"

#define SAMPLES 1000

static void check(void)
{
	const struct session *record = &stage.tiers[0].record;
	bool completed = false, aborted = false;
	unsigned status;

	for (size_t i = 0; i < stage.n_actors; i++) {
		const struct actor *actor = stage.actors[i];

		if (actor->dead)
			continue;
		if (actor->role == COMPLETE)
			completed |= actor->status == 201;
		if (actor->role == ABORT)
			aborted |= actor->status == 200;
		/* Nothing failed, so that nobody is told to wait in vain. */
		assert_int_not_equal(actor->status, 503);
	}
	/* What was said stays true. */
	if (completed) {
		assert_true(stage.place.has);
		assert_int_equal(record->state, SESSION_COMPLETED);
	}
	if (aborted && !stage.robbed)
		assert_false(stage.place.has || completed);
	/* And is said again. */
	status = cast_ask(COMPLETE);
	if (stage.place.has)
		assert_int_equal(status, 201);
	else
		assert_int_equal(status, 404);
	/* Nobody aborted it: nothing of it was lost. */
	if (!aborted && record->state != SESSION_ABORTED)
		assert_string_equal(stage.place.stored.data, "abcdef");
	assert_int_equal(cast_ask(ABORT), stage.place.has ? 409 : 200);
	assert_int_equal(cast_ask(UPLOAD), stage.place.has ? 409 : 404);
	assert_int_equal(cast_ask(COMPLETE), stage.place.has ? 201 : 404);
}

/* Whether one of those that live got what it asked for. */
static bool anybody_won(void)
{
	for (size_t i = 0; i < stage.n_actors; i++)
		if (!stage.actors[i]->dead && stage.actors[i]->role != UPLOAD &&
		    stage.actors[i]->status < 300)
			return true;
	return false;
}

static unsigned in_every_order(struct cast cast)
{
	unsigned runs = 0;

	cast_begin_every_order();
	do {
		cast_play(cast, (struct mishaps){ 0 });
		assert_true(anybody_won());
		check();
		cast_end();
		runs++;
	} while (cast_next_order());
	print_message("%u orders\n", runs);
	return runs;
}

static void in_some_orders(struct cast cast, unsigned deaths, unsigned leases)
{
	cast_begin_by_chance();
	for (unsigned i = 0; i < SAMPLES; i++) {
		cast_play(cast, (struct mishaps){
			  .deaths = deaths, .leases = leases });
		check();
		cast_end();
	}
}

static void two_at_once_in_every_order(void **state)
{
	(void)state;
	assert_true(in_every_order(CAST(1, 1, 0)) > 100);
	assert_true(in_every_order(CAST(2, 0, 0)) > 1000);
	assert_true(in_every_order(CAST(0, 2, 0)) > 50);
}

/* The chunk that it brings may come after the others were dropped. */
static void with_an_upload_in_every_order(void **state)
{
	(void)state;
	assert_true(in_every_order(CAST(1, 1, 1)) > 1000);
}

static void three_at_once(void **state)
{
	(void)state;
	in_some_orders(CAST(2, 1, 0), 0, 0);
}

static void one_is_killed_at_any_step(void **state)
{
	(void)state;
	in_some_orders(CAST(1, 1, 0), 1, 0);
	in_some_orders(CAST(2, 0, 0), 1, 0);
	in_some_orders(CAST(2, 1, 0), 2, 0);
	in_some_orders(CAST(1, 1, 1), 1, 0);
}

static void leases_end_at_any_step(void **state)
{
	(void)state;
	in_some_orders(CAST(1, 1, 0), 0, 1);
	in_some_orders(CAST(2, 1, 0), 1, 2);
}

static int setup(void **state)
{
	stage.n_tiers = stage.copies = 1;
	return cast_setup(state);
}

static const struct CMUnitTest cases[] = {
	cmocka_unit_test(two_at_once_in_every_order),
	cmocka_unit_test(with_an_upload_in_every_order),
	cmocka_unit_test(three_at_once),
	cmocka_unit_test(one_is_killed_at_any_step),
	cmocka_unit_test(leases_end_at_any_step),
};

int main(void)
{
	return cmocka_run_group_tests(cases, setup, cast_teardown);
}
