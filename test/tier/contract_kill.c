/* SPDX-License-Identifier: MIT */

/* Every operation may be killed at any instruction. */

#include <stdlib.h>

#include "test/tier/contract.h"
#include "test/tier/crowd.h"

enum { N_CHUNKS = 40, CHUNK_SIZE = 20000 };

static struct chunk chunk_at(uint32_t index, char **ret_bytes)
{
	*ret_bytes = bytes_of(index, CHUNK_SIZE);
	return chunk_of(index, CHUNK_RAW, *ret_bytes, CHUNK_SIZE);
}

static int put_all(const struct crowd_member *member)
{
	int r = 0;

	for (uint32_t i = 0; i < N_CHUNKS && !r; i++) {
		char *bytes;
		struct chunk chunk = chunk_at(i, &bytes);

		r = put(member->tier, member->arg, &chunk);
		free(bytes);
	}
	return r;
}

static bool is_listed(struct contract *c, const struct session *s,
		      uint32_t index)
{
	struct chunk_list list = { 0 };
	bool is_there = false;

	assert_result(c->tier, tier_list_chunks(c->tier, s, patience(), &list),
		      0);
	for (size_t i = 0; i < list.n; i++)
		is_there |= list.chunks[i].index == index;
	chunk_list_done(&list);
	return is_there;
}

/*
 * Asserts that every chunk that is listed is whole, and gives how many there
 * are. A drop that the killed process had sent may still be at work.
 */
static size_t assert_all_whole(struct contract *c, const struct session *s)
{
	struct chunk_list list = { 0 };
	struct chunk_info info;
	struct buf data;
	size_t n = 0;
	int r;

	buf_init(&data, CHUNK_SIZE);
	assert_result(c->tier, tier_list_chunks(c->tier, s, patience(), &list),
		      0);
	for (size_t i = 0; i < list.n; i++) {
		char *bytes;
		struct chunk chunk = chunk_at(list.chunks[i].index, &bytes);

		r = tier_get_chunk(c->tier, s, chunk.info.index, patience(),
				   &data, &info);
		if (r == 0 && digest_equal(&info.digest, &chunk.info.digest)) {
			n++;
		} else {
			assert_result(c->tier, r, TIER_E_ABSENT);
			assert_false(is_listed(c, s, chunk.info.index));
		}
		free(bytes);
	}
	buf_done(&data);
	chunk_list_done(&list);
	return n;
}

/*
 * Asserts that @count, as the put of @more said it, counts what is there. @n
 * chunks were there before it; one operation that the killed process had sent
 * may have been done by the server at any time since.
 */
static void assert_not_too_high(struct contract *c, const struct session *s,
				const struct chunk_count *count, size_t n,
				const struct chunk *more)
{
	struct chunk_list list = { 0 };
	uint64_t bytes = n * CHUNK_SIZE + more->info.size;

	assert_result(c->tier, tier_list_chunks(c->tier, s, patience(), &list),
		      0);
	if (list.n > n + 1) {
		n = list.n - 1;
		bytes = chunk_list_bytes(&list);
	}
	chunk_list_done(&list);
	assert_in_range(count->chunks, 1, n + 1);
	assert_in_range(count->bytes, 1, bytes);
}

/* On its way, not to the millisecond: some rounds are killed in each step. */
static unsigned delay_of(int round)
{
	return 50 + (unsigned)(round * 7919 % 97) * 120;
}

static void killed_puts_leave_whole_chunks_and_no_count_too_high(void **state)
{
	enum { ROUNDS = 60 };
	struct contract *c = *state;

	for (int round = 0; round < ROUNDS; round++) {
		struct session s = session_of(N_CHUNKS + 1, 1 << 20);
		struct chunk more = chunk_of_text(N_CHUNKS, "one more");
		struct chunk_count count = { 0 };
		size_t n;

		crowd_kill(c->setting, &c->place, put_all, &s, delay_of(round));
		n = assert_all_whole(c, &s);
		assert_result(c->tier, tier_put_chunk(c->tier, &s, &more,
						      patience(), &count), 0);
		assert_not_too_high(c, &s, &count, n, &more);
	}
}

