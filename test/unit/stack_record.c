/* SPDX-License-Identifier: MIT */

/* Records in a stack, line by line of stack.h. */

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

static void assert_got(struct bed *bed, enum tier_read read,
		       enum session_state expected, const char *served)
{
	enum session_state state;

	assert_int_equal(get(bed, read, &state), 0);
	assert_int_equal(state, expected);
	assert_string_equal(bed->stack->served, served);
}

/* put_session */

static void session_is_put_into_every_shared_tier(void **state)
{
	struct bed *bed = *state;

	assert_int_equal(put(bed), 0);
	assert_journal(&bed->journal,
		       "redis.put_session mongodb.put_session ");
	assert_true(bed->redis.has_record && bed->mongodb.has_record);
	assert_string_equal(bed->stack->served, "redis");
}

static void one_shared_tier_is_enough(void **state)
{
	struct bed *bed = *state;
	static const int answers[] = { -EIO, TIER_E_FULL, -ENODEV };

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		bed->redis.fails = answers[i];
		assert_int_equal(put(bed), 0);
		assert_string_equal(bed->stack->served, "mongodb");
		assert_false(bed->memory.has_record);
		assert_int_equal(bed->redis.calls[FAKE_DROP_SESSION], 0);
	}
}

static void memory_takes_a_session_that_no_shared_tier_took(void **state)
{
	struct bed *bed = *state;

	bed->redis.fails = -EIO;
	bed->mongodb.fails = TIER_E_FULL;
	assert_int_equal(put(bed), 0);
	assert_string_equal(bed->stack->served, "memory");
	assert_true(bed->memory.has_record);
	/* It says the same when it is asked first. */
	open_stack(bed, (struct fake_tier *[]){
		   &bed->memory, &bed->redis, &bed->mongodb }, 3);
	bed->redis.fails = 0;
	assert_int_equal(put(bed), 0);
	assert_string_equal(bed->stack->served, "redis");
}

static void session_that_nobody_takes_is_refused(void **state)
{
	struct bed *bed = *state;

	bed->redis.fails = bed->mongodb.fails = bed->memory.fails = TIER_E_FULL;
	assert_int_equal(put(bed), TIER_E_FULL);
	assert_string_equal(bed->stack->error, "");
	/* Who is silent may have room. */
	bed->mongodb.fails = -ETIMEDOUT;
	assert_int_equal(put(bed), -ETIMEDOUT);
	assert_string_equal(bed->stack->error, "mongodb: put_session failed");
	/* The first failure is what is said. */
	bed->redis.fails = -ECONNREFUSED;
	assert_int_equal(put(bed), -ECONNREFUSED);
	assert_string_equal(bed->stack->error, "redis: put_session failed");
}

/* get_session, in order until one has it */

static void first_that_has_it_is_enough(void **state)
{
	struct bed *bed = *state;

	fake_has(&bed->redis, &bed->session);
	fake_has(&bed->mongodb, &bed->completed);
	assert_got(bed, TIER_READ_FIRST, SESSION_OPEN, "redis");
	assert_journal(&bed->journal, "redis.get_session ");
}

static void shared_tier_above_that_lacks_it_gets_a_copy(void **state)
{
	struct bed *bed = *state;

	fake_has(&bed->memory, &bed->session);
	assert_got(bed, TIER_READ_FIRST, SESSION_OPEN, "memory");
	assert_true(bed->redis.has_record && bed->mongodb.has_record);
	assert_got(bed, TIER_READ_FIRST, SESSION_OPEN, "redis");
}

static void copy_keeps_a_later_state_and_its_answer(void **state)
{
	struct bed *bed = *state;

	fake_has(&bed->mongodb, &bed->completed);
	assert_got(bed, TIER_READ_FIRST, SESSION_COMPLETED, "mongodb");
	assert_int_equal(bed->redis.record.state, SESSION_COMPLETED);
	assert_string_equal(bed->redis.record.answer.body, "{\"a\":1}");
}

