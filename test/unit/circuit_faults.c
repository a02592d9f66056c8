/* SPDX-License-Identifier: MIT */

/*
 * What becomes of a circuit when its file or folder is not as it should be, or
 * a process dies while it changes it.
 */

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "test/lib/interrupt.h"
#include "test/unit/circuit_folder.h"
#include "test/unit/fake_clock.h"
#include "test/unit/peers.h"

#define COOLDOWN_MS 5000
#define TRIAL_MS 3000
#define CALLS_MAX 60	/* more than a change of a circuit makes */

static struct peers peers;
static struct peer a, b;

static int setup(void **state)
{
	(void)state;
	peers = (struct peers){
		.server = { "redis", "redis://host", 1000, false },
		.folder = circuit_folder_make(),
		.cooldown_ms = COOLDOWN_MS,
	};
	a = peer_begin(&peers, 0);
	b = peer_begin(&peers, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	peer_end(&a);
	peer_end(&b);
	circuit_folder_remove();
	return 0;
}

static void call_fails(struct peer *peer, int64_t at_ms)
{
	assert_int_equal(peer_enter(peer, at_ms), 0);
	peer_sick(peer, at_ms, -ETIMEDOUT);
}

static void expect_shared(int64_t at_ms)
{
	call_fails(&a, at_ms);
	assert_string_equal(peer_trouble(&a), "");
	assert_int_equal(peer_enter(&a, at_ms), -EHOSTDOWN);
	assert_int_equal(peer_enter(&b, at_ms), -EHOSTDOWN);
}

/* Each has a circuit of its own, and says why once. */
static void expect_alone(int64_t at_ms)
{
	call_fails(&a, at_ms);
	assert_non_null(strstr(peer_trouble(&a), "TRANCHE_STATE_DIR"));
	assert_int_equal(peer_enter(&a, at_ms), -EHOSTDOWN);
	call_fails(&b, at_ms);
	assert_int_equal(peer_enter(&b, at_ms), -EHOSTDOWN);
	/* Half-open, by itself. */
	call_fails(&a, at_ms + COOLDOWN_MS);
	assert_string_equal(peer_trouble(&a), "");
	assert_int_equal(peer_enter(&a, at_ms + COOLDOWN_MS), -EHOSTDOWN);
	assert_int_equal(peer_enter(&a, at_ms + 2 * COOLDOWN_MS), 0);
	peer_well(&a, at_ms + 2 * COOLDOWN_MS);
	assert_int_equal(peer_enter(&a, at_ms + 2 * COOLDOWN_MS), 0);
	assert_int_equal(peer_enter(&b, at_ms + 2 * COOLDOWN_MS), 0);
	peer_well(&b, at_ms + 2 * COOLDOWN_MS);
}

static void write_file(const void *data, size_t size)
{
	int fd = open(circuit_folder_file(), O_WRONLY | O_TRUNC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, data, size), size);
	close(fd);
}

static void file_that_is_no_record_counts_as_absent(void **state)
{
	char bytes[300], first;
	int fd;

	(void)state;
	expect_shared(0);
	write_file("", 0);
	assert_int_equal(peer_enter(&b, 0), 0);
	expect_shared(0);
	for (int byte = 0; byte < 256; byte += 51) {
		memset(bytes, byte, sizeof(bytes));
		write_file(bytes, sizeof(bytes));
		assert_int_equal(peer_enter(&b, 0), 0);
		expect_shared(0);
	}
	/* One wrong byte, at each place, and a record that is cut. */
	assert_int_equal(unlink(circuit_folder_file()), 0);
	expect_shared(0);
	fd = open(circuit_folder_file(), O_RDWR);
	assert_true(fd >= 0);
	for (off_t at = 0; pread(fd, &first, 1, at) == 1; at++) {
		first ^= 1;
		assert_int_equal(pwrite(fd, &first, 1, at), 1);
		expect_shared(0);
	}
	assert_int_equal(ftruncate(fd, 100), 0);
	close(fd);
	expect_shared(0);
}

static void folder_may_go_away_and_come_back(void **state)
{
	(void)state;
	expect_shared(0);
	circuit_folder_clear();
	assert_int_equal(peer_enter(&b, 0), 0);
	assert_int_equal(mkdir(peers.folder, 0700), 0);
	expect_shared(0);
	assert_int_equal(unlink(circuit_folder_file()), 0);
	expect_shared(0);
	/* Another one in its place, with all that is in it. */
	assert_int_equal(rename(peers.folder, circuit_folder_beside("old")),
			 0);
	expect_shared(0);
	/* In the middle of a trial. */
	assert_int_equal(peer_enter(&a, COOLDOWN_MS), 0);
	circuit_folder_clear();
	peer_sick(&a, COOLDOWN_MS, -ETIMEDOUT);
	assert_int_equal(peer_enter(&b, COOLDOWN_MS), -EHOSTDOWN);
}

static void folder_that_cannot_be_made(void **state)
{
	(void)state;
	peers.folder = circuit_folder_beside("no/state");
	a = (peer_end(&a), peer_begin(&peers, 0));
	b = (peer_end(&b), peer_begin(&peers, 0));
	expect_alone(0);
}

static void folder_that_others_may_write_to(void **state)
{
	(void)state;
	assert_int_equal(mkdir(peers.folder, 0700), 0);
	assert_int_equal(chmod(peers.folder, 0770), 0);
	expect_alone(0);
	/* Mended while they run. */
	assert_int_equal(chmod(peers.folder, 0755), 0);
	expect_shared(3 * COOLDOWN_MS);
}

