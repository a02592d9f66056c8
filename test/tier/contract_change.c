/* SPDX-License-Identifier: MIT */

/* Chunks that come while others go: rot is taken away, chunks are dropped. */

#include <stdlib.h>
#include <string.h>

#include "test/tier/contract.h"
#include "test/tier/crowd.h"

/* The size of the chunk at @index: all of them differ. */
static size_t size_at(uint32_t index)
{
	return 1000 + index;
}

/*
 * Member 0 spoils and puts again, the others read all the while: whoever
 * takes rot away must not take the good bytes that came meanwhile.
 */
struct healing {
	struct session session;
	int over;	/* atomic */
};

static int read_good_or_absent(struct tier *t, struct healing *healing,
			       const struct chunk *chunk)
{
	struct chunk_info info;
	struct buf data;
	int r;

	buf_init(&data, KIB(64));
	r = tier_get_chunk(t, &healing->session, chunk->info.index, patience(),
			   &data, &info);
	if (r == 0 && (data.size != chunk->info.size ||
		       memcmp(data.data, chunk->data, data.size) != 0))
		r = -1;
	buf_done(&data);
	return r;
}

static int spoil_and_heal(const struct crowd_member *member,
			  const struct chunk *chunk)
{
	struct healing *healing = member->arg;
	int r = 0;

	for (int i = 0; i < 60 && !r; i++) {
		spoil_chunk(member->setting, member->place, &healing->session,
			    chunk->info.index,
			    i % 2 ? SPOIL_BYTES : SPOIL_SIZE);
		r = put(member->tier, &healing->session, chunk);
		if (!r)
			r = read_good_or_absent(member->tier, healing, chunk);
	}
	return r;
}

static int heal_or_read(const struct crowd_member *member)
{
	struct chunk chunk = chunk_of_text(0, "good bytes, put again");
	struct healing *healing = member->arg;
	int r;

	if (member->number == 0) {
		r = spoil_and_heal(member, &chunk);
		__atomic_store_n(&healing->over, 1, __ATOMIC_SEQ_CST);
		return r;
	}
	do {
		r = read_good_or_absent(member->tier, healing, &chunk);
		if (r == TIER_E_ABSENT)
			r = 0;
	} while (!r && !__atomic_load_n(&healing->over, __ATOMIC_SEQ_CST));
	return r;
}

static void good_bytes_put_meanwhile_are_not_taken_away(void **state)
{
	struct contract *c = *state;
	struct healing *healing = crowd_share(sizeof(*healing));
	struct chunk chunk = chunk_of_text(0, "good bytes, put again");
	struct crowd_result results[CROWD_MAX];
	struct chunk_count count = { 0 };

	healing->session = session_of(1, 100);
	assert_result(c->tier, put(c->tier, &healing->session, &chunk), 0);
	crowd_run(c->setting, &c->place, 4, heal_or_read, healing, results);
	assert_int_equal(crowd_refused(results, 4, 0), 0);
	assert_chunk_is(c->tier, &healing->session, &chunk);
	/* Rot may cost the count a chunk, and never gives it one. */
	assert_result(c->tier, tier_put_chunk(c->tier, &healing->session,
					      &chunk, patience(), &count), 0);
	assert_in_range(count.chunks, 0, 1);
	assert_in_range(count.bytes, 0, chunk.info.size);
	crowd_unshare(healing, sizeof(*healing));
}

/* Half of them put all chunks, the others drop them, one by one or all. */
struct mixing {
	struct session session;
	bool all;	/* drop_chunks() too */
};

static int put_or_drop(const struct crowd_member *member)
{
	const struct mixing *mixing = member->arg;
	const struct session *s = &mixing->session;
	int r = 0;

	for (uint32_t i = 0; i < 100 && !r; i++) {
		char *bytes = bytes_of(i % 8, size_at(i % 8));
		struct chunk chunk = chunk_of(i % 8, CHUNK_RAW, bytes,
					      size_at(i % 8));

		if (member->number % 2 == 0)
			r = put(member->tier, s, &chunk);
		else if (mixing->all && i % 16 == 0)
			r = tier_drop_chunks(member->tier, s, patience());
		else
			r = tier_drop_chunk(member->tier, s, &chunk.info,
					    patience());
		free(bytes);
	}
	return r;
}

static struct session mix(struct contract *c, bool all)
{
	struct mixing mixing = {
		.session = session_of(10, 1 << 20), .all = all,
	};
	struct crowd_result results[CROWD_MAX];

	crowd_run(c->setting, &c->place, 4, put_or_drop, &mixing, results);
	assert_int_equal(crowd_refused(results, 4, 0), 0);
	return mixing.session;
}

static void puts_and_drops_at_once_leave_whole_chunks(void **state)
{
	struct contract *c = *state;
	struct session s = mix(c, /* all= */ true);
	struct chunk_list list = { 0 };

	assert_result(c->tier, tier_list_chunks(c->tier, &s, patience(), &list),
		      0);
	/* A drop may have come between two copies. */
	assert_in_range(count_pieces(c, &s), list.n,
			list.n * c->setting->copies);
	for (size_t i = 0; i < list.n; i++) {
		uint32_t index = list.chunks[i].index;
		char *bytes = bytes_of(index, size_at(index));
		struct chunk chunk = chunk_of(index, CHUNK_RAW, bytes,
					      size_at(index));

		assert_chunk_is(c->tier, &s, &chunk);
		free(bytes);
	}
	chunk_list_done(&list);
}

static void puts_and_drops_at_once_leave_no_count_too_high(void **state)
{
	struct contract *c = *state;
	struct session s = mix(c, /* all= */ false);
	struct chunk last = chunk_of_text(9, "last");
	struct chunk_list list = { 0 };
	struct chunk_count count = { 0 };

	assert_result(c->tier, tier_put_chunk(c->tier, &s, &last, patience(),
					      &count), 0);
	assert_result(c->tier, tier_list_chunks(c->tier, &s, patience(), &list),
		      0);
	assert_in_range(count.chunks, 0, list.n);
	assert_in_range(count.bytes, 0, chunk_list_bytes(&list));
	chunk_list_done(&list);
}

static void drop_of_all_sets_the_count_right_again(void **state)
{
	struct contract *c = *state;
	struct session s = mix(c, /* all= */ true);
	struct chunk last = chunk_of_text(9, "last");
	struct chunk_count count = { 0 };

	assert_result(c->tier, tier_drop_chunks(c->tier, &s, patience()), 0);
	assert_list_is(c->tier, &s, 0, 0);
	assert_int_equal(count_pieces(c, &s), 0);
	assert_result(c->tier, tier_put_chunk(c->tier, &s, &last, patience(),
					      &count), 0);
	assert_int_equal(count.chunks, 1);
	assert_int_equal(count.bytes, last.info.size);
}

static const struct CMUnitTest cases[] = {
	cmocka_unit_test(good_bytes_put_meanwhile_are_not_taken_away),
	cmocka_unit_test(puts_and_drops_at_once_leave_whole_chunks),
	cmocka_unit_test(puts_and_drops_at_once_leave_no_count_too_high),
	cmocka_unit_test(drop_of_all_sets_the_count_right_again),
};

const struct subject change_subject = { cases, ARRAY_SIZE(cases) };
