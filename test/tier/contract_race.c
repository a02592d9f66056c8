/* SPDX-License-Identifier: MIT */

/* What several processes do at once. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/tier/contract.h"
#include "test/tier/crowd.h"

enum { BIG = 64 * 1024, N_CHUNKS = 64 };

/* The member's own bytes at index 0. */
static int put_own(const struct crowd_member *member)
{
	char *bytes = bytes_of(member->number + 1, BIG);
	struct chunk chunk = chunk_of(0, CHUNK_RAW, bytes, BIG);
	int r;

	r = put(member->tier, member->arg, &chunk);
	free(bytes);
	return r;
}

static void of_different_bytes_at_once_one_is_stored(void **state)
{
	enum { ROUNDS = 10 };
	struct contract *c = *state;

	for (int round = 0; round < ROUNDS; round++) {
		struct session s = session_of(1, 10 * BIG);
		struct crowd_result results[CROWD_MAX];
		unsigned winner = 0;
		struct chunk chunk;
		char *bytes;

		crowd_run(c->setting, &c->place, CROWD_MAX, put_own, &s,
			  results);
		assert_int_equal(crowd_refused(results, CROWD_MAX, TIER_E_CONFLICT),
				 CROWD_MAX - 1);
		while (results[winner].r)
			winner++;
		bytes = bytes_of(winner + 1, BIG);
		chunk = chunk_of(0, CHUNK_RAW, bytes, BIG);
		assert_chunk_is(c->tier, &s, &chunk);
		assert_list_is(c->tier, &s, 1, BIG);
		assert_pieces(c, &s, 1);
		free(bytes);
	}
}

static int put_same(const struct crowd_member *member)
{
	struct chunk chunk = chunk_of_text(0, "the same bytes");

	/* Half of them as text: one kind is first, and stays. */
	chunk.info.kind = member->number % 2 ? CHUNK_TEXT : CHUNK_RAW;
	return put(member->tier, member->arg, &chunk);
}

static void same_bytes_at_once_are_fine_and_count_once(void **state)
{
	enum { ROUNDS = 10 };
	struct contract *c = *state;

	for (int round = 0; round < ROUNDS; round++) {
		struct session s = session_of(1, 100);
		struct crowd_result results[CROWD_MAX];
		struct chunk chunk = chunk_of_text(0, "the same bytes");
		struct chunk_count count = { 0 };

		crowd_run(c->setting, &c->place, CROWD_MAX, put_same, &s,
			  results);
		assert_int_equal(crowd_refused(results, CROWD_MAX, 0), 0);
		assert_result(c->tier, tier_put_chunk(c->tier, &s, &chunk,
						      patience(), &count), 0);
		assert_int_equal(count.chunks, 1);
		assert_int_equal(count.bytes, chunk.info.size);
		assert_list_is(c->tier, &s, 1, chunk.info.size);
	}
}

/* The size of the chunk at @index: all of them differ. */
static size_t size_at(uint32_t index)
{
	return 1000 + index;
}

static int put_shuffled(const struct crowd_member *member)
{
	uint32_t order[2 * N_CHUNKS], seed = 7 * member->number + 1;

	for (uint32_t i = 0; i < 2 * N_CHUNKS; i++) {
		uint32_t at;

		seed = seed * 1664525 + 1013904223;
		at = (seed >> 8) % (i + 1);
		order[i] = order[at];
		order[at] = i % N_CHUNKS;
	}
	for (uint32_t i = 0; i < 2 * N_CHUNKS; i++) {
		char *bytes = bytes_of(order[i], size_at(order[i]));
		struct chunk chunk = chunk_of(order[i], CHUNK_RAW, bytes,
					      size_at(order[i]));
		struct chunk_count count = { 0 };
		int r;

		r = tier_put_chunk(member->tier, member->arg, &chunk,
				   patience(), &count);
		free(bytes);
		if (r)
			return r;
		if (count.chunks < 1 || count.chunks > N_CHUNKS)
			return -1;
	}
	return 0;
}

