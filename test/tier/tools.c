/* SPDX-License-Identifier: MIT */

/* What the cases share: things to put, and what to assert of what is got. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "test/tier/contract.h"

#define TTL_MS 600000	/* of the sessions that are made here */

struct deadline patience(void)
{
	return deadline_in(PATIENCE_MS);
}

struct session session_of(uint32_t total_chunks, uint64_t total_size)
{
	struct session s = {
		.total_chunks = total_chunks,
		.total_size = total_size,
		.created_at = clock_now_ms(),
		.file_name = "track.gpx",
		.content_type = "application/gpx+xml",
	};

	s.expires_at = s.created_at + TTL_MS;
	assert_int_equal(session_id_make(s.created_at, s.id), 0);
	return s;
}

struct session completed(const struct session *session, char *body)
{
	struct session done = *session;

	done.state = SESSION_COMPLETED;
	done.answer = (struct answer){
		.status = 201,
		.persistent_id = "route-1",
		.body = body,
		.body_size = body ? strlen(body) : 0,
	};
	return done;
}

struct session aborted(const struct session *session)
{
	struct session done = *session;

	done.state = SESSION_ABORTED;
	return done;
}

struct chunk chunk_of(uint32_t index, enum chunk_kind kind, const char *data,
		      size_t size)
{
	return (struct chunk){
		.info = {
			.index = index,
			.kind = kind,
			.size = size,
			.digest = digest_of(data, size),
		},
		.data = data,
	};
}

struct chunk chunk_of_text(uint32_t index, const char *text)
{
	return chunk_of(index, CHUNK_RAW, text, strlen(text));
}

char *bytes_of(unsigned seed, size_t size)
{
	char *bytes = malloc(size ? size : 1);
	uint64_t x = seed * UINT64_C(0x9E3779B97F4A7C15) + 1;

	assert_non_null(bytes);
	/* xorshift64: Marsaglia, "Xorshift RNGs", 2003. */
	for (size_t i = 0; i < size; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		bytes[i] = (char)(x >> 32);
	}
	return bytes;
}

int put(struct tier *t, const struct session *session,
	const struct chunk *chunk)
{
	struct chunk_count count;

	return tier_put_chunk(t, session, chunk, patience(), &count);
}

void assert_chunk_is(struct tier *t, const struct session *session,
		     const struct chunk *chunk)
{
	struct chunk_info info;
	struct buf data;

	buf_init(&data, MIB(16));
	assert_result(t, tier_get_chunk(t, session, chunk->info.index,
					patience(), &data, &info), 0);
	assert_int_equal(info.index, chunk->info.index);
	assert_int_equal(info.kind, chunk->info.kind);
	assert_int_equal(info.size, chunk->info.size);
	assert_true(digest_equal(&info.digest, &chunk->info.digest));
	assert_int_equal(data.size, chunk->info.size);
	if (data.size)
		assert_memory_equal(data.data, chunk->data, data.size);
	buf_done(&data);
}

void assert_chunk_is_absent(struct tier *t, const struct session *session,
			    uint32_t index)
{
	struct chunk_info info;
	struct buf data;

	buf_init(&data, MIB(16));
	assert_result(t, tier_get_chunk(t, session, index, patience(), &data,
					&info), TIER_E_ABSENT);
	buf_done(&data);
}

void assert_list_is(struct tier *t, const struct session *session, size_t n,
		    uint64_t bytes)
{
	struct chunk_list list = { 0 };

	assert_result(t, tier_list_chunks(t, session, patience(), &list), 0);
	assert_int_equal(list.n, n);
	assert_int_equal(chunk_list_bytes(&list), bytes);
	for (size_t i = 1; i < list.n; i++)
		assert_true(list.chunks[i - 1].index < list.chunks[i].index);
	assert_false(list.silent);
	chunk_list_done(&list);
}

