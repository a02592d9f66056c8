/* SPDX-License-Identifier: MIT */

/* Chunks of every kind become what was sent, and what the sink stores. */

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "common/hex.h"
#include "common/sha256.h"
#include "test/unit/assembling.h"
#include "test/unit/encode.h"

#define HIGH "\xed\xa0\xbd"		/* the halves of U+1F600 */
#define LOW "\xed\xb8\x80"
#define FACE "\xf0\x9f\x98\x80"		/* U+1F600 whole */
#define LOST "\xef\xbf\xbd"		/* U+FFFD */

static void assert_written(struct assembling *a, const char *data, size_t size)
{
	uint8_t digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];

	assert_int_equal(a->sink.written.size, size);
	if (size)
		assert_memory_equal(a->sink.written.data, data, size);
	assert_int_equal(a->content.size, size);
	sha256_of(data, size, digest);
	hex_format(digest, SHA256_SIZE, hex);
	assert_string_equal(a->content.sha256, hex);
}

static struct chunk text(const char *text)
{
	return fake_chunk(0, CHUNK_TEXT, text, strlen(text));
}

struct mix {
	const char *name;
	struct chunk chunks[4];
	const char *sent;
	uint64_t units;
};

static void text_and_raw_are_joined_as_they_were_sent(void **state)
{
	const struct mix cases[] = {
		{ "raw", { raw("ab"), raw("c") }, "abc", 3 },
		{ "text", { text("ab"), text("c") }, "abc", 3 },
		{ "a pair within a chunk", { text("a" FACE "b") },
		  "a" FACE "b", 4 },
		{ "a pair over two chunks", { text("a" HIGH), text(LOW "b") },
		  "a" FACE "b", 4 },
		{ "a pair and nothing else", { text(HIGH), text(LOW) }, FACE,
		  2 },
		{ "pairs over every border",
		  { text(HIGH), text(LOW HIGH), text(LOW HIGH), text(LOW) },
		  FACE FACE FACE, 6 },
		{ "halves that stay alone",
		  { text("a" HIGH), text("b" LOW), text(HIGH) },
		  "a" LOST "b" LOST LOST, 5 },
		{ "the wrong way round", { text(LOW), text(HIGH) }, LOST LOST,
		  2 },
		{ "a half before raw", { text(HIGH), raw(LOW), text(LOW) },
		  LOST LOW LOST, 3 },
		{ "raw bytes are never changed", { raw(HIGH), raw(LOW) },
		  HIGH LOW, 2 },
		{ "a half, then raw, then text",
		  { text("a" HIGH), raw("|"), text("b") }, "a" LOST "|b", 4 },
		{ "a half at the end", { raw("x"), text(HIGH) }, "x" LOST, 2 },
		{ "no text", { raw("\xff\xfe"), raw("\x80") }, "\xff\xfe\x80",
		  4 },
	};
	struct assembling *a = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t n = 0;

		while (n < 4 && cases[i].chunks[n].data)
			n++;
		print_message("%s\n", cases[i].name);
		/* Either size will do, and no other. */
		begin(a, cases[i].chunks, n, strlen(cases[i].sent));
		assert_int_equal(end(a), 0);
		assert_written(a, cases[i].sent, strlen(cases[i].sent));
		begin(a, cases[i].chunks, n, cases[i].units);
		assert_int_equal(end(a), 0);
		assert_written(a, cases[i].sent, strlen(cases[i].sent));
		begin(a, cases[i].chunks, n, strlen(cases[i].sent) + 9);
		assert_int_equal(end(a), ASSEMBLE_E_MISMATCH);
		assert_non_null(strstr(a->assembly.reason, "totalSize"));
	}
}

static void nothing_is_one_empty_chunk(void **state)
{
	struct assembling *a = *state;
	struct chunk empty[] = { raw(""), text("") };

	for (size_t i = 0; i < ARRAY_SIZE(empty); i++) {
		begin(a, &empty[i], 1, 0);
		assert_int_equal(end(a), 0);
		assert_written(a, "", 0);
		assert_int_equal(a->sink.calls[FAKE_WRITE], 0);
		a->session.is_compressed = true;
	}
}

static void declared_sha256_is_of_what_was_sent(void **state)
{
	struct assembling *a = *state;
	struct chunk chunks[] = { text(HIGH), text(LOW) };
	uint8_t digest[SHA256_SIZE];

	begin(a, chunks, 2, 2);
	sha256_of(FACE, 4, digest);
	hex_format(digest, SHA256_SIZE, a->session.sha256);
	assert_int_equal(end(a), 0);
	begin(a, chunks, 2, 2);
	sha256_of(HIGH LOW, 6, digest);
	hex_format(digest, SHA256_SIZE, a->session.sha256);
	assert_int_equal(end(a), ASSEMBLE_E_MISMATCH);
	assert_non_null(strstr(a->assembly.reason, "SHA-256"));
	/* The result is as it was. */
	assert_int_equal(a->content.size, UINT64_C(0x5a5a5a5a5a5a5a5a));
}

