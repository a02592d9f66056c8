/* SPDX-License-Identifier: MIT */

/* What the memory tier takes away by itself, and a tmpfs that is full. */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/tier/memory/aside.h"
#include "test/tier/contract.h"
#include "test/tier/crowd.h"
#include "test/tier/memory_case.h"

#define HOUR_MS 3600000

/* A session whose id is @age_ms old. */
static struct session old_session(int64_t age_ms)
{
	struct session s = session_of(3, 100);

	s.created_at -= age_ms;
	s.expires_at = s.created_at + HOUR_MS;
	assert_int_equal(session_id_make(s.created_at, s.id), 0);
	return s;
}

static void put_all(struct tier *t, const struct session *s)
{
	struct chunk chunk = chunk_of_text(0, "abc");
	struct tier_token token;

	assert_int_equal(tier_token_make(&token), 0);
	assert_result(t, put(t, s, &chunk), 0);
	assert_result(t, tier_put_session(t, s, patience()), 0);
	assert_result(t, tier_claim(t, s, &token, patience()), 0);
}

static bool is_there(const struct place *place, const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", place->memory_dir, name);
	return access(path, F_OK) == 0;
}

static void make_folder(const struct place *place, const char *name,
			const char *file)
{
	char path[160];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", place->memory_dir, name);
	assert_int_equal(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/%s/%s", place->memory_dir, name, file);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static void sweep_takes_away_what_is_past_its_time(void **state)
{
	struct place place = memory_place(*state);
	struct tier *t = memory_open(&place);
	/* Of an hour and a quarter: over since a minute, and for a minute. */
	struct session over = old_session(76 * 60000);
	struct session late = old_session(74 * 60000);
	struct session young = old_session(0);

	put_all(t, &young);
	put_all(t, &over);
	put_all(t, &late);
	assert_int_equal(memory_used(&place), 3 * 4096);
	assert_result(t, tier_sweep(t, patience()), 0);
	assert_false(is_there(&place, over.id));
	assert_true(is_there(&place, late.id));
	assert_true(is_there(&place, young.id));
	/* The two, and the file "used". */
	assert_int_equal(memory_entries(&place, "."), 3);
	assert_int_equal(memory_used(&place), 2 * 4096);
	assert_session_is(t, &young);
	assert_list_is(t, &young, 1, 3);
	tier_close(t);
}

static void sweep_takes_away_what_a_killed_sweep_left(void **state)
{
	struct place place = memory_place(*state);
	struct tier *t = memory_open(&place);
	struct session over = old_session(76 * 60000);
	char gone[80];

	put_all(t, &over);
	snprintf(gone, sizeof(gone), ".gone-%s", over.id);
	make_folder(&place, gone, "17");
	assert_result(t, tier_sweep(t, patience()), 0);
	assert_false(is_there(&place, gone));
	assert_result(t, tier_sweep(t, patience()), 0);
	assert_false(is_there(&place, over.id));
	assert_false(is_there(&place, gone));
	assert_int_equal(memory_used(&place), 0);
	tier_close(t);
}

static void sweep_leaves_what_somebody_is_at_work_on(void **state)
{
	struct place place = memory_place(*state);
	struct tier *t = memory_open(&place);
	struct session over = old_session(76 * 60000);
	char path[160];
	int fd;

	put_all(t, &over);
	snprintf(path, sizeof(path), "%s/%s", place.memory_dir, over.id);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	assert_true(fd >= 0);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_result(t, tier_sweep(t, patience()), 0);
	assert_true(is_there(&place, over.id));
	close(fd);
	assert_result(t, tier_sweep(t, patience()), 0);
	assert_false(is_there(&place, over.id));
	tier_close(t);
}

static void sweep_takes_100_sessions_and_the_next_goes_on(void **state)
{
	struct place place = memory_place(*state);
	struct tier *t = memory_open(&place);
	struct chunk chunk = chunk_of_text(0, "abc");

	for (int i = 0; i < 150; i++) {
		struct session over = old_session(76 * 60000);

		assert_result(t, put(t, &over, &chunk), 0);
	}
	assert_result(t, tier_sweep(t, patience()), 0);
	assert_int_equal(memory_used(&place), 50 * 4096);
	assert_result(t, tier_sweep(t, patience()), 0);
	assert_int_equal(memory_used(&place), 0);
	assert_int_equal(memory_entries(&place, "."), 1);
	tier_close(t);
}

/* As where another tier has the session, and a claim is in every tier. */
static void claim_leaves_nothing_once_it_is_given_back(void **state)
{
	struct place place = memory_place(*state);
	struct tier *t = memory_open(&place);
	struct chunk chunk = chunk_of_text(0, "abc");
	struct session elsewhere = session_of(3, 100);
	struct session here = session_of(3, 100);
	struct session part = session_of(3, 100);
	struct session *all[] = { &elsewhere, &here, &part };
	struct tier_token token;

	assert_int_equal(tier_token_make(&token), 0);
	assert_result(t, tier_put_session(t, &here, patience()), 0);
	assert_result(t, put(t, &part, &chunk), 0);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		assert_result(t, tier_claim(t, all[i], &token, patience()), 0);
		assert_true(is_there(&place, all[i]->id));
		assert_result(t, tier_release(t, all[i], &token, patience()),
			      0);
	}
	assert_false(is_there(&place, elsewhere.id));
	/* The two, and the file "used". */
	assert_int_equal(memory_entries(&place, "."), 3);
	assert_session_is(t, &here);
	assert_list_is(t, &part, 1, 3);
	assert_int_equal(memory_used(&place), 4096);
	tier_close(t);
}

static void claim_of_another_stays(void **state)
{
	struct place place = memory_place(*state);
	struct tier *t = memory_open(&place);
	struct session s = session_of(3, 100);
	struct tier_token ours, others;

	assert_int_equal(tier_token_make(&ours), 0);
	assert_int_equal(tier_token_make(&others), 0);
	assert_result(t, tier_claim(t, &s, &others, patience()), 0);
	assert_result(t, tier_release(t, &s, &ours, patience()), 0);
	assert_result(t, tier_claim(t, &s, &ours, patience()),
		      TIER_E_CONFLICT);
	tier_close(t);
}

/* 150 of them: one sweep takes 100. */
static void claim_sweeps_once_in_a_while(void **state)
{
	struct place place = memory_place(*state);
	struct tier *t = memory_open(&place);
	struct chunk chunk = chunk_of_text(0, "abc");
	struct session young = session_of(3, 100);
	struct tier_token token;

	for (int i = 0; i < 150; i++) {
		struct session over = old_session(76 * 60000);

		assert_result(t, put(t, &over, &chunk), 0);
	}
	assert_int_equal(tier_token_make(&token), 0);
	assert_result(t, tier_claim(t, &young, &token, patience()), 0);
	assert_int_equal(memory_used(&place), 0);
	assert_int_equal(memory_entries(&place, "."), 2);
	tier_close(t);
}

static void new_session_sweeps_once_in_a_while(void **state)
{
	struct place place = memory_place(*state);
	struct tier *t = memory_open(&place);
	struct session over = old_session(76 * 60000);
	struct session first = session_of(1, 3), second = session_of(1, 3);
	struct chunk chunk = chunk_of_text(0, "abc");

	assert_result(t, put(t, &over, &chunk), 0);
	assert_result(t, tier_put_session(t, &first, patience()), 0);
	assert_false(is_there(&place, over.id));
	/* Not again within the minute. */
	assert_result(t, put(t, &over, &chunk), 0);
	assert_result(t, tier_put_session(t, &second, patience()), 0);
	assert_true(is_there(&place, over.id));
	tier_close(t);
}

static void put_that_finds_no_room_sweeps(void **state)
{
	struct place place = memory_place(*state);
	struct session over = old_session(76 * 60000);
	struct session young = session_of(1, 3);
	struct chunk chunk = chunk_of_text(0, "abc");
	struct tier *t;

	place.memory_max = 4096;
	t = memory_open(&place);
	assert_result(t, put(t, &over, &chunk), 0);
	assert_result(t, put(t, &young, &chunk), 0);
	assert_chunk_is(t, &young, &chunk);
	assert_false(is_there(&place, over.id));
	tier_close(t);
}

/* Members put into sessions that are over, while one sweeps. */
static int put_or_sweep(const struct crowd_member *member)
{
	const struct session *over = member->arg;
	char *bytes = bytes_of(member->number, 9000);
	int r = 0;

	for (uint32_t i = 0; i < 300 && !r; i++) {
		struct chunk chunk = chunk_of(i, CHUNK_RAW, bytes, 9000);

		r = member->number == 0 ?
			tier_sweep(member->tier, patience()) :
			put(member->tier, &over[i % 3], &chunk);
		/* Two members put other bytes there than the third. */
		if (r == TIER_E_CONFLICT)
			r = 0;
	}
	free(bytes);
	return r;
}

static void sweep_at_once_with_puts_keeps_the_account(void **state)
{
	struct contract *c = *state;
	struct place place = memory_place(c);
	struct crowd_result results[CROWD_MAX];
	struct tier *t = memory_open(&place);
	struct session over[3];

	for (int i = 0; i < 3; i++) {
		over[i] = old_session(76 * 60000);
		over[i].total_size = MIB(100);
	}
	crowd_run(c->setting, &place, 4, put_or_sweep, over, results);
	for (int i = 0; i < 4; i++)
		if (results[i].r)
			fail_msg("%d: %s", results[i].r, results[i].error);
	assert_result(t, tier_sweep(t, patience()), 0);
	assert_int_equal(memory_entries(&place, "."), 1);
	assert_int_equal(memory_used(&place), 0);
	tier_close(t);
}

static int write_text(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	bool done = fd >= 0 && write(fd, text, strlen(text)) > 0;

	if (fd >= 0)
		close(fd);
	return done ? 0 : -EPERM;
}

/* user_namespaces(7): who is not root may mount in one of its own. */
static int become_able_to_mount(void)
{
	char uid[48], gid[48];

	snprintf(uid, sizeof(uid), "%u %u 1", geteuid(), geteuid());
	snprintf(gid, sizeof(gid), "%u %u 1", getegid(), getegid());
	if (geteuid() == 0)
		return unshare(CLONE_NEWNS);
	if (unshare(CLONE_NEWNS | CLONE_NEWUSER) ||
	    write_text("/proc/self/uid_map", uid) ||
	    write_text("/proc/self/setgroups", "deny") ||
	    write_text("/proc/self/gid_map", gid))
		return -EPERM;
	return 0;
}

/* In a mount namespace of its own, so that nothing is left mounted. */
static int mount_small(const char *dir)
{
	if (become_able_to_mount() ||
	    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) ||
	    mount("tmpfs", dir, "tmpfs", 0, "size=256k,mode=0700"))
		return -EPERM;
	return 0;
}

