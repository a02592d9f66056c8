/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/tier/memory.h"
#include "common/tier/memory/sweep.h"
#include "common/tier/memory/tier.h"

struct memory *memory_of(struct tier *t)
{
	return (struct memory *)t;
}

int memory_failed(struct memory *m, int r)
{
	if (r >= 0)
		return r;
	return tier_fail(&m->base, r, "memory: %s",
			 m->root.why ? m->root.why : strerror(-r));
}

int memory_result(struct memory *m, int r)
{
	return r == -ENOSPC ? TIER_E_FULL : memory_failed(m, r);
}

static int ping(struct tier *t, struct deadline dl)
{
	struct memory *m = memory_of(t);
	int r;

	r = memory_root_open(&m->root);
	if (!r && faccessat(m->root.fd, ".", R_OK | W_OK | X_OK, AT_EACCESS))
		r = -errno;
	if (!r)
		r = memory_used_open(&m->used, &m->root, dl);
	return memory_failed(m, r);
}

static int sweep(struct tier *t, struct deadline dl)
{
	struct memory *m = memory_of(t);
	int r;

	r = memory_root_open(&m->root);
	if (!r)
		r = memory_used_open(&m->used, &m->root, dl);
	if (!r)
		r = memory_sweep(&m->used, &m->root, m->ttl_ms, dl);
	return r > 0 ? 0 : memory_failed(m, r);
}

static void close_memory(struct tier *t)
{
	struct memory *m = memory_of(t);

	memory_used_done(&m->used);
	memory_root_done(&m->root);
	free(m);
}

static const struct tier_impl memory_impl = {
	.name = "memory",
	.put_session = memory_put_session,
	.get_session = memory_get_session,
	.put_chunk = memory_put_chunk,
	.get_chunk = memory_get_chunk,
	.list_chunks = memory_list_chunks,
	.claim = memory_claim,
	.release = memory_release,
	.is_claimed = memory_is_claimed,
	.finish = memory_finish,
	.drop_session = memory_drop_session,
	.drop_chunk = memory_drop_chunk,
	.drop_chunks = memory_drop_chunks,
	.sweep = sweep,
	.ping = ping,
	.close = close_memory,
};

int tier_memory_open(const char *dir, uint64_t max_bytes, int64_t ttl_ms,
		     struct tier **ret_tier)
{
	struct memory *m = calloc(1, sizeof(*m));

	if (!m)
		return -ENOMEM;
	m->base.impl = &memory_impl;
	m->used = memory_used_none();
	m->max_bytes = max_bytes;
	m->ttl_ms = ttl_ms;
	if (memory_root_init(&m->root, dir)) {
		free(m);
		return -ENOMEM;
	}
	*ret_tier = &m->base;
	return 0;
}
