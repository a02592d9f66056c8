/* SPDX-License-Identifier: MIT */

/* stack_bed - a stack of fake tiers, for its tests. */

#pragma once

#include "common/tier/stack.h"
#include "test/unit/fake_tier.h"

/* Two shared tiers, and one of this host alone. */
struct bed {
	struct journal journal;
	struct fake_tier redis, mongodb, memory;
	struct tier *stack;
	size_t copies;		/* of the next open_stack() */
	struct session session, completed, aborted;
	struct tier_token token;
};

struct deadline soon(void);

/* Another order, or fewer of them. */
void open_stack(struct bed *bed, struct fake_tier *const *order, size_t n);

/* Of each case, whose state is the bed: redis, mongodb and memory in order. */
int bed_setup(void **state);
int bed_teardown(void **state);

/* The same, and two copies are kept. */
int bed_setup_copies(void **state);

#define BED_CASE(name) \
	cmocka_unit_test_setup_teardown(name, bed_setup, bed_teardown)
#define COPIES_CASE(name) \
	cmocka_unit_test_setup_teardown(name, bed_setup_copies, bed_teardown)

/* Puts these bytes at index 1. */
int bed_put(struct bed *bed, const char *text, struct chunk_count *ret_count);

/* Has them there, as if by another process; asserts it; NULL: none. */
void has_chunk(struct fake_tier *fake, const char *text);
void assert_has(const struct fake_tier *fake, const char *text);

/* Asserts that the stack reads them there. */
void assert_read(struct bed *bed, const char *expected);