/* Takes what is left, to the last page. */
static int fill_up(const struct place *place)
{
	static const char page[4096];
	char path[160];
	int fd;

	snprintf(path, sizeof(path), "%s/.filler", place->memory_dir);
	fd = open(path, O_WRONLY | O_CREAT, 0600);
	while (fd >= 0 && write(fd, page, sizeof(page)) > 0)
		;
	close(fd);
	return errno == ENOSPC ? 0 : -errno;
}

/* Gives a number that says which step went wrong. */
static int use_small(const struct crowd_member *member)
{
	struct session s = session_of(100, MIB(1)), other = session_of(1, 3);
	struct session got, done = completed(&s, NULL);
	struct chunk_list list = { 0 };
	char *bytes = bytes_of(1, KIB(16));
	struct tier_token token;
	struct tier *t = NULL;
	struct chunk chunk;
	uint32_t n;
	int r = 0;

	if (mount_small(member->place->memory_dir) ||
	    setting_open(member->setting, member->place, &t))
		return 1000;
	for (n = 0; n < 100 && r == 0; n++) {
		chunk = chunk_of(n, CHUNK_RAW, bytes, KIB(16));
		r = put(t, &s, &chunk);
	}
	if (r != TIER_E_FULL || t->error[0] || n < 5)
		return 1001;
	if (tier_list_chunks(t, &s, patience(), &list) || list.n != n - 1)
		return 1002;
	chunk_list_done(&list);
	if (fill_up(member->place))
		return 1003;
	if (tier_put_session(t, &other, patience()) != TIER_E_FULL ||
	    tier_get_session(t, other.id, TIER_READ_FIRST, patience(), &got) !=
	    TIER_E_ABSENT)
		return 1004;
	if (tier_token_make(&token) ||
	    tier_claim(t, &other, &token, patience()) != TIER_E_FULL ||
	    tier_finish(t, &done, patience()) != TIER_E_FULL)
		return 1005;
	chunk = chunk_of(0, CHUNK_RAW, bytes, KIB(16));
	if (put(t, &s, &chunk))
		return 1006;
	/* And there is room again when it is made. */
	if (tier_drop_chunk(t, &s, &chunk.info, patience()) ||
	    tier_finish(t, &done, patience()) ||
	    tier_drop_chunks(t, &s, patience()) || put(t, &s, &chunk) ||
	    tier_put_session(t, &other, patience()))
		return 1007;
	tier_close(t);
	free(bytes);
	return 0;
}