/* Another, which completes the upload between the reading and the copy. */
static int completed_meanwhile(struct fake_tier *fake, enum fake_op op)
{
	struct bed *bed = fake->user;

	if (op != FAKE_PUT_SESSION)
		return 0;
	fake_has(&bed->redis, &bed->completed);
	fake_has(&bed->mongodb, &bed->completed);
	return 0;
}

static void copy_never_goes_over_a_later_state(void **state)
{
	struct bed *bed = *state;
	static const enum tier_read reads[] = {
		TIER_READ_FIRST, TIER_READ_ALL,
	};

	bed->redis.before = completed_meanwhile;
	bed->redis.user = bed;
	for (size_t i = 0; i < ARRAY_SIZE(reads); i++) {
		fake_done(&bed->redis);
		fake_has(&bed->mongodb, &bed->session);
		assert_got(bed, reads[i], SESSION_OPEN, "mongodb");
		assert_int_equal(bed->redis.calls[FAKE_PUT_SESSION], i + 1);
		assert_int_equal(bed->redis.record.state, SESSION_COMPLETED);
		assert_int_equal(bed->mongodb.record.state, SESSION_COMPLETED);
	}
}

static void silent_tier_above_gets_no_copy(void **state)
{
	struct bed *bed = *state;

	bed->redis.fails = -EIO;
	fake_has(&bed->mongodb, &bed->session);
	assert_got(bed, TIER_READ_FIRST, SESSION_OPEN, "mongodb");
	assert_journal(&bed->journal, "redis.get_session mongodb.get_session ");
	/* The log is told, though nothing failed. */
	assert_string_equal(bed->stack->error, "redis: get_session failed");
}

static void memory_above_gets_no_copy(void **state)
{
	struct bed *bed = *state;

	open_stack(bed, (struct fake_tier *[]){ &bed->memory, &bed->redis }, 2);
	fake_has(&bed->redis, &bed->session);
	assert_got(bed, TIER_READ_FIRST, SESSION_OPEN, "redis");
	assert_got(bed, TIER_READ_ALL, SESSION_OPEN, "redis");
	assert_false(bed->memory.has_record);
}

static void copy_that_fails_is_no_failure(void **state)
{
	struct bed *bed = *state;
	static const int answers[] = { -EIO, TIER_E_FULL };

	fake_has(&bed->mongodb, &bed->session);
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		bed->redis.says[FAKE_PUT_SESSION] = answers[i];
		assert_got(bed, TIER_READ_FIRST, SESSION_OPEN, "mongodb");
		assert_got(bed, TIER_READ_ALL, SESSION_OPEN, "mongodb");
	}
}

/* get_session, every tier */

static void most_advanced_state_wins_in_either_order(void **state)
{
	struct bed *bed = *state;

	fake_has(&bed->redis, &bed->aborted);
	fake_has(&bed->mongodb, &bed->completed);
	fake_has(&bed->memory, &bed->session);
	assert_got(bed, TIER_READ_ALL, SESSION_COMPLETED, "mongodb");
	assert_int_equal(bed->redis.record.state, SESSION_COMPLETED);
	assert_int_equal(bed->memory.record.state, SESSION_COMPLETED);
	assert_string_equal(bed->redis.record.answer.body, "{\"a\":1}");
	open_stack(bed, (struct fake_tier *[]){
		   &bed->memory, &bed->mongodb, &bed->redis }, 3);
	fake_done(&bed->memory);
	fake_has(&bed->memory, &bed->aborted);
	fake_done(&bed->mongodb);
	fake_has(&bed->mongodb, &bed->session);
	fake_has(&bed->redis, &bed->session);
	fake_done(&bed->redis);
	assert_got(bed, TIER_READ_ALL, SESSION_ABORTED, "memory");
	assert_int_equal(bed->mongodb.record.state, SESSION_ABORTED);
	assert_int_equal(bed->redis.record.state, SESSION_ABORTED);
}

