/* SPDX-License-Identifier: MIT */

/*
 * contract SETTING: every sentence of tier.h on one tier, or on a stack.
 *
 * REDIS_URL and MONGODB_URI say where the real servers are; one that the
 * setting needs and that is not given is a failure.
 */

#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "test/tier/contract.h"

#define CASES_MAX 256

static bool has_part(const struct setting *setting, bool remote)
{
	for (size_t i = 0; i < setting_parts(setting); i++)
		if (setting->parts[i]->remote == remote)
			return true;
	return false;
}

static size_t add(struct CMUnitTest *cases, size_t n,
		  const struct subject *subject)
{
	if (n + subject->n > CASES_MAX)
		abort();
	memcpy(cases + n, subject->cases, subject->n * sizeof(*cases));
	return n + subject->n;
}

static size_t collect(const struct setting *setting, struct CMUnitTest *cases)
{
	static const struct subject *const everywhere[] = {
		&session_subject, &finish_subject, &chunk_subject,
		&count_subject, &rot_subject, &claim_subject, &race_subject,
		&change_subject, &kill_subject, &spare_subject,
	};
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(everywhere); i++)
		n = add(cases, n, everywhere[i]);
	if (!has_part(setting, /* remote= */ false))
		n = add(cases, n, &dead_subject);
	if (!has_part(setting, /* remote= */ true)) {
		n = add(cases, n, &folder_subject);
		n = add(cases, n, &account_subject);
		n = add(cases, n, &sweep_subject);
	}
	return n;
}

/* tmpfs where there is one, as the memory tier is meant to have. */
static int make_memory_dir(struct place *place)
{
	const char *base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	snprintf(place->memory_dir, sizeof(place->memory_dir),
		 "%s/tranche-test-XXXXXX", base);
	if (!mkdtemp(place->memory_dir)) {
		perror(place->memory_dir);
		return -1;
	}
	return 0;
}

static int remove_one(const char *path, const struct stat *status, int type,
		      struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

int main(int argc, char **argv)
{
	struct CMUnitTest cases[CASES_MAX];
	struct contract c = {
		.place = {
			.redis_url = getenv("REDIS_URL"),
			.mongodb_uri = getenv("MONGODB_URI"),
			.memory_max = MIB(256),
			.timeout_ms = 5000,
		},
	};
	struct CMUnitTest *one;
	size_t n;
	int failed;

	if (argc == 2)
		c.setting = setting_find(argv[1]);
	if (!c.setting) {
		fprintf(stderr, "usage: contract SETTING, one of:\n");
		setting_list();
		return 2;
	}
	/* As every function does: a server that is gone is an error's words. */
	signal(SIGPIPE, SIG_IGN);
	/* Counters in /dev/shm, which libmongoc leaves when it is killed. */
	setenv("MONGOC_DISABLE_SHM", "1", /* overwrite= */ 1);
	if (make_memory_dir(&c.place))
		return 1;
	if (setting_open(c.setting, &c.place, &c.tier)) {
		remove(c.place.memory_dir);
		return 1;
	}

	n = collect(c.setting, cases);
	for (one = cases; one < cases + n; one++)
		one->initial_state = &c;
	failed = _cmocka_run_group_tests(c.setting->name, cases, n, NULL, NULL);

	tier_close(c.tier);
	nftw(c.place.memory_dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return failed ? 1 : 0;
}