static void shuffled_chunks_put_twice_by_many_count_exactly(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(N_CHUNKS, 1 << 20);
	struct crowd_result results[CROWD_MAX];
	struct chunk_count count = { 0 };
	uint64_t bytes = 0;

	crowd_run(c->setting, &c->place, CROWD_MAX, put_shuffled, &s, results);
	assert_int_equal(crowd_refused(results, CROWD_MAX, 0), 0);
	for (uint32_t i = 0; i < N_CHUNKS; i++) {
		char *data = bytes_of(i, size_at(i));
		struct chunk chunk = chunk_of(i, CHUNK_RAW, data, size_at(i));

		assert_chunk_is(c->tier, &s, &chunk);
		assert_result(c->tier, tier_put_chunk(c->tier, &s, &chunk,
						      patience(), &count), 0);
		bytes += size_at(i);
		free(data);
	}
	assert_int_equal(count.chunks, N_CHUNKS);
	assert_int_equal(count.bytes, bytes);
	assert_list_is(c->tier, &s, N_CHUNKS, bytes);
}

/* A chunk of all that total_size declares, each member at its own index. */
static int put_third(const struct crowd_member *member)
{
	char *bytes = bytes_of(member->number, 1000);
	struct chunk chunk = chunk_of(member->number, CHUNK_RAW, bytes, 1000);
	int r;

	r = put(member->tier, member->arg, &chunk);
	free(bytes);
	return r;
}

static void limit_holds_against_many_at_once(void **state)
{
	enum { ROUNDS = 10 };
	struct contract *c = *state;

	for (int round = 0; round < ROUNDS; round++) {
		struct session s = session_of(CROWD_MAX, 1000);
		struct crowd_result results[CROWD_MAX];

		crowd_run(c->setting, &c->place, CROWD_MAX, put_third, &s,
			  results);
		assert_int_equal(crowd_refused(results, CROWD_MAX, TIER_E_LIMIT),
				 CROWD_MAX - 3);
		assert_list_is(c->tier, &s, 3, 3000);
		assert_pieces(c, &s, 3);
		for (uint32_t i = 0; i < CROWD_MAX; i++) {
			char *bytes = bytes_of(i, 1000);
			struct chunk chunk = chunk_of(i, CHUNK_RAW, bytes,
						      1000);

			if (results[i].r == 0)
				assert_chunk_is(c->tier, &s, &chunk);
			else
				assert_chunk_is_absent(c->tier, &s, i);
			free(bytes);
		}
	}
}

/* The states that members of one number bring, and an answer of their own. */
static struct session end_of(const struct session *s, unsigned number,
			     char body[static 32])
{
	snprintf(body, 32, "{\"member\": %u}", number);
	return number % 3 == 0 ? aborted(s) : completed(s, body);
}

static int finish_own(const struct crowd_member *member)
{
	struct session end, got;
	char body[32];
	int r;

	end = end_of(member->arg, member->number, body);
	r = tier_finish(member->tier, &end, patience());
	if (r)
		return r;
	/* What was said to be recorded is there, or a later state. */
	r = tier_get_session(member->tier, end.id, TIER_READ_ALL, patience(),
			     &got);
	if (r)
		return -1;
	r = got.state >= end.state ? 0 : -1;
	session_done(&got);
	return r;
}