static void of_equal_states_the_first_in_order_is_taken(void **state)
{
	struct bed *bed = *state;
	struct session other = fake_finished(&bed->session, SESSION_COMPLETED,
					     "{\"a\":2}");
	struct session got = { 0 };

	fake_has(&bed->redis, &bed->completed);
	fake_has(&bed->mongodb, &other);
	assert_int_equal(tier_get_session(bed->stack, bed->session.id,
					  TIER_READ_ALL, soon(), &got), 0);
	assert_string_equal(got.answer.body, "{\"a\":1}");
	/* And the other is left alone. */
	assert_string_equal(bed->mongodb.record.answer.body, "{\"a\":2}");
	session_done(&got);
	session_done(&other);
}

static void tiers_that_are_level_are_only_read(void **state)
{
	struct bed *bed = *state;

	fake_has(&bed->redis, &bed->session);
	fake_has(&bed->mongodb, &bed->session);
	assert_got(bed, TIER_READ_ALL, SESSION_OPEN, "redis");
	assert_journal(&bed->journal, "redis.get_session mongodb.get_session "
		       "memory.get_session ");
}

static void shared_tiers_that_lack_it_get_it(void **state)
{
	struct bed *bed = *state;

	fake_has(&bed->memory, &bed->session);
	assert_got(bed, TIER_READ_ALL, SESSION_OPEN, "memory");
	assert_true(bed->redis.has_record && bed->mongodb.has_record);
	fake_has(&bed->memory, &bed->aborted);
	fake_done(&bed->redis);
	assert_got(bed, TIER_READ_ALL, SESSION_ABORTED, "memory");
	assert_int_equal(bed->redis.record.state, SESSION_ABORTED);
	assert_int_equal(bed->mongodb.record.state, SESSION_ABORTED);
}

static void tier_without_room_for_the_later_state_loses_its_record(void **state)
{
	struct bed *bed = *state;

	fake_has(&bed->redis, &bed->session);
	fake_has(&bed->mongodb, &bed->completed);
	bed->redis.says[FAKE_FINISH] = TIER_E_FULL;
	assert_got(bed, TIER_READ_ALL, SESSION_COMPLETED, "mongodb");
	assert_false(bed->redis.has_record);
	/* One that fails may have it, or not: it is left alone. */
	fake_has(&bed->redis, &bed->session);
	bed->redis.says[FAKE_FINISH] = -EIO;
	assert_got(bed, TIER_READ_ALL, SESSION_COMPLETED, "mongodb");
	assert_true(bed->redis.has_record);
}

static void silent_tier_does_not_hide_what_others_know(void **state)
{
	struct bed *bed = *state;

	fake_has(&bed->mongodb, &bed->completed);
	bed->redis.fails = -ETIMEDOUT;
	assert_got(bed, TIER_READ_ALL, SESSION_COMPLETED, "mongodb");
	assert_int_equal(bed->redis.calls[FAKE_FINISH], 0);
}

/* finish */

static int finish(struct bed *bed, const struct session *session)
{
	return tier_finish(bed->stack, session, soon());
}

static void finish_is_told_to_shared_tiers_and_makes_records(void **state)
{
	struct bed *bed = *state;

	fake_has(&bed->redis, &bed->session);
	assert_int_equal(finish(bed, &bed->completed), 0);
	assert_int_equal(bed->redis.record.state, SESSION_COMPLETED);
	assert_int_equal(bed->mongodb.record.state, SESSION_COMPLETED);
	assert_false(bed->memory.has_record);
	assert_string_equal(bed->stack->served, "redis");
}

static void memory_that_has_the_record_is_told_too(void **state)
{
	struct bed *bed = *state;

	fake_has(&bed->redis, &bed->session);
	fake_has(&bed->memory, &bed->session);
	assert_int_equal(finish(bed, &bed->aborted), 0);
	assert_int_equal(bed->memory.record.state, SESSION_ABORTED);
	assert_string_equal(bed->stack->served, "redis");
}