static void full_tmpfs_is_full_and_no_failure(void **state)
{
	struct contract *c = *state;
	struct crowd_result results[CROWD_MAX];
	struct place place = memory_place(c);

	assert_int_equal(mkdir(place.memory_dir, 0700), 0);
	crowd_run(c->setting, &place, 1, use_small, NULL, results);
	if (results[0].r)
		fail_msg("step %d", results[0].r);
}

static void aside_with_a_name_does_as_one_without(void **state)
{
	struct place place = memory_place(*state);
	struct memory_aside first, second;
	int dir;

	assert_int_equal(mkdir(place.memory_dir, 0700), 0);
	dir = open(place.memory_dir, O_RDONLY | O_DIRECTORY);
	assert_int_equal(memory_aside_open_named(dir, &first), 0);
	assert_int_equal(memory_aside_open(dir, &second), 0);
	assert_int_equal(memory_aside_link(&first, dir, "1"), 0);
	assert_int_equal(memory_aside_link(&second, dir, "1"), -EEXIST);
	assert_int_equal(memory_aside_link(&second, dir, "2"), 0);
	assert_int_equal(memory_aside_link(&first, dir, "2"), -EEXIST);
	memory_aside_done(&first);
	memory_aside_done(&second);
	memory_aside_done(&second);
	close(dir);
	/* Neither name of its own is left. */
	assert_int_equal(memory_entries(&place, "."), 2);
	memory_remove(&place);
}

