/* SPDX-License-Identifier: MIT */

/* What put_chunk counts, and the limit of bytes held. */

#include <string.h>

#include "test/tier/contract.h"

/* Puts @text and asserts what is held afterwards. */
static void put_and_count(struct contract *c, const struct session *s,
			  uint32_t index, const char *text, uint32_t chunks,
			  uint64_t bytes)
{
	struct chunk chunk = chunk_of_text(index, text);
	struct chunk_count count = { 0 };

	assert_result(c->tier, tier_put_chunk(c->tier, s, &chunk, patience(),
					      &count), 0);
	assert_int_equal(count.chunks, chunks);
	assert_int_equal(count.bytes, bytes);
}

static void count_is_what_is_held_afterwards(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(10, 100);

	put_and_count(c, &s, 3, "abc", 1, 3);
	put_and_count(c, &s, 0, "de", 2, 5);
	put_and_count(c, &s, 9, "fghij", 3, 10);
}

static void chunk_put_again_counts_once(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(10, 100);

	put_and_count(c, &s, 0, "abc", 1, 3);
	put_and_count(c, &s, 0, "abc", 1, 3);
	put_and_count(c, &s, 1, "de", 2, 5);
	put_and_count(c, &s, 0, "abc", 2, 5);
}

static void refused_chunk_is_not_counted(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(10, 4);
	struct chunk other = chunk_of_text(0, "abd");
	struct chunk more = chunk_of_text(1, "0123456789");

	put_and_count(c, &s, 0, "abc", 1, 3);
	assert_result(c->tier, put(c->tier, &s, &other), TIER_E_CONFLICT);
	assert_result(c->tier, put(c->tier, &s, &more), TIER_E_LIMIT);
	put_and_count(c, &s, 0, "abc", 1, 3);
	put_and_count(c, &s, 1, "de", 2, 5);
}

static void dropped_chunk_is_counted_no_more(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(10, 100);
	struct chunk first = chunk_of_text(0, "abc");
	struct chunk other = chunk_of_text(1, "xx");

	put_and_count(c, &s, 0, "abc", 1, 3);
	put_and_count(c, &s, 1, "de", 2, 5);
	assert_result(c->tier, tier_drop_chunk(c->tier, &s, &first.info,
					       patience()), 0);
	/* Neither what is gone already nor what stays is counted down. */
	assert_result(c->tier, tier_drop_chunk(c->tier, &s, &first.info,
					       patience()), 0);
	assert_result(c->tier, tier_drop_chunk(c->tier, &s, &other.info,
					       patience()), 0);
	put_and_count(c, &s, 2, "f", 2, 3);
	put_and_count(c, &s, 0, "abcd", 3, 7);
	assert_result(c->tier, tier_drop_chunks(c->tier, &s, patience()), 0);
	put_and_count(c, &s, 5, "gh", 1, 2);
}

static void bytes_over_the_limit_are_refused(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(10, 2);
	struct chunk more = chunk_of_text(3, "g");
	struct chunk_count count, before;
	int pieces;

	put_and_count(c, &s, 0, "ab", 1, 2);
	put_and_count(c, &s, 1, "cd", 2, 4);
	put_and_count(c, &s, 2, "ef", 3, 6);
	pieces = count_pieces(c, &s);
	memset(&count, 0x5a, sizeof(count));
	before = count;
	assert_result(c->tier, tier_put_chunk(c->tier, &s, &more, patience(),
					      &count), TIER_E_LIMIT);
	assert_memory_equal(&count, &before, sizeof(count));
	assert_string_equal(c->tier->error, "");
	/* Nothing is left of it. */
	assert_chunk_is_absent(c->tier, &s, 3);
	assert_list_is(c->tier, &s, 3, 6);
	assert_int_equal(count_pieces(c, &s), pieces);
}

static void first_chunk_alone_can_be_over_the_limit(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 1), empty = session_of(1, 0);
	struct chunk fits = chunk_of_text(0, "abc");
	struct chunk over = chunk_of_text(0, "abcd");
	struct chunk one = chunk_of_text(0, "a");

	assert_result(c->tier, put(c->tier, &s, &over), TIER_E_LIMIT);
	assert_list_is(c->tier, &s, 0, 0);
	assert_result(c->tier, put(c->tier, &s, &fits), 0);
	assert_result(c->tier, put(c->tier, &empty, &one), TIER_E_LIMIT);
	assert_list_is(c->tier, &empty, 0, 0);
}

static void same_bytes_again_are_fine_at_the_limit(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(10, 1);

	put_and_count(c, &s, 0, "abc", 1, 3);
	put_and_count(c, &s, 0, "abc", 1, 3);
}

static void conflict_is_said_before_limit(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(10, 1);
	struct chunk other = chunk_of_text(0, "0123456789");

	put_and_count(c, &s, 0, "abc", 1, 3);
	assert_result(c->tier, put(c->tier, &s, &other), TIER_E_CONFLICT);
	assert_list_is(c->tier, &s, 1, 3);
}

static void dropped_bytes_make_room_under_the_limit(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(10, 1);
	struct chunk first = chunk_of_text(0, "abc");
	struct chunk second = chunk_of_text(1, "def");

	put_and_count(c, &s, 0, "abc", 1, 3);
	assert_result(c->tier, put(c->tier, &s, &second), TIER_E_LIMIT);
	assert_result(c->tier, tier_drop_chunk(c->tier, &s, &first.info,
					       patience()), 0);
	put_and_count(c, &s, 1, "def", 1, 3);
}

static const struct CMUnitTest cases[] = {
	cmocka_unit_test(count_is_what_is_held_afterwards),
	cmocka_unit_test(chunk_put_again_counts_once),
	cmocka_unit_test(refused_chunk_is_not_counted),
	cmocka_unit_test(dropped_chunk_is_counted_no_more),
	cmocka_unit_test(bytes_over_the_limit_are_refused),
	cmocka_unit_test(first_chunk_alone_can_be_over_the_limit),
	cmocka_unit_test(same_bytes_again_are_fine_at_the_limit),
	cmocka_unit_test(conflict_is_said_before_limit),
	cmocka_unit_test(dropped_bytes_make_room_under_the_limit),
};

const struct subject count_subject = { cases, ARRAY_SIZE(cases) };
