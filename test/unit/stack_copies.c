/* SPDX-License-Identifier: MIT */

/* A stack that keeps two copies, line by line of stack.h. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "test/unit/stack_bed.h"

static int put_session(struct bed *bed)
{
	return tier_put_session(bed->stack, &bed->session, soon());
}

static int put(struct bed *bed, const char *text)
{
	struct chunk_count held;

	return bed_put(bed, text, &held);
}

static void lose_all(struct fake_tier *fake)
{
	fake_done(fake);
}

/* The ways in which a tier may not take something, and what they come to. */
static const struct {
	int tier;	/* what the tier gives */
	int stack;	/* what the stack then gives */
} refusals[] = {
	{ -EIO, -EIO },
	{ -EHOSTDOWN, -EHOSTDOWN },
	{ TIER_E_FULL, TIER_E_FULL },
	{ -ENODEV, -ENODEV },
};

/* put_session */

static void session_needs_both(void **state)
{
	struct bed *bed = *state;

	assert_int_equal(put_session(bed), 0);
	assert_journal(&bed->journal, "redis.put_session mongodb.put_session ");
	assert_string_equal(bed->stack->served, "redis");
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		bed->redis.fails = refusals[i].tier;
		assert_int_equal(put_session(bed), refusals[i].stack);
		bed->redis.fails = 0;
		bed->mongodb.fails = refusals[i].tier;
		assert_int_equal(put_session(bed), refusals[i].stack);
		bed->mongodb.fails = 0;
	}
	assert_false(bed->memory.has_record);
	assert_int_equal(bed->memory.calls[FAKE_PUT_SESSION], 0);
}

static void session_that_one_cannot_take_is_not_given_to_the_other(void **state)
{
	struct bed *bed = *state;

	bed->redis.fails = -EHOSTDOWN;
	assert_int_equal(put_session(bed), -EHOSTDOWN);
	assert_journal(&bed->journal, "redis.put_session ");
	assert_null(bed->stack->served);
}

static void who_is_silent_may_have_room_for_a_copy(void **state)
{
	struct bed *bed = *state;

	bed->redis.fails = -ETIMEDOUT;
	bed->mongodb.fails = TIER_E_FULL;
	assert_int_equal(put_session(bed), -ETIMEDOUT);
	assert_string_equal(bed->stack->error, "redis: put_session failed");
	/* But not for the second, where the one that was asked has none. */
	assert_int_equal(put(bed, "abc"), TIER_E_FULL);
}

/* put_chunk */

static void chunk_needs_both_the_last_first(void **state)
{
	struct bed *bed = *state;

	assert_int_equal(put_session(bed), 0);
	bed->journal.text[0] = '\0';
	assert_int_equal(put(bed, "abc"), 0);
	assert_journal(&bed->journal,
		       "mongodb.get_session mongodb.put_chunk "
		       "redis.get_session redis.put_chunk ");
	assert_has(&bed->redis, "abc");
	assert_has(&bed->mongodb, "abc");
	assert_has(&bed->memory, NULL);
	/* The first that would be asked for it. */
	assert_string_equal(bed->stack->served, "redis");
	assert_string_equal(bed->stack->error, "");
}

static void tiers_in_another_order_are_filled_in_that_one(void **state)
{
	struct bed *bed = *state;

	open_stack(bed, (struct fake_tier *[]){
		   &bed->memory, &bed->mongodb, &bed->redis }, 3);
	assert_int_equal(put(bed, "abc"), 0);
	assert_string_equal(bed->stack->served, "mongodb");
	assert_journal(&bed->journal,
		       "redis.get_session redis.put_session redis.put_chunk "
		       "mongodb.get_session mongodb.put_session "
		       "mongodb.put_chunk ");
}

static void record_that_a_tier_lost_comes_back_with_a_chunk(void **state)
{
	struct bed *bed = *state;

	fake_has(&bed->redis, &bed->session);
	assert_int_equal(put(bed, "abc"), 0);
	assert_true(bed->mongodb.has_record);
	lose_all(&bed->redis);
	assert_int_equal(put(bed, "abc"), 0);
	assert_true(bed->redis.has_record);
	/* Never over a later state. */
	fake_has(&bed->redis, &bed->completed);
	assert_int_equal(put(bed, "abc"), 0);
	assert_int_equal(bed->redis.record.state, SESSION_COMPLETED);
}

