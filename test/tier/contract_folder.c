/* SPDX-License-Identifier: MIT */

/* The folder of the memory tier: whose it may be, and that it may vanish. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test/tier/contract.h"
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
};

const struct subject folder_subject = { cases, ARRAY_SIZE(cases) };
