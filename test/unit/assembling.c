/* SPDX-License-Identifier: MIT */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <cmocka.h>

#include "test/unit/assembling.h"

int assembling_setup(void **state)
{
	struct assembling *a = calloc(1, sizeof(*a));

	assert_non_null(a);
	fake_clock_set(0);
	fake_init(&a->tier, "redis", NULL);
	fake_sink_init(&a->sink, NULL);
	a->assembly = (struct assembly){
		.store = &a->tier.base,
		.sink = &a->sink.base,
		.session = &a->session,
		.claim = &a->claim,
		.inflated_max = 1000,
	};
	*state = a;
	return 0;
}

int assembling_teardown(void **state)
{
	struct assembling *a = *state;

	fake_done(&a->tier);
	fake_sink_done(&a->sink);
	free(a);
	return 0;
}

void begin(struct assembling *a, const struct chunk *chunks, uint32_t n,
	   uint64_t size)
{
	bool compressed = a->session.is_compressed;

	fake_done(&a->tier);
	for (uint32_t i = 0; i < n; i++)
		fake_has_chunk(&a->tier, i, chunks[i].info.kind,
			       chunks[i].data, chunks[i].info.size);
	a->tier.holder[0] = '\0';
	a->session = fake_session(n, size);
	a->session.is_compressed = compressed;
	assert_int_equal(claim_take(&a->claim, &a->tier.base,
				    &a->session, deadline_in(10000)), 0);
	assert_int_equal(sink_begin(&a->sink.base, &a->session,
				    deadline_in(10000)), 0);
}

int end(struct assembling *a)
{
	int r;

	memset(&a->content, 0x5a, sizeof(a->content));
	r = assemble(&a->assembly, deadline_in(10000), &a->content);
	claim_give_back(&a->claim);
	return r;
}

struct chunk raw(const char *text)
{
	return fake_chunk(0, CHUNK_RAW, text, strlen(text));
}

char *pack(const void *data, size_t size, int window, size_t *ret_size)
{
	z_stream z = { 0 };
	size_t room = size + 1000;
	char *packed = malloc(room);

	assert_non_null(packed);
	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, window, 8,
				      Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)data;
	z.avail_in = (uInt)size;
	z.next_out = (Bytef *)packed;
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	*ret_size = z.total_out;
	deflateEnd(&z);
	return packed;
}

int inflate_cut(struct assembling *a, enum chunk_kind kind, const char *data,
		size_t size, size_t at)
{
	struct chunk chunks[] = {
		fake_chunk(0, kind, data, at),
		fake_chunk(1, kind, data + at, size - at),
	};

	a->session.is_compressed = true;
	begin(a, chunks, 2, size);
	return end(a);
}
