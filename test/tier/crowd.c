/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test/tier/contract.h"
#include "test/tier/crowd.h"

/* Pipes that bring the members to the start: one byte each when ready. */
struct start {
	int ready[2];
	int go[2];	/* ends when all may go */
};

void *crowd_share(size_t size)
{
	void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(shared != MAP_FAILED);
	return shared;
}

void crowd_unshare(void *shared, size_t size)
{
	munmap(shared, size);
}

static void start_open(struct start *start)
{
	assert_int_equal(pipe(start->ready), 0);
	assert_int_equal(pipe(start->go), 0);
}

static void start_close(struct start *start)
{
	close(start->ready[0]);
	close(start->ready[1]);
	close(start->go[0]);
}

/* In a member: nothing is flushed or closed that is the parent's. */
static void live(const struct start *start, struct crowd_member *member,
		 crowd_fn *work, struct crowd_result *result)
{
	char byte = 0;
	int r;

	alarm(CROWD_SECONDS_MAX);
	close(start->go[1]);
	r = setting_open(member->setting, member->place, &member->tier);
	if (!r)
		r = tier_ping(member->tier, patience());
	if (write(start->ready[1], &byte, 1) != 1)
		_exit(1);
	while (read(start->go[0], &byte, 1) < 0 && errno == EINTR)
		;
	if (!r)
		r = work(member);
	result->r = r;
	if (member->tier)
		snprintf(result->error, sizeof(result->error), "%s",
			 member->tier->error);
	_exit(0);
}

static pid_t spawn(const struct start *start, struct crowd_member *member,
		   crowd_fn *work, struct crowd_result *result)
{
	pid_t pid = fork();

	if (pid == 0)
		live(start, member, work, result);
	return pid;
}

void crowd_run(const struct setting *setting, const struct place *place,
	       unsigned n, crowd_fn *work, void *arg,
	       struct crowd_result *ret_results)
{
	const size_t size = CROWD_MAX * sizeof(struct crowd_result);
	struct crowd_result *results = crowd_share(size);
	pid_t pids[CROWD_MAX];
	struct start start;
	int status, lost = 0;
	char byte;

	assert_in_range(n, 1, CROWD_MAX);
	start_open(&start);
	for (unsigned i = 0; i < n; i++) {
		struct crowd_member member = {
			.setting = setting, .place = place,
			.number = i, .arg = arg,
		};

		pids[i] = spawn(&start, &member, work, &results[i]);
	}
	/* One that dies early does not write: its alarm is the limit. */
	close(start.ready[1]);
	start.ready[1] = -1;
	for (unsigned i = 0; i < n; i++)
		if (read(start.ready[0], &byte, 1) != 1)
			break;
	close(start.go[1]);
	for (unsigned i = 0; i < n; i++)
		if (pids[i] < 0 || waitpid(pids[i], &status, 0) != pids[i] ||
		    status != 0)
			lost++;
	start_close(&start);
	memcpy(ret_results, results, n * sizeof(*results));
	crowd_unshare(results, size);
	if (lost)
		fail_msg("%d of %u processes died or hung", lost, n);
}

void crowd_kill(const struct setting *setting, const struct place *place,
		crowd_fn *work, void *arg, unsigned us)
{
	struct crowd_result *result = crowd_share(sizeof(*result));
	struct crowd_member member = {
		.setting = setting, .place = place, .arg = arg,
	};
	struct start start;
	struct crowd_result got;
	int status;
	char byte;
	pid_t pid;

	start_open(&start);
	pid = spawn(&start, &member, work, result);
	assert_true(pid > 0);
	close(start.ready[1]);
	start.ready[1] = -1;
	assert_int_equal(read(start.ready[0], &byte, 1), 1);
	close(start.go[1]);
	usleep(us);
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	start_close(&start);
	got = *result;
	crowd_unshare(result, sizeof(*result));
	if (!WIFSIGNALED(status) && got.r)
		fail_msg("result %d before it was killed: %s", got.r,
			 got.error);
}

int crowd_refused(const struct crowd_result *results, unsigned n, int allowed)
{
	int count = 0;

	for (unsigned i = 0; i < n; i++) {
		if (results[i].r == 0)
			continue;
		if (results[i].r != allowed)
			fail_msg("process %u: %d %s", i, results[i].r,
				 results[i].error);
		count++;
	}
	return count;
}
