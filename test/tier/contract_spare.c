/* SPDX-License-Identifier: MIT */

/* Chunks that come with a file of their own, which a tier may take over. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "test/tier/contract.h"

/* A chunk in a file with a name, as a web server leaves one. */
struct spare {
	struct chunk chunk;
	char path[sizeof(((struct place *)0)->memory_dir) + 16];
	int fd;
};

static void fill(struct spare *spare, uint32_t index, const char *text)
{
	size_t size = strlen(text);

	assert_true(spare->fd >= 0);
	assert_int_equal(write(spare->fd, text, size), size);
	spare->chunk = chunk_of_text(index, text);
	spare->chunk.spare = &spare->fd;
}

/* On the file system of the memory tier, where the setting has one. */
static void spare_make(struct spare *spare, const struct contract *c,
		       uint32_t index, const char *text)
{
	snprintf(spare->path, sizeof(spare->path), "%s.XXXXXX",
		 c->place.memory_dir);
	spare->fd = mkstemp(spare->path);
	fill(spare, index, text);
}

static void spare_done(struct spare *spare)
{
	if (*spare->path)
		unlink(spare->path);
	close(spare->fd);
	*spare->path = '\0';
}

static void chunk_is_stored_and_outlives_its_file(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(3, 100);
	struct chunk_count count;
	struct spare spare;

	spare_make(&spare, c, 1, "in a file");
	assert_result(c->tier, tier_put_chunk(c->tier, &s, &spare.chunk,
					      patience(), &count), 0);
	assert_int_equal(count.chunks, 1);
	assert_int_equal(count.bytes, 9);
	spare_done(&spare);
	assert_chunk_is(c->tier, &s, &spare.chunk);
	assert_list_is(c->tier, &s, 1, 9);
}

static void chunk_is_stored_when_its_file_has_no_name_any_more(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(3, 100);
	struct spare spare;

	spare_make(&spare, c, 0, "unlinked");
	unlink(spare.path);
	assert_result(c->tier, put(c->tier, &s, &spare.chunk), 0);
	spare_done(&spare);
	assert_chunk_is(c->tier, &s, &spare.chunk);
}

static void chunk_is_stored_from_another_file_system(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(3, 100);
	struct spare spare = { .fd = memfd_create("spare", MFD_CLOEXEC) };

	fill(&spare, 2, "elsewhere");
	assert_result(c->tier, put(c->tier, &s, &spare.chunk), 0);
	spare_done(&spare);
	assert_chunk_is(c->tier, &s, &spare.chunk);
}

static void same_bytes_again_in_another_file_are_fine(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(3, 100);
	struct spare spare;

	for (int i = 0; i < 3; i++) {
		spare_make(&spare, c, 0, "again");
		assert_result(c->tier, put(c->tier, &s, &spare.chunk), 0);
		spare_done(&spare);
		assert_chunk_is(c->tier, &s, &spare.chunk);
		assert_list_is(c->tier, &s, 1, 5);
	}
}

static void refused_chunk_leaves_what_is_there(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(3, 4);
	struct chunk first = chunk_of_text(0, "first");
	struct spare spare;

	assert_result(c->tier, put(c->tier, &s, &first), 0);
	spare_make(&spare, c, 0, "other");
	assert_result(c->tier, put(c->tier, &s, &spare.chunk),
		      TIER_E_CONFLICT);
	spare_done(&spare);
	spare_make(&spare, c, 1, "over 3 x 4");
	assert_result(c->tier, put(c->tier, &s, &spare.chunk), TIER_E_LIMIT);
	spare_done(&spare);
	assert_chunk_is(c->tier, &s, &first);
	assert_list_is(c->tier, &s, 1, 5);
}

static const struct CMUnitTest cases[] = {
	cmocka_unit_test(chunk_is_stored_and_outlives_its_file),
	cmocka_unit_test(chunk_is_stored_when_its_file_has_no_name_any_more),
	cmocka_unit_test(chunk_is_stored_from_another_file_system),
	cmocka_unit_test(same_bytes_again_in_another_file_are_fine),
	cmocka_unit_test(refused_chunk_leaves_what_is_there),
};

const struct subject spare_subject = { cases, ARRAY_SIZE(cases) };
