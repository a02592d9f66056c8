/* SPDX-License-Identifier: MIT */

/* Who is asked, and what it comes to, line by line of stack.h. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "test/unit/stack_bed.h"

static int put(struct bed *bed)
{
	return tier_put_session(bed->stack, &bed->session, soon());
}

static int get(struct bed *bed, enum tier_read read,
	       enum session_state *ret_state)
{
	struct session got = { 0 };
	int r;

	r = tier_get_session(bed->stack, bed->session.id, read, soon(), &got);
	if (!r) {
		assert_string_equal(got.id, bed->session.id);
		*ret_state = got.state;
		session_done(&got);
	}
	return r;
}

static void assert_not_got(struct bed *bed, int expected)
{
	enum session_state state;

	assert_int_equal(get(bed, TIER_READ_FIRST, &state), expected);
	assert_int_equal(get(bed, TIER_READ_ALL, &state), expected);
}

/* absent, or not known */

static void absent_is_said_when_every_tier_said_so(void **state)
{
	struct bed *bed = *state;

	assert_not_got(bed, TIER_E_ABSENT);
	assert_int_equal(bed->redis.calls[FAKE_GET_SESSION], 2);
	assert_int_equal(bed->mongodb.calls[FAKE_GET_SESSION], 2);
	assert_int_equal(bed->memory.calls[FAKE_GET_SESSION], 2);
}

static void absent_is_not_said_while_a_tier_is_silent(void **state)
{
	struct bed *bed = *state;
	struct fake_tier *tiers[] = {
		&bed->redis, &bed->mongodb, &bed->memory,
	};

	for (size_t i = 0; i < ARRAY_SIZE(tiers); i++) {
		tiers[i]->fails = -EHOSTDOWN;
		assert_not_got(bed, -EHOSTDOWN);
		assert_non_null(strstr(bed->stack->error, tiers[i]->name));
		tiers[i]->fails = 0;
	}
}

static void tier_that_is_not_configured_is_not_there(void **state)
{
	struct bed *bed = *state;
	struct chunk_list list = { 0 };

	bed->mongodb.fails = -ENODEV;
	assert_not_got(bed, TIER_E_ABSENT);
	/* The log is told. */
	assert_string_equal(bed->stack->error, "mongodb: get_session failed");
	assert_int_equal(tier_list_chunks(bed->stack, &bed->session, soon(),
					  &list), 0);
	assert_false(list.silent);
	/* The words of one that failed are worth more. */
	bed->memory.fails = -EIO;
	assert_not_got(bed, -EIO);
	assert_string_equal(bed->stack->error, "memory: get_session failed");
}

/* Every operation, by number; @i ends at what it gives. */
static int call(struct bed *bed, int i)
{
	struct chunk chunk = fake_chunk(0, CHUNK_RAW, "abc", 3);
	enum session_state got;
	struct chunk_count held;
	struct chunk_info info;
	struct chunk_list list = { 0 };
	struct buf data;
	bool claimed;
	int r;

	buf_init(&data, 100);
	switch (i) {
	case 0:
		return put(bed);
	case 1:
		return get(bed, TIER_READ_FIRST, &got);
	case 2:
		return get(bed, TIER_READ_ALL, &got);
	case 3:
		return tier_put_chunk(bed->stack, &bed->session, &chunk, soon(),
				      &held);
	case 4:
		r = tier_get_chunk(bed->stack, &bed->session, 0, soon(), &data,
				   &info);
		buf_done(&data);
		return r;
	case 5:
		r = tier_list_chunks(bed->stack, &bed->session, soon(), &list);
		chunk_list_done(&list);
		return r;
	case 6:
		return tier_claim(bed->stack, &bed->session, &bed->token,
				  soon());
	case 7:
		return tier_release(bed->stack, &bed->session, &bed->token,
				    soon());
	case 8:
		return tier_is_claimed(bed->stack, &bed->session, soon(),
				       &claimed);
	case 9:
		return tier_finish(bed->stack, &bed->completed, soon());
	case 10:
		return tier_drop_session(bed->stack, &bed->completed, soon());
	case 11:
		return tier_drop_chunk(bed->stack, &bed->session, &chunk.info,
				       soon());
	case 12:
		return tier_drop_chunks(bed->stack, &bed->session, soon());
	case 13:
		return tier_sweep(bed->stack, soon());
	default:
		return tier_ping(bed->stack, soon());
	}
}

#define CALLS 15

static void without_any_tier_everything_fails_with_words(void **state)
{
	struct bed *bed = *state;

	open_stack(bed, NULL, 0);
	for (int i = 0; i < CALLS; i++) {
		assert_int_equal(call(bed, i), -ENODEV);
		assert_string_equal(bed->stack->error,
				    "no tier is configured");
	}
}

static void tiers_that_cannot_be_used_are_no_tiers(void **state)
{
	struct bed *bed = *state;

	open_stack(bed, (struct fake_tier *[]){ &bed->redis, &bed->mongodb },
		   2);
	bed->redis.fails = bed->mongodb.fails = -ENODEV;
	for (int i = 0; i < CALLS; i++) {
		assert_int_equal(call(bed, i), -ENODEV);
		assert_non_null(strstr(bed->stack->error, "redis: "));
	}
}

static void every_call_fails_when_all_tiers_do(void **state)
{
	struct bed *bed = *state;

	bed->redis.fails = bed->mongodb.fails = bed->memory.fails = -EIO;
	for (int i = 0; i < CALLS; i++) {
		assert_int_equal(call(bed, i), -EIO);
		assert_non_null(strstr(bed->stack->error, "redis: "));
		assert_null(bed->stack->served);
	}
}

static void every_call_is_done_when_one_tier_does_it(void **state)
{
	struct bed *bed = *state;

	for (int i = 0; i < 3; i++) {
		fake_has(&bed->redis, &bed->session);
		fake_has(&bed->mongodb, &bed->session);
		fake_has(&bed->memory, &bed->session);
		bed->redis.fails = i == 0 ? 0 : -EIO;
		bed->mongodb.fails = i == 1 ? 0 : -EIO;
		bed->memory.fails = i == 2 ? 0 : -EIO;
		for (int j = 0; j < CALLS; j++)
			if (j != 4)
				assert_int_equal(call(bed, j), 0);
	}
}

static const struct CMUnitTest cases[] = {
	BED_CASE(absent_is_said_when_every_tier_said_so),
	BED_CASE(absent_is_not_said_while_a_tier_is_silent),
	BED_CASE(tier_that_is_not_configured_is_not_there),
	BED_CASE(without_any_tier_everything_fails_with_words),
	BED_CASE(tiers_that_cannot_be_used_are_no_tiers),
	BED_CASE(every_call_fails_when_all_tiers_do),
	BED_CASE(every_call_is_done_when_one_tier_does_it),
};

int main(void)
{
	return cmocka_run_group_tests(cases, NULL, NULL);
}