static void chunk_whose_record_a_tier_does_not_take_is_not_there(void **state)
{
	struct bed *bed = *state;

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		bed->mongodb.says[FAKE_PUT_SESSION] = refusals[i].tier;
		assert_int_equal(put(bed, "abc"), refusals[i].stack);
		assert_has(&bed->mongodb, NULL);
	}
}

static void chunk_that_one_does_not_take_fails_and_stays_in_the_other(
	void **state)
{
	struct bed *bed = *state;
	struct chunk_count held = { 77, 77 };

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		bed->redis.fails = refusals[i].tier;
		assert_int_equal(bed_put(bed, "abc", &held), refusals[i].stack);
		assert_has(&bed->mongodb, "abc");
		assert_has(&bed->memory, NULL);
	}
	assert_int_equal(held.chunks, 77);
	assert_null(bed->stack->served);
	/* And the same again is what was wanting. */
	bed->redis.fails = 0;
	assert_int_equal(put(bed, "abc"), 0);
	assert_has(&bed->redis, "abc");
}

static void chunk_the_last_does_not_take_is_not_given_to_the_first(
	void **state)
{
	struct bed *bed = *state;

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		bed->mongodb.fails = refusals[i].tier;
		assert_int_equal(put(bed, "abc"), refusals[i].stack);
		assert_has(&bed->redis, NULL);
		assert_int_equal(bed->redis.calls[FAKE_PUT_CHUNK], 0);
	}
}

static void chunk_that_either_lost_comes_back(void **state)
{
	struct bed *bed = *state;

	assert_int_equal(put(bed, "abc"), 0);
	lose_all(&bed->redis);
	assert_read(bed, "abc");
	assert_int_equal(put(bed, "abc"), 0);
	lose_all(&bed->mongodb);
	assert_read(bed, "abc");
	assert_int_equal(put(bed, "abc"), 0);
	assert_has(&bed->redis, "abc");
	assert_has(&bed->mongodb, "abc");
}

static void count_is_the_least_of_theirs(void **state)
{
	struct bed *bed = *state;
	struct chunk_count held;

	fake_has_chunk(&bed->mongodb, 0, CHUNK_RAW, "x", 1);
	fake_has_chunk(&bed->mongodb, 2, CHUNK_RAW, "y", 1);
	fake_has_chunk(&bed->redis, 0, CHUNK_RAW, "0123456789", 10);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(bed_put(bed, "abc", &held), 0);
		assert_int_equal(held.chunks, 2);
		assert_int_equal(held.bytes, 5);
		open_stack(bed, (struct fake_tier *[]){
			   &bed->mongodb, &bed->redis }, 2);
	}
}

/* other bytes */

static void of_two_contents_at_once_the_last_tier_takes_one(void **state)
{
	struct bed *bed = *state;

	/* Another is between its two copies. */
	has_chunk(&bed->mongodb, "xyz");
	assert_int_equal(put(bed, "abc"), TIER_E_CONFLICT);
	assert_has(&bed->redis, NULL);
	assert_has(&bed->mongodb, "xyz");
	assert_int_equal(put(bed, "xyz"), 0);
	assert_int_equal(put(bed, "abc"), TIER_E_CONFLICT);
	assert_read(bed, "xyz");
}

static void refused_bytes_stay_in_no_tier(void **state)
{
	struct bed *bed = *state;

	assert_int_equal(put(bed, "xyz"), 0);
	lose_all(&bed->mongodb);
	assert_int_equal(put(bed, "abc"), TIER_E_CONFLICT);
	assert_has(&bed->mongodb, NULL);
	assert_has(&bed->redis, "xyz");
	assert_int_equal(put(bed, "xyz"), 0);
	assert_has(&bed->mongodb, "xyz");
}

