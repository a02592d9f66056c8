/* SPDX-License-Identifier: MIT */

/* The account that the memory tier keeps: its cap, and what is counted. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/tier/memory/used.h"
#include "test/tier/contract.h"
#include "test/tier/crowd.h"
#include "test/tier/memory_case.h"

static int fill(const struct crowd_member *member)
{
	struct session s = session_of(1000, UINT64_C(1) << 30);
	int *n = member->arg;
	int r;

	for (uint32_t i = 0; i < 1000; i++) {
		struct chunk chunk = chunk_of(i, CHUNK_RAW, (char *)&i, 4);

		r = put(member->tier, &s, &chunk);
		if (r)
			return r;
		__atomic_add_fetch(n, 1, __ATOMIC_SEQ_CST);
	}
	return 0;
}

static void cap_holds_over_all_sessions_and_processes(void **state)
{
	struct contract *c = *state;
	struct place place = memory_place(c);
	struct crowd_result results[CROWD_MAX];
	int *n = crowd_share(sizeof(*n));

	place.memory_max = KIB(400);
	crowd_run(c->setting, &place, CROWD_MAX, fill, n, results);
	for (int i = 0; i < CROWD_MAX; i++)
		assert_int_equal(results[i].r, TIER_E_FULL);
	/* A chunk counts as a page at least. */
	assert_int_equal(*n, 100);
	assert_int_equal(memory_used(&place), KIB(400));
	crowd_unshare(n, sizeof(*n));
}

static void chunk_over_the_cap_leaves_nothing(void **state)
{
	struct place place = memory_place(*state);
	struct session s = session_of(3, MIB(1));
	char *bytes = bytes_of(1, MIB(1));
	struct chunk first = chunk_of(0, CHUNK_RAW, bytes, KIB(512));
	struct chunk second = chunk_of(1, CHUNK_RAW, bytes, KIB(512));
	struct chunk third = chunk_of_text(2, "a");
	struct tier *t;

	place.memory_max = MIB(1);
	t = memory_open(&place);
	assert_result(t, put(t, &s, &first), 0);
	assert_result(t, put(t, &s, &second), 0);
	assert_result(t, put(t, &s, &third), TIER_E_FULL);
	assert_string_equal(t->error, "");
	assert_chunk_is_absent(t, &s, 2);
	assert_list_is(t, &s, 2, MIB(1));
	assert_int_equal(memory_used(&place), MIB(1));
	/* What is held is fine again, and records are not counted. */
	assert_result(t, put(t, &s, &first), 0);
	assert_result(t, tier_put_session(t, &s, patience()), 0);
	/* And what is dropped makes room. */
	assert_result(t, tier_drop_chunk(t, &s, &first.info, patience()), 0);
	assert_result(t, put(t, &s, &third), 0);
	assert_chunk_is(t, &s, &third);
	assert_result(t, tier_drop_chunks(t, &s, patience()), 0);
	assert_int_equal(memory_used(&place), 0);
	tier_close(t);
	free(bytes);
}

static void cap_that_a_killed_put_left_too_high_is_counted_again(void **state)
{
	struct place place = memory_place(*state);
	struct session s = session_of(3, MIB(1));
	struct chunk chunk = chunk_of_text(0, "abc");
	struct chunk next = chunk_of_text(1, "def");
	struct tier *t;

	place.memory_max = KIB(64);
	t = memory_open(&place);
	assert_result(t, put(t, &s, &chunk), 0);
	memory_set_used(&place, KIB(64));
	assert_result(t, put(t, &s, &next), 0);
	assert_int_equal(memory_used(&place), 8192);
	tier_close(t);
}

/* Over @place at a session's file, whatever its length. */
static void spoil_file(const struct place *place, const char *name)
{
	char path[160];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", place->memory_dir, name);
	fd = open(path, O_WRONLY | O_TRUNC);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "rot", 3), 3);
	close(fd);
}