static void what_is_no_folder_or_a_link_to_one(void **state)
{
	char real[4096];

	(void)state;
	assert_int_equal(close(creat(peers.folder, 0600)), 0);
	expect_alone(0);
	circuit_folder_clear();
	strcpy(real, circuit_folder_beside("real"));
	assert_int_equal(mkdir(real, 0700), 0);
	assert_int_equal(symlink(real, peers.folder), 0);
	b = (peer_end(&b), peer_begin(&peers, 0));
	a = (peer_end(&a), peer_begin(&peers, 0));
	expect_alone(3 * COOLDOWN_MS);
	assert_int_equal(rmdir(real), 0);
}

static void file_that_is_not_ours_alone(void **state)
{
	char path[4096];

	(void)state;
	expect_shared(0);
	strcpy(path, circuit_folder_file());
	assert_int_equal(chmod(path, 0666), 0);
	expect_alone(0);
	for (int kind = 0; kind < 3; kind++) {
		assert_int_equal(remove(path), 0);
		if (kind == 0)
			assert_int_equal(mkfifo(path, 0600), 0);
		else if (kind == 1)
			assert_int_equal(mkdir(path, 0700), 0);
		else
			assert_int_equal(symlink("nowhere", path), 0);
		a = (peer_end(&a), peer_begin(&peers, 0));
		b = (peer_end(&b), peer_begin(&peers, 0));
		expect_alone(0);
	}
}

static void disk_that_takes_nothing(void **state)
{
	(void)state;
	peer_disk_full(&a);
	peer_disk_full(&b);
	expect_alone(0);
	/* Full after a failure was noted. */
	a = (peer_end(&a), peer_begin(&peers, 0));
	call_fails(&a, 10 * COOLDOWN_MS);
	assert_int_equal(peer_enter(&b, 10 * COOLDOWN_MS), -EHOSTDOWN);
	peer_disk_full(&a);
	expect_alone(11 * COOLDOWN_MS);
}

/* A process that was stopped with the lock in its hand. */
static pid_t hold_lock(void)
{
	int told[2];
	pid_t pid;
	char c;

	assert_int_equal(pipe(told), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (flock(open(circuit_folder_file(), O_RDWR), LOCK_EX))
			_exit(1);
		if (write(told[1], "", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(told[0], &c, 1), 1);
	close(told[0]);
	close(told[1]);
	return pid;
}

static void lock_that_is_never_given_back(void **state)
{
	pid_t holder;

	(void)state;
	expect_shared(0);
	holder = hold_lock();
	assert_int_equal(peer_enter(&a, COOLDOWN_MS), 0);
	assert_int_equal(peer_enter(&b, COOLDOWN_MS), -EHOSTDOWN);
	peer_well(&a, COOLDOWN_MS);
	assert_int_equal(peer_enter(&b, COOLDOWN_MS), 0);
	expect_shared(COOLDOWN_MS);
	assert_int_equal(kill(holder, SIGKILL), 0);
	assert_int_equal(waitpid(holder, NULL, 0), holder);
}

/* A failure, a trial that fails, and one that is answered. */
static void live_through_all(void *user)
{
	struct deadline dl = deadline_in(60000);
	struct circuit c;

	(void)user;
	if (circuit_init(&c, &peers.server, peers.folder, COOLDOWN_MS))
		abort();
	for (int i = 0; i < 3; i++) {
		fake_clock_set(i * COOLDOWN_MS);
		if (circuit_enter(&c, &dl))
			abort();
		if (i < 2)
			circuit_sick(&c, -ETIMEDOUT, "");
		else
			circuit_well(&c);
	}
	circuit_done(&c);
}

/* Whatever was left: once all times are over, one asks, and then all do. */
static void expect_recovery(void)
{
	const int64_t later = 3 * COOLDOWN_MS + TRIAL_MS;
	int r;

	assert_int_equal(peer_enter(&a, later), 0);
	r = peer_enter(&b, later);
	assert_true(r == 0 || r == -EHOSTDOWN);
	peer_well(&a, later);
	assert_int_equal(peer_enter(&b, later), 0);
	expect_shared(later);
	assert_int_equal(circuit_folder_files(), 1);
}

static void killed_at_any_call(void **state)
{
	unsigned at = 0;

	(void)state;
	while (interrupt_run(live_through_all, NULL, at, 0) >= 0) {
		expect_recovery();
		circuit_folder_clear();
		assert_true(++at < CALLS_MAX);
	}
	assert_true(at > 10);
}

static void any_call_fails(void **state)
{
	static const int errors[] = { EIO, ENOSPC, EINTR, EMFILE, EACCES };
	unsigned at;

	(void)state;
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		at = 0;
		while (interrupt_run(live_through_all, NULL, at,
				     errors[i]) >= 0) {
			expect_recovery();
			circuit_folder_clear();
			assert_true(++at < CALLS_MAX);
		}
		assert_true(at > 10);
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest cases[] = {
	CASE(file_that_is_no_record_counts_as_absent),
	CASE(folder_may_go_away_and_come_back),
	CASE(folder_that_cannot_be_made),
	CASE(folder_that_others_may_write_to),
	CASE(what_is_no_folder_or_a_link_to_one),
	CASE(file_that_is_not_ours_alone),
	CASE(disk_that_takes_nothing),
	CASE(lock_that_is_never_given_back),
	CASE(killed_at_any_call),
	CASE(any_call_fails),
};

int main(void)
{
	return cmocka_run_group_tests(cases, NULL, NULL);
}