static void bytes_in_the_last_alone_may_be_promised(void **state)
{
	struct bed *bed = *state;

	assert_int_equal(put(bed, "xyz"), 0);
	lose_all(&bed->redis);
	assert_int_equal(put(bed, "abc"), TIER_E_CONFLICT);
	assert_has(&bed->redis, NULL);
	assert_read(bed, "xyz");
}

/* The last lost it, and a put of others did not come to its end there. */
static void bytes_that_were_not_promised_make_room(void **state)
{
	struct bed *bed = *state;

	assert_int_equal(put(bed, "xyz"), 0);
	lose_all(&bed->mongodb);
	bed->redis.fails = -EIO;
	assert_int_equal(put(bed, "abc"), -EIO);
	assert_has(&bed->mongodb, "abc");
	/* While it is silent nobody knows. */
	assert_int_equal(put(bed, "xyz"), -EIO);
	assert_has(&bed->mongodb, "abc");
	bed->redis.fails = 0;
	assert_read(bed, "xyz");
	assert_int_equal(put(bed, "xyz"), 0);
	assert_has(&bed->mongodb, "xyz");
	assert_int_equal(put(bed, "abc"), TIER_E_CONFLICT);
	assert_has(&bed->mongodb, "xyz");
	assert_has(&bed->redis, "xyz");
}

static void what_cannot_make_room_is_a_failure(void **state)
{
	struct bed *bed = *state;

	has_chunk(&bed->redis, "xyz");
	has_chunk(&bed->mongodb, "abc");
	bed->mongodb.says[FAKE_DROP_CHUNK] = -EIO;
	assert_int_equal(put(bed, "xyz"), -EIO);
	bed->mongodb.says[FAKE_DROP_CHUNK] = 0;
	bed->mongodb.says[FAKE_LIST_CHUNKS] = -EIO;
	assert_int_equal(put(bed, "xyz"), -EIO);
	assert_has(&bed->mongodb, "abc");
	assert_read(bed, "xyz");
}

/* Another put of the same bytes, which did what this one is about to do. */
static int made_room_meanwhile(struct fake_tier *fake, enum fake_op op)
{
	if (op == FAKE_LIST_CHUNKS)
		has_chunk(fake, "xyz");
	return 0;
}

static void bytes_that_came_meanwhile_stay(void **state)
{
	struct bed *bed = *state;

	has_chunk(&bed->redis, "xyz");
	has_chunk(&bed->mongodb, "abc");
	bed->mongodb.before = made_room_meanwhile;
	assert_int_equal(put(bed, "xyz"), 0);
	assert_has(&bed->mongodb, "xyz");
	assert_int_equal(bed->mongodb.calls[FAKE_DROP_CHUNK], 0);
}

static void limit_in_one_is_one(void **state)
{
	struct bed *bed = *state;

	bed->redis.says[FAKE_PUT_CHUNK] = TIER_E_LIMIT;
	assert_int_equal(put(bed, "abc"), TIER_E_LIMIT);
	/* It may be what another was promised. */
	assert_has(&bed->mongodb, "abc");
	bed->mongodb.says[FAKE_PUT_CHUNK] = TIER_E_LIMIT;
	assert_int_equal(put(bed, "abc"), TIER_E_LIMIT);
	assert_int_equal(bed->redis.calls[FAKE_PUT_CHUNK], 1);
}

/* fewer tiers than copies */

static void too_few_tiers_fail_with_words(void **state)
{
	struct bed *bed = *state;

	for (int i = 0; i < 2; i++) {
		open_stack(bed, (struct fake_tier *[]){
			   &bed->redis, &bed->memory }, i ? 2 : 0);
		assert_int_equal(put_session(bed), -ENODEV);
		assert_string_equal(bed->stack->error, "fewer shared tiers are "
				    "configured than copies");
		assert_int_equal(put(bed, "abc"), -ENODEV);
		assert_string_equal(bed->stack->error, "fewer shared tiers are "
				    "configured than copies");
	}
	assert_journal(&bed->journal, "");
}

/* all else */

