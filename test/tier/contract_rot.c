/* SPDX-License-Identifier: MIT */

/* Bytes and records that went bad in a tier's keeping, by its back door. */

#include <stdlib.h>

#include "test/tier/contract.h"

static const enum spoil any_rot[] = { SPOIL_BYTES, SPOIL_SIZE, SPOIL_GONE };
static const enum spoil other_size[] = { SPOIL_SIZE, SPOIL_GONE };

/* A session of one chunk, which then went bad. */
static struct session rotten(struct contract *c, const struct chunk *chunk,
			     enum spoil how)
{
	struct session s = session_of(10, 100);

	assert_result(c->tier, put(c->tier, &s, chunk), 0);
	assert_in_range(spoil_chunk(c->setting, &c->place, &s,
				    chunk->info.index, how), 1, 9);
	return s;
}

static void rotten_chunk_is_absent(void **state)
{
	struct contract *c = *state;

	for (size_t i = 0; i < ARRAY_SIZE(any_rot); i++) {
		struct chunk raw = chunk_of_text(0, "good bytes");
		struct chunk text = chunk_of(3, CHUNK_TEXT, "good text", 9);
		struct session s = rotten(c, &raw, any_rot[i]);
		struct session t = rotten(c, &text, any_rot[i]);

		assert_chunk_is_absent(c->tier, &s, 0);
		assert_chunk_is_absent(c->tier, &t, 3);
	}
}

static void rotten_entry_is_taken_away(void **state)
{
	struct contract *c = *state;

	for (size_t i = 0; i < ARRAY_SIZE(any_rot); i++) {
		struct chunk chunk = chunk_of_text(4, "good bytes");
		struct chunk other = chunk_of_text(4, "other ones");
		struct session s = rotten(c, &chunk, any_rot[i]);

		assert_chunk_is_absent(c->tier, &s, 4);
		assert_list_is(c->tier, &s, 0, 0);
		assert_int_equal(count_pieces(c, &s), 0);
		/* Its index is free for any bytes. */
		assert_result(c->tier, put(c->tier, &s, &other), 0);
		assert_chunk_is(c->tier, &s, &other);
	}
}

static void same_bytes_again_are_whole_afterwards(void **state)
{
	struct contract *c = *state;

	for (size_t i = 0; i < ARRAY_SIZE(any_rot); i++) {
		struct chunk chunk = chunk_of_text(2, "good bytes");
		struct session s = rotten(c, &chunk, any_rot[i]);

		assert_result(c->tier, put(c->tier, &s, &chunk), 0);
		assert_chunk_is(c->tier, &s, &chunk);
		assert_list_is(c->tier, &s, 1, 10);
	}
}

static void first_kind_stays_over_bytes_that_went_bad(void **state)
{
	struct contract *c = *state;
	struct chunk raw = chunk_of(2, CHUNK_RAW, "good bytes", 10);
	struct chunk text = chunk_of(2, CHUNK_TEXT, "good bytes", 10);
	struct session s = rotten(c, &raw, SPOIL_BYTES);

	assert_result(c->tier, put(c->tier, &s, &text), 0);
	assert_chunk_is(c->tier, &s, &raw);
}

static void list_omits_what_has_not_its_size(void **state)
{
	struct contract *c = *state;

	for (size_t i = 0; i < ARRAY_SIZE(other_size); i++) {
		struct chunk chunk = chunk_of_text(2, "good bytes");
		struct chunk stays = chunk_of_text(3, "stays");
		struct session s = rotten(c, &chunk, other_size[i]);

		assert_result(c->tier, put(c->tier, &s, &stays), 0);
		assert_list_is(c->tier, &s, 1, 5);
	}
}

static void entry_that_has_not_its_size_is_free_for_other_bytes(void **state)
{
	struct contract *c = *state;

	for (size_t i = 0; i < ARRAY_SIZE(other_size); i++) {
		struct chunk chunk = chunk_of_text(2, "good bytes");
		struct chunk other = chunk_of_text(2, "others");
		struct session s = rotten(c, &chunk, other_size[i]);

		assert_result(c->tier, put(c->tier, &s, &other), 0);
		assert_chunk_is(c->tier, &s, &other);
		assert_list_is(c->tier, &s, 1, 6);
		assert_pieces(c, &s, 1);
	}
}

