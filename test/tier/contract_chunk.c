/* SPDX-License-Identifier: MIT */

/* put_chunk, get_chunk, list_chunks, drop_chunk and drop_chunks. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/tier/contract.h"

static void chunk_is_got_as_it_was_put(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(2, 100);
	struct chunk raw = chunk_of(0, CHUNK_RAW, "a\0b\xff\xfe", 5);
	struct chunk text = chunk_of(1, CHUNK_TEXT, "\xc3\xa9 \xf0\x9f\x9a\xb2",
				     7);

	assert_result(c->tier, put(c->tier, &s, &raw), 0);
	assert_result(c->tier, put(c->tier, &s, &text), 0);
	assert_chunk_is(c->tier, &s, &raw);
	assert_chunk_is(c->tier, &s, &text);
}

static void text_that_is_no_valid_unicode_is_kept_exactly(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(4, 100);
	struct chunk chunks[] = {
		/* Halves of a surrogate pair, as a cut leaves them. */
		chunk_of(0, CHUNK_TEXT, "ab\xed\xa0\xbd", 5),
		chunk_of(1, CHUNK_TEXT, "\xed\xbb\x80""cd", 5),
		chunk_of(2, CHUNK_TEXT, "a\0b\0", 4),
		chunk_of(3, CHUNK_TEXT, "\0", 1),
	};

	for (size_t i = 0; i < ARRAY_SIZE(chunks); i++)
		assert_result(c->tier, put(c->tier, &s, &chunks[i]), 0);
	for (size_t i = 0; i < ARRAY_SIZE(chunks); i++)
		assert_chunk_is(c->tier, &s, &chunks[i]);
	assert_list_is(c->tier, &s, 4, 15);
}

static void empty_chunk_of_an_empty_upload_is_a_chunk(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 0), t = session_of(1, 0);
	struct chunk raw = chunk_of(0, CHUNK_RAW, "", 0);
	struct chunk text = chunk_of(0, CHUNK_TEXT, "", 0);

	assert_result(c->tier, put(c->tier, &s, &raw), 0);
	assert_result(c->tier, put(c->tier, &s, &raw), 0);
	assert_chunk_is(c->tier, &s, &raw);
	assert_list_is(c->tier, &s, 1, 0);
	assert_result(c->tier, put(c->tier, &t, &text), 0);
	assert_chunk_is(c->tier, &t, &text);
}

static void chunk_of_4_mib_is_got_as_it_was_put(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(2, MIB(8));
	char *bytes = bytes_of(1, MIB(4));
	struct chunk raw = chunk_of(0, CHUNK_RAW, bytes, MIB(4));
	char *letters = malloc(MIB(4));
	struct chunk text = chunk_of(1, CHUNK_TEXT, letters, 0);

	assert_non_null(letters);
	memset(letters, 'x', MIB(4));
	text = chunk_of(1, CHUNK_TEXT, letters, MIB(4));
	assert_result(c->tier, put(c->tier, &s, &raw), 0);
	assert_result(c->tier, put(c->tier, &s, &text), 0);
	assert_chunk_is(c->tier, &s, &raw);
	assert_chunk_is(c->tier, &s, &text);
	assert_list_is(c->tier, &s, 2, MIB(8));
	assert_result(c->tier, tier_drop_chunks(c->tier, &s, patience()), 0);
	free(letters);
	free(bytes);
}

static void chunk_at_the_highest_index_is_got(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(UINT32_MAX, UINT64_C(1) << 50);
	struct chunk last = chunk_of_text(UINT32_MAX - 1, "last");
	struct chunk_list list = { 0 };

	assert_result(c->tier, put(c->tier, &s, &last), 0);
	assert_chunk_is(c->tier, &s, &last);
	assert_result(c->tier, tier_list_chunks(c->tier, &s, patience(), &list),
		      0);
	assert_int_equal(list.n, 1);
	assert_int_equal(list.chunks[0].index, UINT32_MAX - 1);
	chunk_list_done(&list);
}

