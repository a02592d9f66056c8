/* SPDX-License-Identifier: MIT */

/*
 * The file sink on file systems that are full, read-only or poor. Its mounts
 * are in a namespace of the program's own, and end with it.
 */

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "test/lib/interrupt.h"
#include "test/sink/trial.h"

#define PAGE 4096

/* A call in a child. */
struct call {
	struct trial *trial;
	struct session session;
	struct outcome *outcome;	/* shared */
};

static void write_proc(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int own_mounts(void **state)
{
	char uid_map[32], gid_map[32];

	(void)state;
	snprintf(uid_map, sizeof(uid_map), "0 %u 1", geteuid());
	snprintf(gid_map, sizeof(gid_map), "0 %u 1", getegid());
	if (!geteuid()) {
		assert_int_equal(unshare(CLONE_NEWNS), 0);
	} else {
		assert_int_equal(unshare(CLONE_NEWNS | CLONE_NEWUSER), 0);
		write_proc("/proc/self/uid_map", uid_map);
		write_proc("/proc/self/setgroups", "deny");
		write_proc("/proc/self/gid_map", gid_map);
	}
	assert_int_equal(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL),
			 0);
	return 0;
}

/* A folder that is a tmpfs of its own. */
static void trial_mount(struct trial *trial, const char *options)
{
	trial_init(trial);
	assert_int_equal(mount("none", trial->dir, "tmpfs", 0, options), 0);
}

static void trial_unmount(struct trial *trial)
{
	assert_int_equal(umount(trial->dir), 0);
	trial_done(trial);
}

static struct call call_of(struct trial *trial, bool is_update)
{
	struct call call = {
		.trial = trial,
		.outcome = interrupt_shared(sizeof(struct outcome)),
	};

	trial_session(&call.session, "n", is_update);
	return call;
}

static void do_complete(void *user)
{
	struct call *call = user;

	trial_complete(call->trial, &call->session, call->outcome);
}

static void a_write_into_a_full_disk_is_full_and_takes_no_room(void **state)
{
	static const char zeros[64 * 1024];
	struct deadline dl = deadline_in(20000);
	struct statvfs before, after;
	struct session session;
	struct trial trial;
	struct sink *sink;
	int r;

	(void)state;
	trial_mount(&trial, "size=1m");
	sink = trial_sink(&trial);
	trial_session(&session, "n", false);
	assert_int_equal(sink_begin(sink, &session, dl), 0);
	assert_int_equal(statvfs(trial.dir, &before), 0);
	for (int i = 0; i < 20; i++) {
		r = sink_write(sink, zeros, sizeof(zeros), dl);
		if (r)
			break;
	}
	assert_int_equal(r, SINK_E_FULL);
	assert_int_equal(statvfs(trial.dir, &after), 0);
	assert_int_equal(after.f_bfree, before.f_bfree);
	sink_abandon(sink);
	sink_close(sink);
	trial_expect_clean(&trial);
	trial_unmount(&trial);
}

static void trial_pad(const struct trial *trial, unsigned pages)
{
	char path[PATH_MAX];
	int fd = open(trial_path(trial, "padding", path), O_CREAT | O_WRONLY,
		      0600);

	assert_true(fd >= 0);
	if (pages)
		assert_int_equal(posix_fallocate(fd, 0, (off_t)pages * PAGE),
				 0);
	close(fd);
}

/* The session's complete was done whole, or refused whole. */
static void expect_whole_or_full(struct trial *trial,
				 const struct session *session,
				 const struct session *before)
{
	struct outcome outcome, found;

	trial_complete(trial, session, &outcome);
	if (!outcome.r) {
		trial_expect_document(trial, session, NULL);
		return;
	}
	trial_expect(&outcome, SINK_E_FULL);
	/* To ask needs no room. */
	trial_find(trial, session, &found);
	trial_expect(&found, SINK_E_ABSENT);
	if (before)
		trial_expect_document(trial, before, NULL);
	else
		trial_expect_nothing(trial, "n");
}

