/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "test/fuzz/tier_ops.h"

/* By the linker's --wrap: the session is within its time. */
int64_t __wrap_clock_now_ms(void);
int64_t __wrap_clock_now_ms(void)
{
	return OPS_NOW_MS;
}

static struct session make_session(enum session_state state)
{
	struct session session = {
		.id = OPS_ID,
		.owner = "alice",
		.persistent_id = "my-id",
		.total_chunks = 3,
		.total_size = 40,
		.created_at = OPS_NOW_MS - 500,
		.expires_at = OPS_NOW_MS + 3599500,
		.state = state,
	};

	if (state == SESSION_COMPLETED) {
		session.answer.status = 201;
		strcpy(session.answer.persistent_id, "my-id");
	}
	return session;
}

static struct chunk make_chunk(void)
{
	static const char data[] = "hello, chunk";
	struct chunk chunk = {
		.info.index = 1,
		.info.kind = CHUNK_TEXT,
		.info.size = sizeof(data) - 1,
		.data = data,
	};

	chunk.info.digest = digest_of(data, sizeof(data) - 1);
	return chunk;
}

static int get_session(struct tier *t, struct deadline dl)
{
	struct session session;
	int r;

	r = tier_get_session(t, OPS_ID, TIER_READ_FIRST, dl, &session);
	if (r)
		return r;
	must(strcmp(session.id, OPS_ID) == 0, "the session is the one");
	must(session.total_chunks >= 1, "it has a chunk");
	must(OPS_NOW_MS < session_purge_at(&session),
	     "one past its time is absent");
	must(t->served, "who served is said");
	session_done(&session);
	return 0;
}

static int get_chunk(struct tier *t, const struct session *session,
		     struct deadline dl)
{
	struct chunk_info info;
	struct digest digest;
	struct buf data;
	int r;

	buf_init(&data, OPS_DATA_MAX);
	r = tier_get_chunk(t, session, 1, dl, &data, &info);
	if (!r) {
		must(info.index == 1, "the chunk is that of the index");
		must(info.size == data.size, "its bytes are there");
		digest = digest_of(data.data, data.size);
		must(digest_equal(&digest, &info.digest),
		     "its digest was verified");
		must(info.kind == CHUNK_RAW || info.kind == CHUNK_TEXT,
		     "its kind is one");
	}
	buf_done(&data);
	return r;
}

static int list_chunks(struct tier *t, const struct session *session,
		       struct deadline dl)
{
	struct chunk_list list = { 0 };
	int r;

	r = tier_list_chunks(t, session, dl, &list);
	if (r) {
		must(!list.chunks, "what fails leaves the result as it was");
		return r;
	}
	for (size_t i = 1; i < list.n; i++)
		must(list.chunks[i - 1].index < list.chunks[i].index,
		     "a list ascends, each index once");
	must(!list.n || list.chunks[list.n - 1].index <
	     session->total_chunks, "a list has no index too many");
	chunk_list_done(&list);
	return 0;
}

static int put_chunk(struct tier *t, const struct session *session,
		     struct deadline dl)
{
	struct chunk chunk = make_chunk();
	struct chunk_count count = { 0 };

	return tier_put_chunk(t, session, &chunk, dl, &count);
}

static int drop_chunk(struct tier *t, const struct session *session,
		      struct deadline dl)
{
	struct chunk chunk = make_chunk();

	return tier_drop_chunk(t, session, &chunk.info, dl);
}

static int is_claimed(struct tier *t, const struct session *session,
		      struct deadline dl)
{
	bool held;

	return tier_is_claimed(t, session, dl, &held);
}

/* The answers that an operation may give besides 0. */
static bool is_answer(char op, int r)
{
	switch (op) {
	case 's':
	case 'g':
		return r == TIER_E_ABSENT;
	case 'p':
		return r == TIER_E_FULL;
	case 'f':
	case 'k':
		return r == TIER_E_CONFLICT || r == TIER_E_FULL;
	case 'c':
		return r == TIER_E_CONFLICT || r == TIER_E_FULL ||
		       r == TIER_E_LIMIT;
	default:
		return false;
	}
}

static int run(struct tier *t, char op, struct deadline dl)
{
	static const struct tier_token token = {
		"0123456789abcdef0123456789abcdef",
	};
	struct session open = make_session(SESSION_OPEN);
	struct session completed = make_session(SESSION_COMPLETED);

	switch (op) {
	case 's':
		return get_session(t, dl);
	case 'p':
		return tier_put_session(t, &open, dl);
	case 'f':
		return tier_finish(t, &completed, dl);
	case 'x':
		return tier_drop_session(t, &completed, dl);
	case 'g':
		return get_chunk(t, &open, dl);
	case 'c':
		return put_chunk(t, &open, dl);
	case 'd':
		return drop_chunk(t, &open, dl);
	case 'D':
		return tier_drop_chunks(t, &open, dl);
	case 'l':
		return list_chunks(t, &open, dl);
	case 'k':
		return tier_claim(t, &open, &token, dl);
	case 'r':
		return tier_release(t, &open, &token, dl);
	case 'i':
		return is_claimed(t, &open, dl);
	case 'n':
		return tier_ping(t, dl);
	default:
		return 0;
	}
}

void ops_run(struct tier *t, struct fuzz_input letters, bool may_fail)
{
	struct deadline dl = deadline_in(10000);

	letters = fuzz_take(&letters, OPS_MAX);
	while (letters.left) {
		char op = (char)fuzz_byte(&letters);
		int r = run(t, op, dl);

		must(r <= 0 || is_answer(op, r),
		     "an operation answers what it may");
		must(r >= 0 || may_fail, "a sound place does not fail");
		must(r >= 0 || t->error[0], "a failure has its words");
	}
}
