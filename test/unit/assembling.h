/* SPDX-License-Identifier: MIT */

/* assembling - a session of chunks that are to be assembled, for its tests. */

#pragma once

#include "common/assemble.h"
#include "test/unit/fake_clock.h"
#include "test/unit/fake_sink.h"
#include "test/unit/fake_tier.h"

struct assembling {
	struct fake_tier tier;
	struct fake_sink sink;
	struct session session;
	struct claim claim;
	struct assembly assembly;
	struct sink_content content;
};

/* Of each case, whose state it is. */
int assembling_setup(void **state);
int assembling_teardown(void **state);

#define ASSEMBLE_CASE(name)						\
	cmocka_unit_test_setup_teardown(name, assembling_setup,		\
					assembling_teardown)

/* A session of @n chunks that are there, and @size as start declared it. */
void begin(struct assembling *a, const struct chunk *chunks, uint32_t n,
	   uint64_t size);

/* What assemble() makes of it. */
int end(struct assembling *a);

/* Cuts @data in two at @at and assembles it as compressed. */
int inflate_cut(struct assembling *a, enum chunk_kind kind, const char *data,
		size_t size, size_t at);

/* gzip (31) or zlib (15) of @size bytes, on the heap. */
char *pack(const void *data, size_t size, int window, size_t *ret_size);

/* A raw chunk of a C string. */
struct chunk raw(const char *text);
