/* SPDX-License-Identifier: MIT */

/* What ends an assembling before its end, and the claim on the way. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "test/unit/assembling.h"

static void sink_that_refuses_in_the_middle_ends_it(void **state)
{
	static const int says[] = { SINK_E_TOO_LARGE, SINK_E_FULL };
	struct assembling *a = *state;
	struct chunk chunks[] = { raw("abc"), raw("def"), raw("ghi") };
	size_t size;
	char *packed = pack("hello, hello, hello", 19, 31, &size);

	for (size_t i = 0; i < ARRAY_SIZE(says); i++) {
		a->session.is_compressed = false;
		a->sink.says[FAKE_WRITE] = says[i];
		a->sink.write_max = 5;
		begin(a, chunks, 3, 9);
		a->tier.calls[FAKE_GET_CHUNK] = 0;
		assert_int_equal(end(a), ASSEMBLE_E_SINK);
		assert_int_equal(a->assembly.sink_answer, says[i]);
		assert_int_equal(a->tier.calls[FAKE_GET_CHUNK], 2);
		assert_int_equal(inflate_cut(a, CHUNK_RAW, packed, size, 5),
				 ASSEMBLE_E_SINK);
		assert_int_equal(a->assembly.sink_answer, says[i]);
	}
	a->sink.says[FAKE_WRITE] = -EIO;
	assert_int_equal(inflate_cut(a, CHUNK_RAW, packed, size, 5), -EIO);
	/* What was refused before is forgotten. */
	assert_int_equal(a->assembly.sink_answer, 0);
	a->session.is_compressed = false;
	begin(a, chunks, 3, 9);
	assert_int_equal(end(a), -EIO);
	a->sink.says[FAKE_WRITE] = 0;
	free(packed);
}

static void chunk_that_is_gone_or_a_tier_that_fails_ends_it(void **state)
{
	struct assembling *a = *state;
	struct chunk chunks[] = { raw("abc"), raw("def") };

	begin(a, chunks, 2, 6);
	a->tier.says[FAKE_GET_CHUNK] = TIER_E_ABSENT;
	assert_int_equal(end(a), ASSEMBLE_E_MISSING);
	a->tier.says[FAKE_GET_CHUNK] = -EIO;
	begin(a, chunks, 2, 6);
	assert_int_equal(end(a), -EIO);
	assert_string_equal(a->tier.base.error, "redis: get_chunk failed");
}

static int at_work(struct fake_tier *fake, enum fake_op op)
{
	if (op == FAKE_GET_CHUNK)
		fake_clock_set((int64_t)fake->calls[op] * *(int64_t *)
			       fake->user);
	return 0;
}

static void claim_is_renewed_at_work(void **state)
{
	struct assembling *a = *state;
	struct chunk chunks[] = { raw("a"), raw("b"), raw("c"), raw("d") };
	int64_t each = TIER_CLAIM_LEASE_MS / 2;

	begin(a, chunks, 4, 4);
	a->tier.before = at_work;
	a->tier.user = &each;
	assert_int_equal(end(a), 0);
	/* The first, then after each chunk, the last before the commit. */
	assert_int_equal(a->tier.calls[FAKE_CLAIM], 5);
}

static int lose(struct fake_tier *fake, enum fake_op op)
{
	if (op != FAKE_GET_CHUNK)
		return 0;
	fake_clock_set(TIER_CLAIM_LEASE_MS / 2);
	strcpy(fake->holder, "somebody");
	return 0;
}

static void claim_that_is_lost_at_work_ends_it(void **state)
{
	struct assembling *a = *state;
	struct chunk chunks[] = { raw("a"), raw("b"), raw("c") };

	begin(a, chunks, 3, 3);
	a->tier.before = lose;
	assert_int_equal(end(a), ASSEMBLE_E_CLAIM);
	assert_int_equal(a->tier.calls[FAKE_GET_CHUNK], 1);
	/* At the last chunk as well. */
	begin(a, chunks, 1, 1);
	fake_clock_set(0);
	a->claim.renewed_ms = clock_monotonic_ms();
	assert_int_equal(end(a), ASSEMBLE_E_CLAIM);
	begin(a, chunks, 3, 3);
	fake_clock_set(0);
	a->claim.renewed_ms = clock_monotonic_ms();
	a->tier.says[FAKE_CLAIM] = -EIO;
	assert_int_equal(end(a), -EIO);
}

static const struct CMUnitTest cases[] = {
	ASSEMBLE_CASE(sink_that_refuses_in_the_middle_ends_it),
	ASSEMBLE_CASE(chunk_that_is_gone_or_a_tier_that_fails_ends_it),
	ASSEMBLE_CASE(claim_is_renewed_at_work),
	ASSEMBLE_CASE(claim_that_is_lost_at_work_ends_it),
};

int main(void)
{
	return cmocka_run_group_tests(cases, NULL, NULL);
}
