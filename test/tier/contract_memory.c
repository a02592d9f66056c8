/* SPDX-License-Identifier: MIT */

/* What the memory tier has beyond the contract: its folder and its cap. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/tier/contract.h"
#include "test/tier/crowd.h"
#include "test/tier/memory_case.h"

static void assert_refused(const struct place *place, const char *word)
{
	struct tier *t = memory_open(place);
	struct session s = session_of(1, 3), got;
	struct chunk chunk = chunk_of_text(0, "abc");

	assert_result(t, tier_ping(t, patience()), -EPERM);
	assert_non_null(strstr(t->error, "TRANCHE_MEMORY_DIR"));
	assert_non_null(strstr(t->error, word));
	assert_result(t, tier_put_session(t, &s, patience()), -EPERM);
	assert_result(t, tier_get_session(t, s.id, TIER_READ_FIRST, patience(),
					  &got), -EPERM);
	assert_result(t, put(t, &s, &chunk), -EPERM);
	assert_non_null(strstr(t->error, word));
	tier_close(t);
}

static void opening_touches_nothing(void **state)
{
	struct place place = memory_place(*state);

	tier_close(memory_open(&place));
	assert_int_equal(access(place.memory_dir, F_OK), -1);
}

static void folder_is_made_for_its_user_alone(void **state)
{
	struct place place = memory_place(*state);
	struct tier *t = memory_open(&place);
	struct session s = session_of(1, 3);
	struct chunk chunk = chunk_of_text(0, "abc");
	mode_t mask = umask(0);
	struct stat status;
	char path[160];

	assert_result(t, tier_put_session(t, &s, patience()), 0);
	assert_result(t, put(t, &s, &chunk), 0);
	umask(mask);
	assert_int_equal(stat(place.memory_dir, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	snprintf(path, sizeof(path), "%s/%s", place.memory_dir, s.id);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
	snprintf(path, sizeof(path), "%s/%s/0", place.memory_dir, s.id);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	tier_close(t);
}

static void folder_open_to_others_is_refused(void **state)
{
	static const mode_t modes[] = { 0755, 0710, 0702, 0740 };
	struct place place = memory_place(*state);

	assert_int_equal(mkdir(place.memory_dir, 0700), 0);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		assert_int_equal(chmod(place.memory_dir, modes[i]), 0);
		assert_refused(&place, "0700");
	}
}

static void folder_opened_to_others_later_is_refused_from_then_on(void **state)
{
	struct place place = memory_place(*state);
	struct tier *t = memory_open(&place);

	assert_result(t, tier_ping(t, patience()), 0);
	assert_int_equal(chmod(place.memory_dir, 0755), 0);
	assert_result(t, tier_ping(t, patience()), -EPERM);
	assert_int_equal(chmod(place.memory_dir, 0700), 0);
	assert_result(t, tier_ping(t, patience()), 0);
	tier_close(t);
}

static void folder_of_another_user_is_refused(void **state)
{
	struct place place = memory_place(*state);

	if (geteuid() == 0) {
		assert_int_equal(mkdir(place.memory_dir, 0700), 0);
		assert_int_equal(chown(place.memory_dir, 65534, 65534), 0);
	} else {
		strcpy(place.memory_dir, "/");
	}
	assert_refused(&place, "another user");
}

static void link_to_a_folder_is_refused(void **state)
{
	struct place place = memory_place(*state);
	struct place target = memory_place(*state);

	assert_int_equal(mkdir(target.memory_dir, 0700), 0);
	assert_int_equal(symlink(target.memory_dir, place.memory_dir), 0);
	assert_refused(&place, "no folder");
}

static void file_is_refused(void **state)
{
	struct place place = memory_place(*state);
	int fd = open(place.memory_dir, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	close(fd);
	assert_refused(&place, "no folder");
}

static void folder_that_cannot_be_made_is_a_failure_with_words(void **state)
{
	struct place place = memory_place(*state);
	struct session s = session_of(1, 3), got;
	struct tier *t;

	strcat(place.memory_dir, "/x/y");
	t = memory_open(&place);
	assert_true(tier_ping(t, patience()) < 0);
	assert_non_null(strstr(t->error, "TRANCHE_MEMORY_DIR"));
	/* Nobody knows, which is not absent, and nothing was dropped. */
	assert_true(tier_get_session(t, s.id, TIER_READ_FIRST, patience(),
				     &got) < 0);
	assert_true(tier_drop_chunks(t, &s, patience()) < 0);
	tier_close(t);
}

static void folder_that_was_removed_is_made_again(void **state)
{
	struct place place = memory_place(*state);
	struct tier *t = memory_open(&place);
	struct session s = session_of(1, 3);
	struct chunk chunk = chunk_of_text(0, "abc");

	assert_result(t, tier_put_session(t, &s, patience()), 0);
	assert_result(t, put(t, &s, &chunk), 0);
	memory_remove(&place);
	assert_session_is_absent(t, s.id);
	assert_result(t, tier_put_session(t, &s, patience()), 0);
	assert_result(t, put(t, &s, &chunk), 0);
	assert_chunk_is(t, &s, &chunk);
	assert_int_equal(memory_used(&place), 4096);
	tier_close(t);
}

static void id_that_is_none_is_never_part_of_a_path(void **state)
{
	static const char *const ids[] = {
		"", ".", "..", "../x", "used", "a/b",
		"1234567890123-ABCDEFGHJKMNPQRSTVWXYZ012/",
	};
	struct place place = memory_place(*state);
	struct tier *t = memory_open(&place);
	struct session got;

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		assert_result(t, tier_get_session(t, ids[i], TIER_READ_FIRST,
						  patience(), &got), -EINVAL);
	tier_close(t);
}

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

static int put_and_drop(const struct crowd_member *member)
{
	const struct session *s = member->arg;
	int r = 0;

	for (int round = 0; round < 100 && !r; round++) {
		for (uint32_t i = 0; i < 5 && !r; i++) {
			char *bytes = bytes_of(i, 5000);
			struct chunk chunk = chunk_of(i, CHUNK_RAW, bytes,
						      5000);

			r = put(member->tier, s, &chunk);
			free(bytes);
		}
		if (!r && round % 2)
			r = tier_drop_chunks(member->tier, s, patience());
	}
	return r;
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
	cmocka_unit_test(opening_touches_nothing),
	cmocka_unit_test(folder_is_made_for_its_user_alone),
	cmocka_unit_test(folder_open_to_others_is_refused),
	cmocka_unit_test(folder_opened_to_others_later_is_refused_from_then_on),
	cmocka_unit_test(folder_of_another_user_is_refused),
	cmocka_unit_test(link_to_a_folder_is_refused),
	cmocka_unit_test(file_is_refused),
	cmocka_unit_test(folder_that_cannot_be_made_is_a_failure_with_words),
	cmocka_unit_test(folder_that_was_removed_is_made_again),
	cmocka_unit_test(id_that_is_none_is_never_part_of_a_path),
	cmocka_unit_test(cap_holds_over_all_sessions_and_processes),
	cmocka_unit_test(chunk_over_the_cap_leaves_nothing),
	cmocka_unit_test(cap_that_a_killed_put_left_too_high_is_counted_again),
	cmocka_unit_test(count_that_is_rot_is_counted_again),
	cmocka_unit_test(used_that_is_rot_is_counted_again),
	cmocka_unit_test(count_is_exact_after_a_kill),
};

const struct subject memory_subject = { cases, ARRAY_SIZE(cases) };