static void chunk_needs_no_record(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3);
	struct chunk chunk = chunk_of_text(0, "abc");

	assert_result(c->tier, put(c->tier, &s, &chunk), 0);
	assert_chunk_is(c->tier, &s, &chunk);
	/* Where copies are kept, one of the record goes with each. */
	if (c->setting->copies > 1)
		assert_session_is(c->tier, &s);
	else
		assert_session_is_absent(c->tier, s.id);
}

static void chunk_that_was_not_put_is_absent(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(2, 6);
	struct chunk chunk = chunk_of_text(0, "abc");
	struct chunk_info info, before;
	struct buf data;

	assert_chunk_is_absent(c->tier, &s, 0);
	assert_result(c->tier, put(c->tier, &s, &chunk), 0);
	memset(&info, 0x5a, sizeof(info));
	before = info;
	buf_init(&data, 16);
	assert_result(c->tier, tier_get_chunk(c->tier, &s, 1, patience(), &data,
					      &info), TIER_E_ABSENT);
	assert_memory_equal(&info, &before, sizeof(info));
	assert_string_equal(c->tier->error, "");
	buf_done(&data);
}

static void other_bytes_at_an_index_are_a_conflict(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 100);
	struct chunk first = chunk_of_text(0, "abc");
	struct chunk same_size = chunk_of_text(0, "abd");
	struct chunk shorter = chunk_of_text(0, "ab");
	struct chunk longer = chunk_of_text(0, "abcd");
	struct chunk empty = chunk_of_text(0, "");
	struct chunk_count count, before;
	int pieces;

	assert_result(c->tier, put(c->tier, &s, &first), 0);
	pieces = count_pieces(c, &s);
	memset(&count, 0x5a, sizeof(count));
	before = count;
	assert_result(c->tier, tier_put_chunk(c->tier, &s, &same_size,
					      patience(), &count),
		      TIER_E_CONFLICT);
	assert_memory_equal(&count, &before, sizeof(count));
	assert_result(c->tier, put(c->tier, &s, &shorter), TIER_E_CONFLICT);
	assert_result(c->tier, put(c->tier, &s, &longer), TIER_E_CONFLICT);
	assert_result(c->tier, put(c->tier, &s, &empty), TIER_E_CONFLICT);
	assert_string_equal(c->tier->error, "");
	assert_chunk_is(c->tier, &s, &first);
	assert_list_is(c->tier, &s, 1, 3);
	/* Nothing is left of a refused chunk. */
	assert_int_equal(count_pieces(c, &s), pieces);
}

static void first_kind_stays(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(2, 100);
	struct chunk raw = chunk_of(0, CHUNK_RAW, "abc", 3);
	struct chunk text = chunk_of(0, CHUNK_TEXT, "abc", 3);

	assert_result(c->tier, put(c->tier, &s, &raw), 0);
	assert_result(c->tier, put(c->tier, &s, &text), 0);
	assert_chunk_is(c->tier, &s, &raw);

	raw.info.index = text.info.index = 1;
	assert_result(c->tier, put(c->tier, &s, &text), 0);
	assert_result(c->tier, put(c->tier, &s, &raw), 0);
	assert_chunk_is(c->tier, &s, &text);
}

static void get_reads_over_what_was_in_the_buffer(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(2, 100);
	struct chunk longer = chunk_of_text(0, "longer than the other one");
	struct chunk shorter = chunk_of_text(1, "short");
	struct chunk_info info;
	struct buf data;

	assert_result(c->tier, put(c->tier, &s, &longer), 0);
	assert_result(c->tier, put(c->tier, &s, &shorter), 0);
	buf_init(&data, 64);
	assert_int_equal(buf_append_string(&data, "what was there before"), 0);
	assert_result(c->tier, tier_get_chunk(c->tier, &s, 0, patience(), &data,
					      &info), 0);
	assert_string_equal(data.data, longer.data);
	assert_int_equal(data.size, longer.info.size);
	assert_result(c->tier, tier_get_chunk(c->tier, &s, 1, patience(), &data,
					      &info), 0);
	assert_string_equal(data.data, shorter.data);
	assert_int_equal(data.size, shorter.info.size);
	assert_result(c->tier, tier_get_chunk(c->tier, &s, 0, patience(), &data,
					      &info), 0);
	assert_string_equal(data.data, longer.data);
	buf_done(&data);
}