static void with_one_tier_silent_an_upload_ends(void **state)
{
	struct bed *bed = *state;
	struct fake_tier *both[] = { &bed->redis, &bed->mongodb };

	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		struct session got = { 0 };

		lose_all(&bed->redis);
		lose_all(&bed->mongodb);
		assert_int_equal(put_session(bed), 0);
		assert_int_equal(put(bed, "abc"), 0);
		both[i]->fails = -EIO;
		assert_int_equal(tier_get_session(bed->stack, bed->session.id,
						  TIER_READ_ALL, soon(), &got),
				 0);
		assert_int_equal(tier_claim(bed->stack, &bed->session,
					    &bed->token, soon()), 0);
		assert_read(bed, "abc");
		assert_int_equal(tier_finish(bed->stack, &bed->completed,
					     soon()), 0);
		assert_int_equal(both[!i]->record.state, SESSION_COMPLETED);
		both[i]->fails = 0;
		/* What was silent hears of it when it is read. */
		assert_int_equal(tier_get_session(bed->stack, bed->session.id,
						  TIER_READ_ALL, soon(), &got),
				 0);
		assert_int_equal(both[i]->record.state, SESSION_COMPLETED);
		session_done(&got);
	}
	assert_false(bed->memory.has_record);
}

static void memory_takes_no_end_that_no_shared_tier_took(void **state)
{
	struct bed *bed = *state;

	bed->redis.fails = bed->mongodb.fails = -EIO;
	assert_int_equal(tier_finish(bed->stack, &bed->completed, soon()),
			 -EIO);
	assert_false(bed->memory.has_record);
}

/* From a time when one copy was enough. */
static void memory_that_has_something_is_read_and_told(void **state)
{
	struct bed *bed = *state;
	struct session got = { 0 };

	fake_has(&bed->memory, &bed->session);
	has_chunk(&bed->memory, "abc");
	assert_int_equal(tier_get_session(bed->stack, bed->session.id,
					  TIER_READ_FIRST, soon(), &got), 0);
	assert_string_equal(bed->stack->served, "memory");
	assert_read(bed, "abc");
	assert_int_equal(tier_finish(bed->stack, &bed->aborted, soon()), 0);
	assert_int_equal(bed->memory.record.state, SESSION_ABORTED);
}

static const struct CMUnitTest cases[] = {
	COPIES_CASE(session_needs_both),
	COPIES_CASE(session_that_one_cannot_take_is_not_given_to_the_other),
	COPIES_CASE(who_is_silent_may_have_room_for_a_copy),
	COPIES_CASE(chunk_needs_both_the_last_first),
	COPIES_CASE(tiers_in_another_order_are_filled_in_that_one),
	COPIES_CASE(record_that_a_tier_lost_comes_back_with_a_chunk),
	COPIES_CASE(chunk_whose_record_a_tier_does_not_take_is_not_there),
	COPIES_CASE(chunk_that_one_does_not_take_fails_and_stays_in_the_other),
	COPIES_CASE(chunk_the_last_does_not_take_is_not_given_to_the_first),
	COPIES_CASE(chunk_that_either_lost_comes_back),
	COPIES_CASE(count_is_the_least_of_theirs),
	COPIES_CASE(of_two_contents_at_once_the_last_tier_takes_one),
	COPIES_CASE(refused_bytes_stay_in_no_tier),
	COPIES_CASE(bytes_in_the_last_alone_may_be_promised),
	COPIES_CASE(bytes_that_were_not_promised_make_room),
	COPIES_CASE(what_cannot_make_room_is_a_failure),
	COPIES_CASE(bytes_that_came_meanwhile_stay),
	COPIES_CASE(limit_in_one_is_one),
	COPIES_CASE(too_few_tiers_fail_with_words),
	COPIES_CASE(with_one_tier_silent_an_upload_ends),
	COPIES_CASE(memory_takes_no_end_that_no_shared_tier_took),
	COPIES_CASE(memory_that_has_something_is_read_and_told),
};

int main(void)
{
	return cmocka_run_group_tests(cases, NULL, NULL);
}