static void memory_alone_records_when_no_shared_tier_does(void **state)
{
	struct bed *bed = *state;

	bed->redis.fails = bed->mongodb.fails = -EIO;
	assert_int_equal(finish(bed, &bed->completed), 0);
	assert_int_equal(bed->memory.record.state, SESSION_COMPLETED);
	assert_string_equal(bed->stack->served, "memory");
}

static void full_tier_loses_its_record_once_another_has_taken_it(void **state)
{
	struct bed *bed = *state;

	fake_has(&bed->redis, &bed->session);
	fake_has(&bed->mongodb, &bed->session);
	bed->redis.says[FAKE_FINISH] = TIER_E_FULL;
	assert_int_equal(finish(bed, &bed->completed), 0);
	assert_false(bed->redis.has_record);
	assert_journal(&bed->journal,
		       "redis.finish mongodb.finish memory.get_session "
		       "redis.drop_session ");
}

static void full_tier_keeps_its_record_when_nobody_takes_it(void **state)
{
	struct bed *bed = *state;

	fake_has(&bed->redis, &bed->session);
	bed->redis.says[FAKE_FINISH] = TIER_E_FULL;
	bed->mongodb.fails = -EIO;
	bed->memory.fails = -EIO;
	assert_int_equal(finish(bed, &bed->completed), -EIO);
	assert_true(bed->redis.has_record);
	bed->mongodb.fails = bed->memory.fails = TIER_E_FULL;
	assert_int_equal(finish(bed, &bed->completed), TIER_E_FULL);
	assert_true(bed->redis.has_record);
}

static void later_state_anywhere_is_a_conflict_and_ends_it(void **state)
{
	struct bed *bed = *state;

	fake_has(&bed->redis, &bed->completed);
	fake_has(&bed->mongodb, &bed->session);
	assert_int_equal(finish(bed, &bed->aborted), TIER_E_CONFLICT);
	assert_int_equal(bed->mongodb.record.state, SESSION_OPEN);
	/* In memory as well, after the shared ones. */
	fake_done(&bed->redis);
	fake_has(&bed->memory, &bed->completed);
	assert_int_equal(finish(bed, &bed->aborted), TIER_E_CONFLICT);
	assert_int_equal(bed->memory.record.state, SESSION_COMPLETED);
}

static const struct CMUnitTest cases[] = {
	BED_CASE(session_is_put_into_every_shared_tier),
	BED_CASE(one_shared_tier_is_enough),
	BED_CASE(memory_takes_a_session_that_no_shared_tier_took),
	BED_CASE(session_that_nobody_takes_is_refused),
	BED_CASE(first_that_has_it_is_enough),
	BED_CASE(shared_tier_above_that_lacks_it_gets_a_copy),
	BED_CASE(copy_keeps_a_later_state_and_its_answer),
	BED_CASE(copy_never_goes_over_a_later_state),
	BED_CASE(silent_tier_above_gets_no_copy),
	BED_CASE(memory_above_gets_no_copy),
	BED_CASE(copy_that_fails_is_no_failure),
	BED_CASE(most_advanced_state_wins_in_either_order),
	BED_CASE(of_equal_states_the_first_in_order_is_taken),
	BED_CASE(tiers_that_are_level_are_only_read),
	BED_CASE(shared_tiers_that_lack_it_get_it),
	BED_CASE(tier_without_room_for_the_later_state_loses_its_record),
	BED_CASE(silent_tier_does_not_hide_what_others_know),
	BED_CASE(finish_is_told_to_shared_tiers_and_makes_records),
	BED_CASE(memory_that_has_the_record_is_told_too),
	BED_CASE(memory_alone_records_when_no_shared_tier_does),
	BED_CASE(full_tier_loses_its_record_once_another_has_taken_it),
	BED_CASE(full_tier_keeps_its_record_when_nobody_takes_it),
	BED_CASE(later_state_anywhere_is_a_conflict_and_ends_it),
};

int main(void)
{
	return cmocka_run_group_tests(cases, NULL, NULL);
}
