/* SPDX-License-Identifier: MIT */

/* Chunks and claims in a stack, line by line of stack.h. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "test/unit/stack_bed.h"

/* chunks */

static void first_tier_that_takes_a_chunk_is_enough(void **state)
{
	struct bed *bed = *state;
	struct chunk_count held = { 0 };

	fake_has_chunk(&bed->mongodb, 0, CHUNK_RAW, "x", 1);
	assert_int_equal(bed_put(bed, "abc", &held), 0);
	assert_journal(&bed->journal, "redis.put_chunk ");
	assert_string_equal(bed->stack->served, "redis");
	/* Its own count, never more than the truth. */
	assert_int_equal(held.chunks, 1);
	assert_int_equal(held.bytes, 3);
}

static void full_or_failed_goes_on_to_the_next(void **state)
{
	struct bed *bed = *state;
	struct chunk_count held = { 0 };

	bed->redis.fails = TIER_E_FULL;
	bed->mongodb.fails = -EIO;
	assert_int_equal(bed_put(bed, "abc", &held), 0);
	assert_string_equal(bed->stack->served, "memory");
	assert_string_equal(bed->stack->error, "mongodb: put_chunk failed");
	bed->memory.fails = TIER_E_FULL;
	assert_int_equal(bed_put(bed, "abc", &held), -EIO);
	bed->mongodb.fails = TIER_E_FULL;
	assert_int_equal(bed_put(bed, "abc", &held), TIER_E_FULL);
}

static void conflict_or_limit_in_one_that_was_asked_is_one(void **state)
{
	struct bed *bed = *state;
	struct chunk_count held = { .chunks = 77 };

	fake_has_chunk(&bed->mongodb, 1, CHUNK_RAW, "xyz", 3);
	bed->redis.fails = -EIO;
	assert_int_equal(bed_put(bed, "abc", &held), TIER_E_CONFLICT);
	assert_int_equal(bed->memory.calls[FAKE_PUT_CHUNK], 0);
	bed->mongodb.says[FAKE_PUT_CHUNK] = TIER_E_LIMIT;
	assert_int_equal(bed_put(bed, "abc", &held), TIER_E_LIMIT);
	assert_int_equal(bed->memory.calls[FAKE_PUT_CHUNK], 0);
	assert_int_equal(held.chunks, 77);
	/* One that was not asked has no say. */
	bed->redis.fails = 0;
	assert_int_equal(bed_put(bed, "abc", &held), 0);
}

static void assert_no_chunk(struct bed *bed, int expected)
{
	struct chunk_info info;
	struct buf data;

	buf_init(&data, 100);
	assert_int_equal(tier_get_chunk(bed->stack, &bed->session, 1, soon(),
					&data, &info), expected);
	buf_done(&data);
}

static void chunk_is_read_from_the_first_that_has_it_whole(void **state)
{
	struct bed *bed = *state;

	fake_has_chunk(&bed->mongodb, 1, CHUNK_RAW, "second", 6);
	fake_has_chunk(&bed->memory, 1, CHUNK_RAW, "third", 5);
	assert_read(bed, "second");
	assert_int_equal(bed->memory.calls[FAKE_GET_CHUNK], 0);
	bed->mongodb.fails = -EIO;
	assert_read(bed, "third");
	fake_has_chunk(&bed->redis, 1, CHUNK_RAW, "first", 5);
	assert_read(bed, "first");
	open_stack(bed, (struct fake_tier *[]){ &bed->memory, &bed->redis }, 2);
	assert_read(bed, "third");
}

static void chunk_is_absent_only_when_every_tier_says_so(void **state)
{
	struct bed *bed = *state;

	assert_no_chunk(bed, TIER_E_ABSENT);
	bed->mongodb.fails = -EIO;
	assert_no_chunk(bed, -EIO);
	bed->mongodb.fails = -ENODEV;
	assert_no_chunk(bed, TIER_E_ABSENT);
}

