/* SPDX-License-Identifier: MIT */

/* What tier_*() makes of what a tier gives. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "common/tier/tier.h"

/* A tier whose operations all give one result. */
struct single {
	struct tier base;	/* must be first */
	int result;
};

static int result_of(struct tier *t)
{
	return ((struct single *)t)->result;
}

static int about_session(struct tier *t, const struct session *session,
			 struct deadline dl)
{
	(void)session;
	(void)dl;
	return result_of(t);
}

static int get_session(struct tier *t, const char *id, enum tier_read read,
		       struct deadline dl, struct session *ret_session)
{
	(void)id;
	(void)read;
	(void)dl;
	(void)ret_session;
	return result_of(t);
}

static int put_chunk(struct tier *t, const struct session *session,
		     const struct chunk *chunk, struct deadline dl,
		     struct chunk_count *ret_count)
{
	(void)session;
	(void)chunk;
	(void)dl;
	(void)ret_count;
	return result_of(t);
}

static int get_chunk(struct tier *t, const struct session *session,
		     uint32_t index, struct deadline dl, struct buf *data,
		     struct chunk_info *ret_info)
{
	(void)session;
	(void)index;
	(void)dl;
	(void)data;
	(void)ret_info;
	return result_of(t);
}

static int list_chunks(struct tier *t, const struct session *session,
		       struct deadline dl, struct chunk_list *ret_list)
{
	(void)session;
	(void)dl;
	for (uint32_t i = 0; !result_of(t) && i < 6; i += 2)
		assert_int_equal(chunk_list_add(ret_list,
				&(struct chunk_info){ .index = i }), 0);
	return result_of(t);
}

static int about_claim(struct tier *t, const struct session *session,
		       const struct tier_token *token, struct deadline dl)
{
	(void)session;
	(void)token;
	(void)dl;
	return result_of(t);
}

static int is_claimed(struct tier *t, const struct session *session,
		      struct deadline dl, bool *ret_held)
{
	(void)session;
	(void)dl;
	(void)ret_held;
	return result_of(t);
}

static int drop_chunk(struct tier *t, const struct session *session,
		      const struct chunk_info *info, struct deadline dl)
{
	(void)session;
	(void)info;
	(void)dl;
	return result_of(t);
}

static int ping(struct tier *t, struct deadline dl)
{
	(void)dl;
	return result_of(t);
}

static const struct tier_impl single_impl = {
	.name = "single",
	.put_session = about_session,
	.get_session = get_session,
	.put_chunk = put_chunk,
	.get_chunk = get_chunk,
	.list_chunks = list_chunks,
	.claim = about_claim,
	.release = about_claim,
	.is_claimed = is_claimed,
	.finish = about_session,
	.drop_session = about_session,
	.drop_chunk = drop_chunk,
	.drop_chunks = about_session,
	.ping = ping,
};

enum op {
	PUT_SESSION, GET_SESSION, PUT_CHUNK, GET_CHUNK, LIST_CHUNKS, CLAIM,
	RELEASE, IS_CLAIMED, FINISH, DROP_SESSION, DROP_CHUNK, DROP_CHUNKS,
	PING, OPS,
};

static int call(struct tier *t, enum op op)
{
	const struct tier_token token = { "" };
	struct chunk_list list = { 0 };
	struct chunk chunk = { .data = "" };
	struct chunk_count count;
	struct session s = { 0 };
	struct buf data = { 0 };
	struct deadline dl = { 0 };
	bool held;
	int r;

	switch (op) {
	case PUT_SESSION:
		return tier_put_session(t, &s, dl);
	case GET_SESSION:
		return tier_get_session(t, "", TIER_READ_FIRST, dl, &s);
	case PUT_CHUNK:
		return tier_put_chunk(t, &s, &chunk, dl, &count);
	case GET_CHUNK:
		return tier_get_chunk(t, &s, 0, dl, &data, &chunk.info);
	case LIST_CHUNKS:
		r = tier_list_chunks(t, &s, dl, &list);
		chunk_list_done(&list);
		return r;
	case CLAIM:
		return tier_claim(t, &s, &token, dl);
	case RELEASE:
		return tier_release(t, &s, &token, dl);
	case IS_CLAIMED:
		return tier_is_claimed(t, &s, dl, &held);
	case FINISH:
		return tier_finish(t, &s, dl);
	case DROP_SESSION:
		return tier_drop_session(t, &s, dl);
	case DROP_CHUNK:
		return tier_drop_chunk(t, &s, &chunk.info, dl);
	case DROP_CHUNKS:
		return tier_drop_chunks(t, &s, dl);
	case PING:
	case OPS:
		break;
	}
	return tier_ping(t, dl);
}

/* The answers of tier.h; the rest have none. */
static const bool answers[OPS][TIER_E_LIMIT + 1] = {
	[PUT_SESSION] = { [TIER_E_FULL] = true },
	[GET_SESSION] = { [TIER_E_ABSENT] = true },
	[PUT_CHUNK] = { [TIER_E_CONFLICT] = true, [TIER_E_FULL] = true,
			[TIER_E_LIMIT] = true },
	[GET_CHUNK] = { [TIER_E_ABSENT] = true },
	[CLAIM] = { [TIER_E_CONFLICT] = true, [TIER_E_FULL] = true },
	[FINISH] = { [TIER_E_CONFLICT] = true, [TIER_E_FULL] = true },
};

static void an_operation_gives_no_answer_but_its_own(void **state)
{
	(void)state;
	for (int op = 0; op < OPS; op++) {
		for (int r = 1; r <= TIER_E_LIMIT + 1; r++) {
			struct single tier = { .base.impl = &single_impl,
					       .result = r };
			int wanted = r <= TIER_E_LIMIT && answers[op][r] ?
					     r : -EAGAIN;

			if (call(&tier.base, op) != wanted)
				fail_msg("operation %d gave %d", op, r);
			assert_int_equal(!tier.base.error[0], wanted > 0);
		}
	}
}

static void failures_keep_their_words(void **state)
{
	(void)state;
	for (int op = 0; op < OPS; op++) {
		struct single tier = { .base.impl = &single_impl,
				       .base.error = "old words",
				       .result = -EIO };

		assert_int_equal(call(&tier.base, op), -EIO);
		assert_string_equal(tier.base.error, "");
		tier.result = 0;
		assert_int_equal(call(&tier.base, op), 0);
	}
}

static void a_list_ends_with_the_sessions_last_index(void **state)
{
	static const size_t listed[] = { 0, 1, 1, 2, 2, 3, 3 };
	struct single tier = { .base.impl = &single_impl };
	struct deadline dl = { 0 };

	(void)state;
	for (uint32_t total = 0; total < ARRAY_SIZE(listed); total++) {
		struct session s = { .total_chunks = total };
		struct chunk_list list = { 0 };

		assert_int_equal(tier_list_chunks(&tier.base, &s, dl, &list),
				 0);
		assert_int_equal(list.n, listed[total]);
		chunk_list_done(&list);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_operation_gives_no_answer_but_its_own),
		cmocka_unit_test(failures_keep_their_words),
		cmocka_unit_test(a_list_ends_with_the_sessions_last_index),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
