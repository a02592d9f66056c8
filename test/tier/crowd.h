/* SPDX-License-Identifier: MIT */

/*
 * crowd - several processes that do the same to one tier at once.
 *
 * Each opens a tier of its own and waits until all of them have. Nothing is
 * asserted in them: what they found is their result, which the parent reads.
 */

#pragma once

#include "common/tier/tier.h"
#include "test/tier/setting.h"

#define CROWD_MAX 8		/* processes */
#define CROWD_SECONDS_MAX 60	/* of one member, before it is killed */

struct crowd_member {
	const struct setting *setting;
	const struct place *place;
	struct tier *tier;	/* its own */
	unsigned number;	/* from 0 */
	void *arg;		/* crowd_share() it to write to it */
};

typedef int crowd_fn(const struct crowd_member *member);

/* What came out of a crowd_fn. */
struct crowd_result {
	int r;				/* what it returned */
	char error[TIER_ERROR_MAX];	/* its tier's words */
};

/*
 * Runs @work in @n processes and waits for them. A member that dies or hangs
 * fails the test.
 */
void crowd_run(const struct setting *setting, const struct place *place,
	       unsigned n, crowd_fn *work, void *arg,
	       struct crowd_result *ret_results);

/*
 * How many of @n results are @allowed and not 0; any other fails the test. 0
 * as @allowed: all must be done.
 */
int crowd_refused(const struct crowd_result *results, unsigned n, int allowed);

/*
 * Runs @work in one process, and kills it with SIGKILL @us microseconds after
 * it has begun. Work that ended before is well.
 */
void crowd_kill(const struct setting *setting, const struct place *place,
		crowd_fn *work, void *arg, unsigned us);

/* Zeros that parent and members share; crowd_unshare() them. */
void *crowd_share(size_t size);
void crowd_unshare(void *shared, size_t size);