static void count_that_is_rot_is_counted_again(void **state)
{
	struct place place = memory_place(*state);
	struct session s = session_of(3, MIB(1));
	struct chunk chunk = chunk_of_text(0, "abc");
	struct chunk next = chunk_of_text(1, "defg");
	struct tier *t = memory_open(&place);
	struct chunk_count count = { 0 };
	char name[80];

	assert_result(t, put(t, &s, &chunk), 0);
	snprintf(name, sizeof(name), "%s/count", s.id);
	spoil_file(&place, name);
	assert_result(t, tier_put_chunk(t, &s, &next, patience(), &count), 0);
	assert_int_equal(count.chunks, 2);
	assert_int_equal(count.bytes, 7);
	assert_int_equal(memory_used(&place), 8192);
	tier_close(t);
}

static void used_that_is_rot_is_counted_again(void **state)
{
	struct place place = memory_place(*state);
	struct session s = session_of(3, MIB(1));
	struct chunk chunk = chunk_of_text(0, "abc");
	struct tier *t = memory_open(&place);

	assert_result(t, put(t, &s, &chunk), 0);
	tier_close(t);
	spoil_file(&place, "used");
	t = memory_open(&place);
	assert_result(t, tier_ping(t, patience()), 0);
	assert_int_equal(memory_used(&place), 4096);
	tier_close(t);
}

/* Puts five chunks and drops them in every second of @rounds, which is even. */
static int change(struct tier *t, const struct session *s, int rounds)
{
	int r = 0;

	for (int round = 0; round < rounds && !r; round++) {
		for (uint32_t i = 0; i < 5 && !r; i++) {
			char *bytes = bytes_of(i, 5000);
			struct chunk chunk = chunk_of(i, CHUNK_RAW, bytes,
						      5000);

			r = put(t, s, &chunk);
			free(bytes);
		}
		if (!r && round % 2)
			r = tier_drop_chunks(t, s, patience());
	}
	return r;
}

static void drop_that_was_killed_is_discharged(void **state)
{
	static const uint64_t changing = 1;
	struct place place = memory_place(*state);
	struct session s = session_of(3, MIB(1));
	struct tier *t = memory_open(&place);
	char path[160];
	int fd;

	for (uint32_t i = 0; i < 2; i++) {
		struct chunk chunk = chunk_of_text(i, "abc");

		assert_result(t, put(t, &s, &chunk), 0);
	}
	/* The marks and the deed, and nothing after it. */
	snprintf(path, sizeof(path), "%s/%s/count", place.memory_dir, s.id);
	fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, &changing, sizeof(changing), 8), 8);
	close(fd);
	snprintf(path, sizeof(path), "%s/%s/1", place.memory_dir, s.id);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(memory_used(&place), 8192);
	for (uint32_t i = 0; i < 2; i++) {
		struct chunk chunk = chunk_of_text(0, "abc");

		assert_result(t, put(t, &s, &chunk), 0);
		assert_int_equal(memory_used(&place), 4096);
	}
	tier_close(t);
}

static void claim_from_before_the_host_was_started_is_over(void **state)
{
	struct place place = memory_place(*state);
	struct session s = session_of(3, MIB(1));
	struct tier *t = memory_open(&place);
	struct tier_token token;
	struct timespec now;
	char path[160];
	bool held = true;
	FILE *file;

	assert_int_equal(tier_token_make(&token), 0);
	assert_result(t, tier_claim(t, &s, &token, patience()), 0);
	/* Its end is further away than a claim can be taken for. */
	snprintf(path, sizeof(path), "%s/%s/claim", place.memory_dir, s.id);
	file = fopen(path, "we");
	assert_non_null(file);
	clock_gettime(CLOCK_BOOTTIME, &now);
	fprintf(file, "%s %lld\n", token.text,
		(long long)now.tv_sec * 1000 + 2 * TIER_CLAIM_LEASE_MS);
	fclose(file);
	assert_result(t, tier_is_claimed(t, &s, patience(), &held), 0);
	assert_false(held);
	tier_close(t);
}