static void upload_goes_on_after_a_kill(void **state)
{
	enum { ROUNDS = 30 };
	struct contract *c = *state;

	for (int round = 0; round < ROUNDS; round++) {
		struct session s = session_of(N_CHUNKS, 1 << 20);

		crowd_kill(c->setting, &c->place, put_all, &s, delay_of(round));
		for (uint32_t i = 0; i < N_CHUNKS; i++) {
			char *bytes;
			struct chunk chunk = chunk_at(i, &bytes);

			assert_result(c->tier, put(c->tier, &s, &chunk), 0);
			free(bytes);
		}
		assert_int_equal(assert_all_whole(c, &s), N_CHUNKS);
		assert_result(c->tier, tier_drop_chunks(c->tier, &s,
							patience()), 0);
		assert_list_is(c->tier, &s, 0, 0);
	}
}

static int put_and_drop(const struct crowd_member *member)
{
	int r = 0;

	for (int i = 0; i < 20 && !r; i++) {
		r = put_all(member);
		if (!r)
			r = tier_drop_chunks(member->tier, member->arg,
					     patience());
	}
	return r;
}

static void killed_drops_leave_whole_chunks_and_no_count_too_high(void **state)
{
	enum { ROUNDS = 30 };
	struct contract *c = *state;

	for (int round = 0; round < ROUNDS; round++) {
		struct session s = session_of(N_CHUNKS + 1, 1 << 20);
		struct chunk more = chunk_of_text(N_CHUNKS, "one more");
		struct chunk_count count = { 0 };
		size_t n;

		crowd_kill(c->setting, &c->place, put_and_drop, &s,
			   5000 + delay_of(round) * 5);
		n = assert_all_whole(c, &s);
		assert_result(c->tier, tier_put_chunk(c->tier, &s, &more,
						      patience(), &count), 0);
		assert_not_too_high(c, &s, &count, n, &more);
	}
}

static int open_and_complete(const struct crowd_member *member)
{
	const struct session *s = member->arg;
	struct session done = completed(s, (char []){ "{}" });
	struct tier_token token;
	int r;

	r = tier_token_make(&token);
	if (!r)
		r = tier_put_session(member->tier, s, patience());
	if (!r)
		r = tier_claim(member->tier, s, &token, patience());
	if (!r)
		r = tier_finish(member->tier, &done, patience());
	if (!r)
		r = tier_release(member->tier, s, &token, patience());
	return r;
}

static void killed_record_is_as_before_or_as_after(void **state)
{
	enum { ROUNDS = 60 };
	struct contract *c = *state;

	for (int round = 0; round < ROUNDS; round++) {
		struct session s = session_of(1, 3), got;
		struct session done = completed(&s, (char []){ "{}" });
		int r;

		crowd_kill(c->setting, &c->place, open_and_complete, &s,
			   delay_of(round) / 4);
		r = tier_get_session(c->tier, s.id, TIER_READ_ALL, patience(),
				     &got);
		if (r != TIER_E_ABSENT) {
			assert_result(c->tier, r, 0);
			assert_session_is(c->tier, got.state == SESSION_OPEN ?
					  &s : &done);
			session_done(&got);
		}
		assert_result(c->tier, tier_finish(c->tier, &done, patience()),
			      0);
		assert_session_is(c->tier, &done);
	}
}

static const struct CMUnitTest cases[] = {
	cmocka_unit_test(killed_puts_leave_whole_chunks_and_no_count_too_high),
	cmocka_unit_test(upload_goes_on_after_a_kill),
	cmocka_unit_test(killed_drops_leave_whole_chunks_and_no_count_too_high),
	cmocka_unit_test(killed_record_is_as_before_or_as_after),
};

const struct subject kill_subject = { cases, ARRAY_SIZE(cases) };