static void count_is_right_after_rot_was_found(void **state)
{
	struct contract *c = *state;

	for (size_t i = 0; i < ARRAY_SIZE(any_rot); i++) {
		struct chunk chunk = chunk_of_text(2, "good bytes");
		struct chunk next = chunk_of_text(3, "next");
		struct session s = rotten(c, &chunk, any_rot[i]);
		struct chunk_count count = { 0 };

		assert_chunk_is_absent(c->tier, &s, 2);
		assert_result(c->tier, tier_put_chunk(c->tier, &s, &next,
						      patience(), &count), 0);
		assert_int_equal(count.chunks, 1);
		assert_int_equal(count.bytes, 4);
		assert_result(c->tier, tier_put_chunk(c->tier, &s, &chunk,
						      patience(), &count), 0);
		assert_int_equal(count.chunks, 2);
		assert_int_equal(count.bytes, 14);
	}
}

static void count_is_right_after_rot_was_put_over(void **state)
{
	struct contract *c = *state;

	for (size_t i = 0; i < ARRAY_SIZE(other_size); i++) {
		struct chunk chunk = chunk_of_text(2, "good bytes");
		struct chunk other = chunk_of_text(2, "others");
		struct session s = rotten(c, &chunk, other_size[i]);
		struct chunk_count count = { 0 };

		assert_result(c->tier, tier_put_chunk(c->tier, &s, &other,
						      patience(), &count), 0);
		assert_int_equal(count.chunks, 1);
		assert_int_equal(count.bytes, 6);
	}
}

static void drop_takes_rot_away_too(void **state)
{
	struct contract *c = *state;

	for (size_t i = 0; i < ARRAY_SIZE(any_rot); i++) {
		struct chunk chunk = chunk_of_text(2, "good bytes");
		struct session s = rotten(c, &chunk, any_rot[i]);

		assert_result(c->tier, tier_drop_chunks(c->tier, &s,
							patience()), 0);
		assert_int_equal(count_pieces(c, &s), 0);
		assert_list_is(c->tier, &s, 0, 0);
	}
}

static void record_that_cannot_be_read_is_absent(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(2, 6);
	struct session done = completed(&s, (char []){ "{}" });

	assert_result(c->tier, tier_put_session(c->tier, &s, patience()), 0);
	assert_in_range(spoil_record(c, &s), 1, 9);
	assert_session_is_absent(c->tier, s.id);
	/* It was taken away: any state may be put. */
	assert_result(c->tier, tier_put_session(c->tier, &s, patience()), 0);
	assert_session_is(c->tier, &s);
	assert_result(c->tier, tier_finish(c->tier, &done, patience()), 0);
	assert_session_is(c->tier, &done);
}

static void record_that_cannot_be_read_does_not_stop_finish(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(2, 6);
	struct session done = completed(&s, (char []){ "{}" });

	assert_result(c->tier, tier_put_session(c->tier, &s, patience()), 0);
	assert_in_range(spoil_record(c, &s), 1, 9);
	assert_result(c->tier, tier_finish(c->tier, &done, patience()), 0);
	assert_session_is(c->tier, &done);
}

static const struct CMUnitTest cases[] = {
	cmocka_unit_test(rotten_chunk_is_absent),
	cmocka_unit_test(rotten_entry_is_taken_away),
	cmocka_unit_test(same_bytes_again_are_whole_afterwards),
	cmocka_unit_test(first_kind_stays_over_bytes_that_went_bad),
	cmocka_unit_test(list_omits_what_has_not_its_size),
	cmocka_unit_test(entry_that_has_not_its_size_is_free_for_other_bytes),
	cmocka_unit_test(count_is_right_after_rot_was_found),
	cmocka_unit_test(count_is_right_after_rot_was_put_over),
	cmocka_unit_test(drop_takes_rot_away_too),
	cmocka_unit_test(record_that_cannot_be_read_is_absent),
	cmocka_unit_test(record_that_cannot_be_read_does_not_stop_finish),
};

const struct subject rot_subject = { cases, ARRAY_SIZE(cases) };