static void finishes_at_once_keep_one_answer(void **state)
{
	enum { ROUNDS = 10 };
	struct contract *c = *state;

	for (int round = 0; round < ROUNDS; round++) {
		struct session s = session_of(1, 3), got;
		struct crowd_result results[CROWD_MAX];
		struct session end;
		unsigned member;
		char body[32];

		assert_result(c->tier, tier_put_session(c->tier, &s,
							patience()), 0);
		crowd_run(c->setting, &c->place, CROWD_MAX, finish_own, &s,
			  results);
		crowd_refused(results, CROWD_MAX, TIER_E_CONFLICT);
		for (unsigned i = 0; i < CROWD_MAX; i++)
			if (i % 3)
				assert_int_equal(results[i].r, 0);
		assert_result(c->tier, tier_get_session(c->tier, s.id,
				TIER_READ_ALL, patience(), &got), 0);
		assert_int_equal(got.state, SESSION_COMPLETED);
		assert_int_equal(sscanf(got.answer.body, "{\"member\": %u}",
					&member), 1);
		session_done(&got);
		assert_in_range(member, 0, CROWD_MAX - 1);
		end = end_of(&s, member, body);
		assert_session_is(c->tier, &end);
	}
}

/* Member 0 completes, the others put the open session over and over. */
static int put_open_or_complete(const struct crowd_member *member)
{
	const struct session *s = member->arg;
	struct session done = completed(s, (char []){ "{}" });

	if (member->number == 0)
		return tier_finish(member->tier, &done, patience());
	for (int i = 0; i < 20; i++) {
		int r = tier_put_session(member->tier, s, patience());

		if (r)
			return r;
	}
	return 0;
}

static void put_session_at_once_with_finish_never_undoes_it(void **state)
{
	enum { ROUNDS = 5 };
	struct contract *c = *state;

	for (int round = 0; round < ROUNDS; round++) {
		struct session s = session_of(1, 3);
		struct session done = completed(&s, (char []){ "{}" });
		struct crowd_result results[CROWD_MAX];

		crowd_run(c->setting, &c->place, 4, put_open_or_complete, &s,
			  results);
		assert_int_equal(crowd_refused(results, 4, 0), 0);
		assert_session_is(c->tier, &done);
	}
}

/* Member 0 ends it with a long answer, the others read all the while. */
static int end_or_read(const struct crowd_member *member)
{
	const struct session *s = member->arg;
	enum session_state seen = SESSION_OPEN;
	int r = 0;

	if (member->number == 0) {
		char *body = malloc(SESSION_ANSWER_MAX + 1);
		struct session done;

		memset(body, '1', SESSION_ANSWER_MAX);
		body[SESSION_ANSWER_MAX] = '\0';
		done = completed(s, body);
		r = tier_finish(member->tier, &done, patience());
		free(body);
		return r;
	}
	for (int i = 0; i < 200 && seen != SESSION_COMPLETED; i++) {
		struct session got;

		r = tier_get_session(member->tier, s->id, TIER_READ_FIRST,
				     patience(), &got);
		if (r)
			return r;
		if (got.state < seen || (got.state == SESSION_COMPLETED &&
		    got.answer.body_size != SESSION_ANSWER_MAX))
			r = -1;
		seen = got.state;
		session_done(&got);
		if (r)
			return r;
	}
	return 0;
}

static void reader_sees_the_record_before_or_after_never_between(void **state)
{
	enum { ROUNDS = 5 };
	struct contract *c = *state;

	for (int round = 0; round < ROUNDS; round++) {
		struct session s = session_of(1, 3);
		struct crowd_result results[CROWD_MAX];

		assert_result(c->tier, tier_put_session(c->tier, &s,
							patience()), 0);
		crowd_run(c->setting, &c->place, 4, end_or_read, &s, results);
		assert_int_equal(crowd_refused(results, 4, 0), 0);
	}
}

static const struct CMUnitTest cases[] = {
	cmocka_unit_test(of_different_bytes_at_once_one_is_stored),
	cmocka_unit_test(same_bytes_at_once_are_fine_and_count_once),
	cmocka_unit_test(shuffled_chunks_put_twice_by_many_count_exactly),
	cmocka_unit_test(limit_holds_against_many_at_once),
	cmocka_unit_test(finishes_at_once_keep_one_answer),
	cmocka_unit_test(put_session_at_once_with_finish_never_undoes_it),
	cmocka_unit_test(reader_sees_the_record_before_or_after_never_between),
};

const struct subject race_subject = { cases, ARRAY_SIZE(cases) };