static void list_is_the_union_and_says_who_is_silent(void **state)
{
	struct bed *bed = *state;
	struct chunk_list list = { 0 };

	fake_has_chunk(&bed->redis, 1, CHUNK_RAW, "ab", 2);
	fake_has_chunk(&bed->mongodb, 1, CHUNK_RAW, "other", 5);
	fake_has_chunk(&bed->mongodb, 2, CHUNK_TEXT, "c", 1);
	fake_has_chunk(&bed->memory, 0, CHUNK_RAW, "def", 3);
	assert_int_equal(tier_list_chunks(bed->stack, &bed->session, soon(),
					  &list), 0);
	assert_int_equal(list.n, 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(list.chunks[i].index, i);
	/* Of two with one index, the first in order. */
	assert_int_equal(list.chunks[1].size, 2);
	assert_int_equal(list.chunks[2].kind, CHUNK_TEXT);
	assert_false(list.silent);
	chunk_list_done(&list);

	bed->redis.fails = -EIO;
	assert_int_equal(tier_list_chunks(bed->stack, &bed->session, soon(),
					  &list), 0);
	assert_int_equal(list.n, 3);
	assert_int_equal(list.chunks[1].size, 5);
	assert_true(list.silent);
	chunk_list_done(&list);
}

/* claims */

static int claim(struct bed *bed)
{
	return tier_claim(bed->stack, &bed->session, &bed->token, soon());
}

static void claim_is_taken_in_every_tier_that_answers(void **state)
{
	struct bed *bed = *state;

	bed->mongodb.fails = -EIO;
	assert_int_equal(claim(bed), 0);
	assert_journal(&bed->journal,
		       "redis.claim mongodb.claim memory.claim ");
	assert_string_equal(bed->redis.holder, bed->token.text);
	assert_string_equal(bed->memory.holder, bed->token.text);
	/* Again by the holder: it is renewed, also where it was not before. */
	bed->mongodb.fails = 0;
	assert_int_equal(claim(bed), 0);
	assert_string_equal(bed->mongodb.holder, bed->token.text);
}

static void claim_held_in_one_is_held_and_what_was_got_given_back(void **state)
{
	struct bed *bed = *state;

	strcpy(bed->memory.holder, "somebody");
	/* What failed may have been done. */
	bed->mongodb.lies[FAKE_CLAIM] = -ETIMEDOUT;
	assert_int_equal(claim(bed), TIER_E_CONFLICT);
	assert_string_equal(bed->redis.holder, "");
	assert_string_equal(bed->mongodb.holder, "");
	assert_string_equal(bed->memory.holder, "somebody");
	assert_int_equal(bed->memory.calls[FAKE_RELEASE], 0);
}

static void claim_that_no_tier_has_room_for_is_full(void **state)
{
	struct bed *bed = *state;

	bed->redis.fails = bed->mongodb.fails = bed->memory.fails = TIER_E_FULL;
	assert_int_equal(claim(bed), TIER_E_FULL);
	bed->mongodb.fails = -EIO;
	assert_int_equal(claim(bed), -EIO);
	bed->memory.fails = 0;
	assert_int_equal(claim(bed), 0);
}

static void claim_is_given_back_everywhere(void **state)
{
	struct bed *bed = *state;

	assert_int_equal(claim(bed), 0);
	bed->redis.says[FAKE_RELEASE] = -EIO;
	assert_int_equal(tier_release(bed->stack, &bed->session, &bed->token,
				      soon()), 0);
	assert_string_equal(bed->mongodb.holder, "");
	assert_string_equal(bed->memory.holder, "");
}

static void claim_held_anywhere_is_seen(void **state)
{
	struct bed *bed = *state;
	bool held = true;

	assert_int_equal(tier_is_claimed(bed->stack, &bed->session, soon(),
					 &held), 0);
	assert_false(held);
	strcpy(bed->mongodb.holder, "somebody");
	bed->redis.fails = -EIO;
	assert_int_equal(tier_is_claimed(bed->stack, &bed->session, soon(),
					 &held), 0);
	assert_true(held);
}

/* drops */

static void drops_reach_every_tier_that_answers(void **state)
{
	struct bed *bed = *state;
	struct chunk chunk = fake_chunk(1, CHUNK_RAW, "abc", 3);
	struct fake_tier *tiers[] = {
		&bed->redis, &bed->mongodb, &bed->memory,
	};

	for (size_t i = 0; i < ARRAY_SIZE(tiers); i++) {
		fake_has(tiers[i], &bed->session);
		fake_has_chunk(tiers[i], 0, CHUNK_RAW, "x", 1);
		fake_has_chunk(tiers[i], 1, CHUNK_RAW, "abc", 3);
	}
	bed->redis.fails = -EIO;
	assert_int_equal(tier_drop_chunk(bed->stack, &bed->session,
					 &chunk.info, soon()), 0);
	assert_null(bed->mongodb.chunks[1].data);
	assert_null(bed->memory.chunks[1].data);
	assert_non_null(bed->memory.chunks[0].data);
	assert_int_equal(tier_drop_chunks(bed->stack, &bed->session, soon()),
			 0);
	assert_null(bed->memory.chunks[0].data);
	assert_int_equal(tier_drop_session(bed->stack, &bed->completed,
					   soon()), 0);
	assert_false(bed->mongodb.has_record || bed->memory.has_record);
	assert_true(bed->redis.has_record);
	assert_non_null(bed->redis.chunks[0].data);
}

static void tiers_are_closed_with_it(void **state)
{
	struct bed *bed = *state;

	bed->stack = tier_close(bed->stack);
	assert_true(bed->redis.closed && bed->mongodb.closed &&
		    bed->memory.closed);
}

static const struct CMUnitTest cases[] = {
	BED_CASE(first_tier_that_takes_a_chunk_is_enough),
	BED_CASE(full_or_failed_goes_on_to_the_next),
	BED_CASE(conflict_or_limit_in_one_that_was_asked_is_one),
	BED_CASE(chunk_is_read_from_the_first_that_has_it_whole),
	BED_CASE(chunk_is_absent_only_when_every_tier_says_so),
	BED_CASE(list_is_the_union_and_says_who_is_silent),
	BED_CASE(claim_is_taken_in_every_tier_that_answers),
	BED_CASE(claim_held_in_one_is_held_and_what_was_got_given_back),
	BED_CASE(claim_that_no_tier_has_room_for_is_full),
	BED_CASE(claim_is_given_back_everywhere),
	BED_CASE(claim_held_anywhere_is_seen),
	BED_CASE(drops_reach_every_tier_that_answers),
	BED_CASE(tiers_are_closed_with_it),
};

int main(void)
{
	return cmocka_run_group_tests(cases, NULL, NULL);
}