static void with_any_few_bytes_left_it_is_whole_or_full(void **state)
{
	struct session create, update;
	struct outcome outcome;
	struct trial trial;
	char path[PATH_MAX];
	unsigned whole = 0;

	(void)state;
	for (unsigned free = 0; free < 24; free++) {
		trial_mount(&trial, "size=64k,nr_inodes=1k");
		trial_session(&create, "n", false);
		trial_session(&update, "n", true);
		trial_pad(&trial, 16 - (free > 16 ? 16 : free));
		expect_whole_or_full(&trial, &create, NULL);
		whole += trial_has(&trial, "n.json");
		assert_int_equal(unlink(trial_path(&trial, "padding", path)),
				 0);
		trial_complete(&trial, &create, &outcome);
		trial_expect(&outcome, 0);

		trial_pad(&trial, free > 10 ? 0 : 10 - free);
		expect_whole_or_full(&trial, &update, &create);
		assert_int_equal(unlink(trial_path(&trial, "padding", path)),
				 0);
		trial_complete(&trial, &update, &outcome);
		trial_expect(&outcome, 0);
		trial_expect_document(&trial, &update, NULL);
		trial_expect_clean(&trial);
		trial_unmount(&trial);
	}
	assert_true(whole > 0 && whole < 24);
}

static void with_any_few_inodes_left_it_is_whole_or_full(void **state)
{
	char options[64], name[16], path[PATH_MAX];
	struct session create, update;
	struct outcome outcome;
	struct trial trial;
	unsigned whole = 0, n;

	(void)state;
	for (unsigned free = 0; free < 16; free++) {
		snprintf(options, sizeof(options), "nr_inodes=%u", 2 + free);
		trial_mount(&trial, options);
		trial_session(&create, "n", false);
		expect_whole_or_full(&trial, &create, NULL);
		whole += trial_has(&trial, "n.json");
		assert_int_equal(mount("none", trial.dir, NULL, MS_REMOUNT,
				       "nr_inodes=64"), 0);
		trial_complete(&trial, &create, &outcome);
		trial_expect(&outcome, 0);

		/* Takes all inodes and gives @free of them back. */
		for (n = 0; n < 64; n++) {
			snprintf(name, sizeof(name), "pad-%u", n);
			if (mknod(trial_path(&trial, name, path),
				  S_IFREG | 0600, 0))
				break;
		}
		assert_true(n > free && n < 64);
		for (unsigned i = 0; i < free; i++) {
			snprintf(name, sizeof(name), "pad-%u", --n);
			assert_int_equal(unlink(trial_path(&trial, name,
							   path)), 0);
		}
		trial_session(&update, "n", true);
		expect_whole_or_full(&trial, &update, &create);
		while (n) {
			snprintf(name, sizeof(name), "pad-%u", --n);
			assert_int_equal(unlink(trial_path(&trial, name,
							   path)), 0);
		}
		trial_complete(&trial, &update, &outcome);
		trial_expect(&outcome, 0);
		trial_expect_document(&trial, &update, NULL);
		trial_expect_clean(&trial);
		trial_unmount(&trial);
	}
	assert_true(whole > 0 && whole < 16);
}

static void do_complete_limited(void *user)
{
	struct rlimit limit = { .rlim_cur = 8192, .rlim_max = 8192 };

	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit))
		_exit(1);
	do_complete(user);
}

static void a_file_over_the_size_limit_of_the_process_is_full(void **state)
{
	struct trial trial;
	struct call call;

	(void)state;
	trial_init(&trial);
	call = call_of(&trial, false);
	interrupt_fork(do_complete_limited, &call);
	trial_expect(call.outcome, SINK_E_FULL);
	trial_expect_nothing(&trial, "n");
	trial_expect_clean(&trial);
	trial_done(&trial);
}