static void list_of_nothing_is_empty(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(2, 6), t = session_of(2, 6);

	assert_list_is(c->tier, &s, 0, 0);
	assert_result(c->tier, tier_put_session(c->tier, &t, patience()), 0);
	assert_list_is(c->tier, &t, 0, 0);
}

static void list_is_ascending_and_describes_each_chunk(void **state)
{
	static const uint32_t indexes[] = { 100, 9, 0, 10, 99, 2, 1, 11 };
	struct contract *c = *state;
	struct session s = session_of(200, 1000);
	struct chunk_list list = { 0 };
	char text[32];

	for (size_t i = 0; i < ARRAY_SIZE(indexes); i++) {
		struct chunk chunk;

		snprintf(text, sizeof(text), "chunk %u", indexes[i]);
		chunk = chunk_of(indexes[i], indexes[i] % 2 ? CHUNK_TEXT :
				 CHUNK_RAW, text, strlen(text));
		assert_result(c->tier, put(c->tier, &s, &chunk), 0);
	}
	assert_result(c->tier, tier_list_chunks(c->tier, &s, patience(), &list),
		      0);
	assert_int_equal(list.n, ARRAY_SIZE(indexes));
	for (size_t i = 0; i < list.n; i++) {
		const struct chunk_info *info = &list.chunks[i];
		struct digest digest;

		snprintf(text, sizeof(text), "chunk %u", info->index);
		digest = digest_of(text, strlen(text));
		assert_true(i == 0 || info[-1].index < info->index);
		assert_int_equal(info->size, strlen(text));
		assert_int_equal(info->kind, info->index % 2 ? CHUNK_TEXT :
				 CHUNK_RAW);
		assert_true(digest_equal(&info->digest, &digest));
	}
	assert_false(list.silent);
	chunk_list_done(&list);
}

static void list_of_2000_chunks_has_all(void **state)
{
	enum { N = 2000 };
	struct contract *c = *state;
	struct session s = session_of(N, 4 * N);
	struct chunk_list list = { 0 };
	uint32_t i;

	for (i = 0; i < N; i++) {
		struct chunk chunk = chunk_of(i, CHUNK_RAW, (const char *)&i,
					      sizeof(i));

		assert_result(c->tier, put(c->tier, &s, &chunk), 0);
	}
	assert_result(c->tier, tier_list_chunks(c->tier, &s, patience(), &list),
		      0);
	assert_int_equal(list.n, N);
	for (i = 0; i < N; i++)
		assert_int_equal(list.chunks[i].index, i);
	chunk_list_done(&list);
	assert_result(c->tier, tier_drop_chunks(c->tier, &s, patience()), 0);
	assert_list_is(c->tier, &s, 0, 0);
}

static void sessions_do_not_mix(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3), t = session_of(1, 3);
	struct chunk chunk = chunk_of_text(0, "abc");
	struct chunk other = chunk_of_text(0, "abd");

	assert_result(c->tier, put(c->tier, &s, &chunk), 0);
	assert_chunk_is_absent(c->tier, &t, 0);
	assert_result(c->tier, put(c->tier, &t, &other), 0);
	assert_chunk_is(c->tier, &s, &chunk);
	assert_result(c->tier, tier_drop_chunks(c->tier, &s, patience()), 0);
	assert_chunk_is_absent(c->tier, &s, 0);
	assert_chunk_is(c->tier, &t, &other);
}

static void drop_chunk_takes_that_chunk_away(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(2, 6);
	struct chunk chunk = chunk_of_text(0, "abc");
	struct chunk stays = chunk_of_text(1, "abc");
	struct chunk other = chunk_of_text(0, "xyz");

	assert_result(c->tier, put(c->tier, &s, &chunk), 0);
	assert_result(c->tier, put(c->tier, &s, &stays), 0);
	assert_result(c->tier, tier_drop_chunk(c->tier, &s, &chunk.info,
					       patience()), 0);
	assert_chunk_is_absent(c->tier, &s, 0);
	assert_list_is(c->tier, &s, 1, 3);
	assert_chunk_is(c->tier, &s, &stays);
	/* And again, when it is not there. */
	assert_result(c->tier, tier_drop_chunk(c->tier, &s, &chunk.info,
					       patience()), 0);
	/* The index is free for other bytes. */
	assert_result(c->tier, put(c->tier, &s, &other), 0);
	assert_chunk_is(c->tier, &s, &other);
}