/* Member 0 adds up what is used, the others put and drop meanwhile. */
static int change_or_add_up(const struct crowd_member *member)
{
	struct memory_used used = memory_used_none();
	struct memory_root root;
	struct session s = session_of(10, MIB(1));
	int r;

	if (member->number > 0)
		return change(member->tier, &s, 10);
	r = memory_root_init(&root, member->place->memory_dir);
	if (!r)
		r = memory_root_open(&root);
	if (!r)
		r = memory_used_open(&used, &root, patience());
	for (int i = 0; i < 10 && !r; i++)
		r = memory_used_count(&used, &root, patience());
	memory_used_done(&used);
	memory_root_done(&root);
	return r;
}

static void adding_up_at_once_with_puts_keeps_the_account(void **state)
{
	enum { ROUNDS = 20 };
	struct contract *c = *state;
	struct place place = memory_place(c);
	struct session held = session_of(1, MIB(1));
	char *bytes = bytes_of(1, MIB(1));
	struct chunk chunk = chunk_of(0, CHUNK_RAW, bytes, MIB(1));
	struct tier *t = memory_open(&place);

	/* Enough that an error in either direction shows. */
	assert_result(t, put(t, &held, &chunk), 0);
	for (int round = 0; round < ROUNDS; round++) {
		struct crowd_result results[CROWD_MAX];

		crowd_run(c->setting, &place, 4, change_or_add_up, NULL,
			  results);
		for (int i = 0; i < 4; i++)
			if (results[i].r)
				fail_msg("%d: %s", results[i].r,
					 results[i].error);
		assert_int_equal(memory_used(&place), MIB(1));
	}
	tier_close(t);
	free(bytes);
}

static int put_and_drop(const struct crowd_member *member)
{
	return change(member->tier, member->arg, 100);
}

/* Beyond the contract: not only never too high, but right. */
static void count_is_exact_after_a_kill(void **state)
{
	enum { ROUNDS = 200 };
	struct contract *c = *state;
	struct place place = memory_place(c);
	struct tier *t = memory_open(&place);

	for (int round = 0; round < ROUNDS; round++) {
		struct session s = session_of(10, MIB(1));
		struct chunk last = chunk_of_text(9, "last");
		struct chunk_count count = { 0 };
		struct chunk_list list = { 0 };

		crowd_kill(c->setting, &place, put_and_drop, &s,
			   (unsigned)(round * 7919 % 199) * 10);
		assert_result(t, tier_put_chunk(t, &s, &last, patience(),
						&count), 0);
		assert_result(t, tier_list_chunks(t, &s, patience(), &list), 0);
		assert_int_equal(count.chunks, list.n);
		assert_int_equal(count.bytes, chunk_list_bytes(&list));
		assert_int_equal(memory_entries(&place, s.id), list.n + 1);
		chunk_list_done(&list);
		assert_result(t, tier_drop_chunks(t, &s, patience()), 0);
	}
	/* A put that was killed between charge and chunk is forgiven later. */
	assert_in_range(memory_used(&place), 0, ROUNDS * 8192);
	tier_close(t);
}

static const struct CMUnitTest cases[] = {
	cmocka_unit_test(cap_holds_over_all_sessions_and_processes),
	cmocka_unit_test(chunk_over_the_cap_leaves_nothing),
	cmocka_unit_test(cap_that_a_killed_put_left_too_high_is_counted_again),
	cmocka_unit_test(count_that_is_rot_is_counted_again),
	cmocka_unit_test(used_that_is_rot_is_counted_again),
	cmocka_unit_test(drop_that_was_killed_is_discharged),
	cmocka_unit_test(claim_from_before_the_host_was_started_is_over),
	cmocka_unit_test(adding_up_at_once_with_puts_keeps_the_account),
	cmocka_unit_test(count_is_exact_after_a_kill),
};

const struct subject account_subject = { cases, ARRAY_SIZE(cases) };