static void expect_not_writable(const struct outcome *outcome)
{
	assert_true(outcome->ended);
	assert_true(outcome->r < 0);
	assert_string_equal(outcome->error,
			    "TRANCHE_SINK: the folder is not writable");
}

static void a_read_only_folder_is_said_in_words(void **state)
{
	struct outcome outcome;
	struct session session;
	struct trial trial;

	(void)state;
	trial_mount(&trial, "size=1m");
	assert_int_equal(mount("none", trial.dir, NULL,
			       MS_REMOUNT | MS_RDONLY, NULL), 0);
	trial_session(&session, "n", false);
	trial_complete(&trial, &session, &outcome);
	expect_not_writable(&outcome);
	trial_commit(&trial, &session, &outcome);
	expect_not_writable(&outcome);
	trial_unmount(&trial);
}

/* Root without its powers is the owner of the folder, and no more. */
static void do_complete_unprivileged(void *user)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[2] = { { 0 } };

	if (syscall(SYS_capset, &head, none))
		_exit(1);
	do_complete(user);
}

static void a_folder_without_permission_is_said_in_words(void **state)
{
	struct trial trial;
	struct call call;

	(void)state;
	trial_init(&trial);
	call = call_of(&trial, false);
	assert_int_equal(chmod(trial.dir, 0500), 0);
	interrupt_fork(do_complete_unprivileged, &call);
	expect_not_writable(call.outcome);
	assert_int_equal(chmod(trial.dir, 0700), 0);
	interrupt_fork(do_complete_unprivileged, &call);
	trial_expect(call.outcome, 0);
	trial_expect_document(&trial, &call.session, NULL);
	trial_done(&trial);
}

/* Calls that fail for as long as the process lives. */
static const struct {
	int nr, error;
	bool is_update;
} failing[] = {
	{ SYS_fsync, EIO, false },
	{ SYS_fsync, EIO, true },
	{ SYS_linkat, EPERM, false },	/* a file system without links */
	{ SYS_write, EIO, false },
	{ SYS_fchmod, EPERM, false },
	{ SYS_flock, ENOLCK, true },	/* or without locks */
	{ SYS_mkdirat, EACCES, false },
};

static void what_the_file_system_cannot_do_fails_the_commit(void **state)
{
	struct outcome outcome;
	struct session create;
	struct trial trial;
	struct call call;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(failing); i++) {
		trial_init(&trial);
		call = call_of(&trial, failing[i].is_update);
		trial_session(&create, "n", false);
		if (failing[i].is_update) {
			trial_commit(&trial, &create, &outcome);
			trial_expect(&outcome, 0);
		}
		interrupt_refuse(do_complete, &call, failing[i].nr,
				 failing[i].error);
		assert_true(call.outcome->ended);
		assert_true(call.outcome->r < 0);
		assert_int_equal(strncmp(call.outcome->error, "TRANCHE_SINK: ",
					 14), 0);
		if (failing[i].is_update)
			trial_expect_document(&trial, &create, NULL);
		else
			trial_expect_nothing(&trial, "n");
		/* And once it can: */
		trial_complete(&trial, &call.session, &outcome);
		trial_expect(&outcome, 0);
		trial_expect_document(&trial, &call.session, NULL);
		trial_expect_clean(&trial);
		trial_done(&trial);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			a_write_into_a_full_disk_is_full_and_takes_no_room),
		cmocka_unit_test(with_any_few_bytes_left_it_is_whole_or_full),
		cmocka_unit_test(with_any_few_inodes_left_it_is_whole_or_full),
		cmocka_unit_test(
			a_file_over_the_size_limit_of_the_process_is_full),
		cmocka_unit_test(a_read_only_folder_is_said_in_words),
		cmocka_unit_test(
			a_folder_without_permission_is_said_in_words),
		cmocka_unit_test(
			what_the_file_system_cannot_do_fails_the_commit),
	};

	return cmocka_run_group_tests(tests, own_mounts, NULL);
}
