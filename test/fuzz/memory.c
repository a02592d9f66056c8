/* SPDX-License-Identifier: MIT */

/*
 * memory - the input is what a session's folder of the memory tier holds
 * (folder.h: record, claim, count, used, and chunks by their index), behind a
 * line of operations' letters (tier_ops.h). Whatever is there, no operation
 * fails; and when all are done, rot has not kept a chunk from being stored.
 */

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/tier/memory.h"
#include "test/fuzz/folder.h"
#include "test/fuzz/tier_ops.h"

static const char *place(const char *name)
{
	static const struct {
		const char *name, *path;
	} places[] = {
		{ "record", OPS_ID "/record" },
		{ "claim", OPS_ID "/claim" },
		{ "count", OPS_ID "/count" },
		{ "0", OPS_ID "/0" },
		{ "1", OPS_ID "/1" },
		{ "2", OPS_ID "/2" },
		{ "aside", OPS_ID "/aside" },
		{ "used", "used" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (strcmp(places[i].name, name) == 0)
			return places[i].path;
	return NULL;
}

/* A new chunk is stored, and read as what it is. */
static void check_room(struct tier *tier)
{
	static const char data[] = "what is stored after all";
	const struct session session = {
		.id = OPS_ID,
		.total_chunks = 10,
		.total_size = INT64_MAX,	/* no limit of it is met */
		.created_at = OPS_NOW_MS,
		.expires_at = OPS_NOW_MS + 3600000,
	};
	struct chunk chunk = {
		.info.index = 7,
		.info.size = sizeof(data) - 1,
		.data = data,
	};
	struct deadline dl = deadline_in(10000);
	struct chunk_count count;
	struct chunk_info info;
	struct buf got;
	int r;

	chunk.info.digest = digest_of(data, sizeof(data) - 1);
	r = tier_put_chunk(tier, &session, &chunk, dl, &count);
	/* What "count" and "used" say is believed. */
	if (r == TIER_E_FULL || r == TIER_E_LIMIT)
		return;
	must(r == 0, "a chunk finds its room");
	buf_init(&got, OPS_DATA_MAX);
	must(tier_get_chunk(tier, &session, 7, dl, &got, &info) == 0,
	     "a chunk that was stored is there");
	must_equal(got.data, got.size, data, sizeof(data) - 1,
		   "a chunk is what was stored");
	buf_done(&got);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { (const char *)data, size };
	struct fuzz_input line = fuzz_until(&in, '\n');
	struct tier *tier;
	char path[512];

	folder_empty();
	snprintf(path, sizeof(path), "%s/" OPS_ID, folder_path());
	must(mkdir(path, 0700) == 0, "a folder can be made");
	folder_fill(in, place);
	must(tier_memory_open(folder_path(), MIB(1), 3600000, &tier) == 0,
	     "a tier opens");
	ops_run(tier, line, /* may_fail= */ false);
	check_room(tier);
	tier_close(tier);
	return 0;
}