static void assert_answer_is(const struct answer *got,
			     const struct answer *expected)
{
	assert_int_equal(got->status, expected->status);
	assert_string_equal(got->persistent_id, expected->persistent_id);
	assert_int_equal(got->body_size, expected->body_size);
	assert_int_equal(!got->body, !expected->body);
	if (got->body)
		assert_memory_equal(got->body, expected->body, got->body_size);
}

void assert_session_is(struct tier *t, const struct session *expected)
{
	struct session got;

	assert_result(t, tier_get_session(t, expected->id, TIER_READ_ALL,
					  patience(), &got), 0);
	assert_string_equal(got.id, expected->id);
	assert_string_equal(got.owner, expected->owner);
	assert_string_equal(got.persistent_id, expected->persistent_id);
	assert_string_equal(got.file_name, expected->file_name);
	assert_string_equal(got.content_type, expected->content_type);
	assert_string_equal(got.sha256, expected->sha256);
	assert_int_equal(got.total_chunks, expected->total_chunks);
	assert_int_equal(got.total_size, expected->total_size);
	assert_int_equal(got.is_update, expected->is_update);
	assert_int_equal(got.is_compressed, expected->is_compressed);
	assert_int_equal(got.created_at, expected->created_at);
	assert_int_equal(got.expires_at, expected->expires_at);
	assert_int_equal(got.state, expected->state);
	if (expected->state == SESSION_COMPLETED)
		assert_answer_is(&got.answer, &expected->answer);
	session_done(&got);
}

void assert_session_is_absent(struct tier *t, const char *id)
{
	struct session got;

	assert_result(t, tier_get_session(t, id, TIER_READ_FIRST, patience(),
					  &got), TIER_E_ABSENT);
	assert_result(t, tier_get_session(t, id, TIER_READ_ALL, patience(),
					  &got), TIER_E_ABSENT);
}

/* A door that fails is a broken test, not an answer. */
static int found(const struct part *part, int n)
{
	if (n < 0)
		fail_msg("the back door of %s: %s", part->name, strerror(-n));
	return n;
}

int spoil_chunk(const struct setting *setting, const struct place *place,
		const struct session *session, uint32_t index, enum spoil how)
{
	int n = 0;

	for (size_t i = 0; i < setting_parts(setting); i++) {
		const struct part *part = setting->parts[i];

		n += found(part, part->door->spoil_chunk(place, session, index,
							 how));
	}
	return n;
}

int spoil_record(const struct contract *c, const struct session *session)
{
	int n = 0;

	for (size_t i = 0; i < setting_parts(c->setting); i++) {
		const struct part *part = c->setting->parts[i];

		n += found(part, part->door->spoil_record(&c->place, session));
	}
	return n;
}

int count_pieces(const struct contract *c, const struct session *session)
{
	int n = 0;

	for (size_t i = 0; i < setting_parts(c->setting); i++) {
		const struct part *part = c->setting->parts[i];

		n += found(part, part->door->count_pieces(&c->place, session));
	}
	return n;
}

void assert_pieces(const struct contract *c, const struct session *session,
		   size_t n)
{
	assert_int_equal(count_pieces(c, session),
			 n * c->setting->copies);
}

int end_lease(const struct contract *c, const struct session *session)
{
	int n = 0;

	for (size_t i = 0; i < setting_parts(c->setting); i++) {
		const struct part *part = c->setting->parts[i];

		n += found(part, part->door->end_lease(&c->place, session));
	}
	return n;
}

void check_result(const struct tier *t, int r, int expected, const char *call,
		  const char *file, int line)
{
	static const char *const answers[] = {
		"done", "TIER_E_ABSENT", "TIER_E_CONFLICT", "TIER_E_FULL",
		"TIER_E_LIMIT",
	};

	if (r == expected)
		return;
	print_error("%s\n\tgave %s, and not %s\n", call,
		    r < 0 ? strerror(-r) :
		    r < (int)ARRAY_SIZE(answers) ? answers[r] : "nonsense",
		    expected < 0 ? strerror(-expected) : answers[expected]);
	if (t->error[0])
		print_error("\t%s\n", t->error);
	_fail(file, line);
}
