/* SPDX-License-Identifier: MIT */

/*
 * claim, release and is_claimed: the file "claim", "<token> <end>", where end
 * is in ms of CLOCK_BOOTTIME. All who read it are on one host, whose clock of
 * the day may be set.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/retry.h"
#include "common/tier/memory/aside.h"
#include "common/tier/memory/sweep.h"
#include "common/tier/memory/tier.h"

#define CLAIM_LEN 80	/* bytes of the longest text, the NUL included */

static int64_t boot_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/*
 * Who holds the claim. -ENOENT when nobody does: its lease is over, it was
 * taken before the host was started, or what is there is no claim.
 */
static int read_holder(int folder, struct tier_token *ret_token)
{
	CLEANUP(memory_closep) int fd = -1;
	char text[CLAIM_LEN] = "";
	struct tier_token token;
	long long end;
	int64_t left;

	fd = retry_openat(folder, "claim", O_RDONLY | O_NOFOLLOW | O_CLOEXEC,
			  0);
	if (fd < 0)
		return -errno;
	if (pread(fd, text, sizeof(text) - 1, 0) < 0)
		return -errno;
	/* NOLINTNEXTLINE(cert-err34-c): 19 digits fit a long long */
	if (sscanf(text, "%32[0-9a-f] %19lld", token.text, &end) != 2)
		return -ENOENT;
	left = end - boot_ms();
	if (left <= 0 || left > TIER_CLAIM_LEASE_MS)
		return -ENOENT;
	*ret_token = token;
	return 0;
}

static bool is_same(const struct tier_token *a, const struct tier_token *b)
{
	return strcmp(a->text, b->text) == 0;
}

static int claim(struct memory *m, const struct session *session,
		 const struct tier_token *token, struct deadline dl)
{
	CLEANUP(memory_closep) int folder = -1;
	struct tier_token holder;
	char text[CLAIM_LEN];
	int n, r;

	r = memory_root_open(&m->root);
	if (!r)
		r = memory_folder_lock(&m->root, session->id, /* make= */ true,
				       dl, &folder);
	if (r)
		return r;
	r = read_holder(folder, &holder);
	if (!r && !is_same(&holder, token))
		return TIER_E_CONFLICT;
	if (r && r != -ENOENT)
		return r;
	n = snprintf(text, sizeof(text), "%s %lld\n", token->text,
		     (long long)(boot_ms() + TIER_CLAIM_LEASE_MS));
	return memory_replace(folder, "claim", text, (size_t)n);
}

int memory_claim(struct tier *t, const struct session *session,
		 const struct tier_token *token, struct deadline dl)
{
	struct memory *m = memory_of(t);
	int r = claim(m, session, token, dl);

	if (r == -ENOSPC && memory_make_room(m, dl))
		r = claim(m, session, token, dl);
	if (r == 0)
		memory_sweep_sometimes(m, dl);
	return memory_result(m, r);
}

/* Where other tiers have the session, the claim was all that was here. */
static void leave(struct memory *m, const char *id, int *folder,
		  struct deadline dl)
{
	bool is_here = faccessat(*folder, "record", F_OK, 0) == 0;

	memory_closep(folder);
	if (!is_here && memory_used_open(&m->used, &m->root, dl) == 0)
		memory_sweep_empty(&m->used, &m->root, id, dl);
}

int memory_release(struct tier *t, const struct session *session,
		   const struct tier_token *token, struct deadline dl)
{
	CLEANUP(memory_closep) int folder = -1;
	struct memory *m = memory_of(t);
	struct tier_token holder;
	int r;

	r = memory_root_open(&m->root);
	if (!r)
		r = memory_folder_lock(&m->root, session->id,
				       /* make= */ false, dl, &folder);
	if (!r)
		r = read_holder(folder, &holder);
	if (!r && is_same(&holder, token) && unlinkat(folder, "claim", 0))
		r = -errno;
	if (folder >= 0)
		leave(m, session->id, &folder, dl);
	return r == -ENOENT ? 0 : memory_failed(m, r);
}

int memory_is_claimed(struct tier *t, const struct session *session,
		      struct deadline dl, bool *ret_held)
{
	CLEANUP(memory_closep) int folder = -1;
	struct memory *m = memory_of(t);
	struct tier_token holder;
	int r;

	(void)dl;
	r = memory_root_open(&m->root);
	if (!r)
		r = memory_folder_open(&m->root, session->id,
				       /* make= */ false, &folder);
	if (!r)
		r = read_holder(folder, &holder);
	if (r && r != -ENOENT)
		return memory_failed(m, r);
	*ret_held = r == 0;
	return 0;
}