static void compressed_is_inflated_wherever_it_was_cut(void **state)
{
	static const int windows[] = { 31, 15 };
	static const char plain[] = "{\"name\":\"a way\",\"points\":[1,2,3]}";
	struct assembling *a = *state;

	for (size_t i = 0; i < ARRAY_SIZE(windows); i++) {
		size_t size;
		char *packed = pack(plain, sizeof(plain) - 1, windows[i],
				    &size);
		char base64[512];
		size_t length = encode_base64(packed, size, 0, "", true,
					      base64);

		for (size_t at = 1; at < size; at++) {
			assert_int_equal(inflate_cut(a, CHUNK_RAW, packed,
						     size, at), 0);
			assert_written(a, plain, sizeof(plain) - 1);
		}
		for (size_t at = 1; at < length; at++) {
			assert_int_equal(inflate_cut(a, CHUNK_TEXT, base64,
						     length, at), 0);
			assert_written(a, plain, sizeof(plain) - 1);
		}
		free(packed);
	}
}

static void what_is_not_compressed_passes_through(void **state)
{
	struct assembling *a = *state;

	assert_int_equal(inflate_cut(a, CHUNK_TEXT, "{\"a\":1}", 7, 1), 0);
	assert_written(a, "{\"a\":1}", 7);
}

static void size_and_sha256_are_of_the_compressed_bytes(void **state)
{
	struct assembling *a = *state;
	uint8_t digest[SHA256_SIZE];
	size_t size;
	char *packed = pack("abc", 3, 31, &size);
	struct chunk chunk = fake_chunk(0, CHUNK_RAW, packed, size);

	a->session.is_compressed = true;
	begin(a, &chunk, 1, size);
	sha256_of(packed, size, digest);
	hex_format(digest, SHA256_SIZE, a->session.sha256);
	assert_int_equal(end(a), 0);
	assert_written(a, "abc", 3);
	/* 3 is what it inflates to, which nobody declares. */
	begin(a, &chunk, 1, 3);
	assert_int_equal(end(a), ASSEMBLE_E_MISMATCH);
	free(packed);
}

static void broken_compression_is_said_so(void **state)
{
	struct assembling *a = *state;
	size_t size;
	char *packed = pack("hello, hello, hello", 19, 31, &size);

	assert_int_equal(inflate_cut(a, CHUNK_RAW, packed, size - 1, 5),
			 ASSEMBLE_E_COMPRESSED);
	assert_non_null(a->assembly.reason);
	packed[size - 5] ^= 1;
	assert_int_equal(inflate_cut(a, CHUNK_RAW, packed, size, 5),
			 ASSEMBLE_E_COMPRESSED);
	free(packed);
}

static void inflated_size_has_a_limit(void **state)
{
	struct assembling *a = *state;
	char zeros[1001] = { 0 };
	size_t size;
	char *packed = pack(zeros, 1000, 31, &size);

	assert_int_equal(inflate_cut(a, CHUNK_RAW, packed, size, 5), 0);
	assert_written(a, zeros, 1000);
	free(packed);
	packed = pack(zeros, 1001, 31, &size);
	assert_int_equal(inflate_cut(a, CHUNK_RAW, packed, size, 5),
			 ASSEMBLE_E_INFLATED);
	free(packed);
}

static void one_chunk_of_memory_does(void **state)
{
	struct assembling *a = *state;
	size_t size = MIB(4);
	char *data = malloc(size);
	struct chunk chunks[8];

	assert_non_null(data);
	memset(data, 'x', size);
	for (size_t i = 0; i < ARRAY_SIZE(chunks); i++)
		chunks[i] = fake_chunk(0, CHUNK_RAW, data, size);
	begin(a, chunks, ARRAY_SIZE(chunks), 8 * size);
	assert_int_equal(end(a), 0);
	assert_int_equal(a->content.size, 8 * size);
	assert_int_equal(a->sink.calls[FAKE_WRITE], 8);
	assert_int_equal(a->tier.calls[FAKE_GET_CHUNK], 8);
	free(data);
}

static const struct CMUnitTest cases[] = {
	ASSEMBLE_CASE(text_and_raw_are_joined_as_they_were_sent),
	ASSEMBLE_CASE(nothing_is_one_empty_chunk),
	ASSEMBLE_CASE(declared_sha256_is_of_what_was_sent),
	ASSEMBLE_CASE(compressed_is_inflated_wherever_it_was_cut),
	ASSEMBLE_CASE(what_is_not_compressed_passes_through),
	ASSEMBLE_CASE(size_and_sha256_are_of_the_compressed_bytes),
	ASSEMBLE_CASE(broken_compression_is_said_so),
	ASSEMBLE_CASE(inflated_size_has_a_limit),
	ASSEMBLE_CASE(one_chunk_of_memory_does),
};

int main(void)
{
	return cmocka_run_group_tests(cases, NULL, NULL);
}