static void sweep_takes_away_an_aside_that_a_killed_put_left(void **state)
{
	static const struct timespec old[2] = { { 1, 0 }, { 1, 0 } };
	struct place place = memory_place(*state);
	struct tier *t = memory_open(&place);
	struct memory_aside stale, at_work;
	int dir;

	assert_result(t, tier_ping(t, patience()), 0);
	dir = open(place.memory_dir, O_RDONLY | O_DIRECTORY);
	assert_int_equal(memory_aside_open_named(dir, &stale), 0);
	assert_int_equal(memory_aside_open_named(dir, &at_work), 0);
	assert_int_equal(futimens(stale.fd, old), 0);
	assert_result(t, tier_sweep(t, patience()), 0);
	assert_false(is_there(&place, stale.name));
	assert_true(is_there(&place, at_work.name));
	memory_aside_done(&stale);
	memory_aside_done(&at_work);
	close(dir);
	tier_close(t);
}

static const struct CMUnitTest cases[] = {
	cmocka_unit_test(sweep_takes_away_what_is_past_its_time),
	cmocka_unit_test(sweep_takes_away_what_a_killed_sweep_left),
	cmocka_unit_test(sweep_leaves_what_somebody_is_at_work_on),
	cmocka_unit_test(sweep_takes_100_sessions_and_the_next_goes_on),
	cmocka_unit_test(claim_leaves_nothing_once_it_is_given_back),
	cmocka_unit_test(claim_of_another_stays),
	cmocka_unit_test(claim_sweeps_once_in_a_while),
	cmocka_unit_test(new_session_sweeps_once_in_a_while),
	cmocka_unit_test(put_that_finds_no_room_sweeps),
	cmocka_unit_test(sweep_at_once_with_puts_keeps_the_account),
	cmocka_unit_test(full_tmpfs_is_full_and_no_failure),
	cmocka_unit_test(aside_with_a_name_does_as_one_without),
	cmocka_unit_test(sweep_takes_away_an_aside_that_a_killed_put_left),
};

const struct subject sweep_subject = { cases, ARRAY_SIZE(cases) };
