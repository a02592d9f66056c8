/* SPDX-License-Identifier: MIT */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "test/unit/stack_bed.h"

struct deadline soon(void)
{
	return deadline_in(10000);
}

void open_stack(struct bed *bed, struct fake_tier *const *order, size_t n)
{
	struct stack_tier tiers[3] = { 0 };

	for (size_t i = 0; i < n; i++) {
		tiers[i].tier = &order[i]->base;
		tiers[i].is_shared = order[i] != &bed->memory;
	}
	bed->stack = tier_close(bed->stack);
	assert_int_equal(tier_stack_open(tiers, n, bed->copies, &bed->stack),
			 0);
}

int bed_setup(void **state)
{
	struct bed *bed = calloc(1, sizeof(*bed));

	assert_non_null(bed);
	bed->copies = 1;
	fake_init(&bed->redis, "redis", &bed->journal);
	fake_init(&bed->mongodb, "mongodb", &bed->journal);
	fake_init(&bed->memory, "memory", &bed->journal);
	open_stack(bed, (struct fake_tier *[]){
		   &bed->redis, &bed->mongodb, &bed->memory }, 3);
	bed->session = fake_session(3, 30);
	bed->completed = fake_finished(&bed->session, SESSION_COMPLETED,
				       "{\"a\":1}");
	bed->aborted = fake_finished(&bed->session, SESSION_ABORTED, NULL);
	assert_int_equal(tier_token_make(&bed->token), 0);
	*state = bed;
	return 0;
}

int bed_setup_copies(void **state)
{
	struct bed *bed;
	int r = bed_setup(state);

	if (r)
		return r;
	bed = *state;
	bed->copies = 2;
	open_stack(bed, (struct fake_tier *[]){
		   &bed->redis, &bed->mongodb, &bed->memory }, 3);
	return 0;
}

int bed_teardown(void **state)
{
	struct bed *bed = *state;

	tier_close(bed->stack);
	fake_done(&bed->redis);
	fake_done(&bed->mongodb);
	fake_done(&bed->memory);
	session_done(&bed->completed);
	free(bed);
	return 0;
}

int bed_put(struct bed *bed, const char *text, struct chunk_count *ret_count)
{
	struct chunk chunk = fake_chunk(1, CHUNK_RAW, text, strlen(text));

	return tier_put_chunk(bed->stack, &bed->session, &chunk, soon(),
			      ret_count);
}

void has_chunk(struct fake_tier *fake, const char *text)
{
	fake_has_chunk(fake, 1, CHUNK_RAW, text, strlen(text));
}

void assert_has(const struct fake_tier *fake, const char *text)
{
	if (text)
		assert_string_equal(fake->chunks[1].data, text);
	else
		assert_null(fake->chunks[1].data);
}

void assert_read(struct bed *bed, const char *expected)
{
	struct chunk_info info;
	struct buf data;

	buf_init(&data, 100);
	assert_int_equal(tier_get_chunk(bed->stack, &bed->session, 1, soon(),
					&data, &info), 0);
	assert_int_equal(info.size, strlen(expected));
	assert_string_equal(data.data, expected);
	buf_done(&data);
}