static void drop_chunk_leaves_a_chunk_of_another_digest(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(2, 6);
	struct chunk chunk = chunk_of_text(0, "abc");
	struct chunk other = chunk_of_text(0, "abd");

	assert_result(c->tier, put(c->tier, &s, &chunk), 0);
	assert_result(c->tier, tier_drop_chunk(c->tier, &s, &other.info,
					       patience()), 0);
	assert_chunk_is(c->tier, &s, &chunk);
	assert_list_is(c->tier, &s, 1, 3);
}

static void drop_chunks_takes_all_and_leaves_the_record(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(3, 9);
	struct tier_token token;
	bool held = false;

	assert_result(c->tier, tier_put_session(c->tier, &s, patience()), 0);
	assert_int_equal(tier_token_make(&token), 0);
	assert_result(c->tier, tier_claim(c->tier, &s, &token, patience()), 0);
	for (uint32_t i = 0; i < 3; i++) {
		struct chunk chunk = chunk_of_text(i, "abc");

		assert_result(c->tier, put(c->tier, &s, &chunk), 0);
	}
	assert_result(c->tier, tier_drop_chunks(c->tier, &s, patience()), 0);
	assert_list_is(c->tier, &s, 0, 0);
	assert_int_equal(count_pieces(c, &s), 0);
	for (uint32_t i = 0; i < 3; i++)
		assert_chunk_is_absent(c->tier, &s, i);
	assert_session_is(c->tier, &s);
	/* The claim stays too: complete drops before it gives it back. */
	assert_result(c->tier, tier_is_claimed(c->tier, &s, patience(), &held),
		      0);
	assert_true(held);
	assert_result(c->tier, tier_drop_chunks(c->tier, &s, patience()), 0);
}

static void drop_of_a_session_never_seen_is_done(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(3, 9);
	struct chunk chunk = chunk_of_text(0, "abc");

	assert_result(c->tier, tier_drop_chunks(c->tier, &s, patience()), 0);
	assert_result(c->tier, tier_drop_chunk(c->tier, &s, &chunk.info,
					       patience()), 0);
	assert_result(c->tier, tier_drop_session(c->tier, &s, patience()), 0);
	assert_session_is_absent(c->tier, s.id);
}

static const struct CMUnitTest cases[] = {
	cmocka_unit_test(chunk_is_got_as_it_was_put),
	cmocka_unit_test(text_that_is_no_valid_unicode_is_kept_exactly),
	cmocka_unit_test(empty_chunk_of_an_empty_upload_is_a_chunk),
	cmocka_unit_test(chunk_of_4_mib_is_got_as_it_was_put),
	cmocka_unit_test(chunk_at_the_highest_index_is_got),
	cmocka_unit_test(chunk_needs_no_record),
	cmocka_unit_test(chunk_that_was_not_put_is_absent),
	cmocka_unit_test(other_bytes_at_an_index_are_a_conflict),
	cmocka_unit_test(first_kind_stays),
	cmocka_unit_test(get_reads_over_what_was_in_the_buffer),
	cmocka_unit_test(list_of_nothing_is_empty),
	cmocka_unit_test(list_is_ascending_and_describes_each_chunk),
	cmocka_unit_test(list_of_2000_chunks_has_all),
	cmocka_unit_test(sessions_do_not_mix),
	cmocka_unit_test(drop_chunk_takes_that_chunk_away),
	cmocka_unit_test(drop_chunk_leaves_a_chunk_of_another_digest),
	cmocka_unit_test(drop_chunks_takes_all_and_leaves_the_record),
	cmocka_unit_test(drop_of_a_session_never_seen_is_done),
};

const struct subject chunk_subject = { cases, ARRAY_SIZE(cases) };
