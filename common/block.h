/* SPDX-License-Identifier: MIT */

/*
 * block - questions about 64 bytes at once, answered with one bit a byte.
 *
 * The bit of the first byte is the lowest. With SSE2, which every x86-64 has,
 * a question costs a few cycles; elsewhere it is a plain loop. Defining
 * BLOCK_PORTABLE takes the loop everywhere, so that tests can run both.
 */

#pragma once

#include <string.h>

#include "common/base.h"

#if defined(__x86_64__) && !defined(BLOCK_PORTABLE)
#define BLOCK_SSE2 1
#include <emmintrin.h>
#else
#define BLOCK_SSE2 0
#endif

#define BLOCK_SIZE ((size_t)64)

#if BLOCK_SSE2

static inline __m128i block_load(const char *data)
{
	return _mm_loadu_si128((const __m128i *)data);
}

/* The top bits of four times 16 bytes. */
static inline uint64_t block_bits(__m128i a, __m128i b, __m128i c, __m128i d)
{
	uint32_t low = (uint32_t)_mm_movemask_epi8(a) |
		       (uint32_t)_mm_movemask_epi8(b) << 16;
	uint32_t high = (uint32_t)_mm_movemask_epi8(c) |
			(uint32_t)_mm_movemask_epi8(d) << 16;

	return low | (uint64_t)high << 32;
}

/* Bytes that are @c. */
static inline uint64_t block_equal(const char *data, char c)
{
	const __m128i wanted = _mm_set1_epi8(c);

	return block_bits(_mm_cmpeq_epi8(block_load(data), wanted),
			  _mm_cmpeq_epi8(block_load(data + 16), wanted),
			  _mm_cmpeq_epi8(block_load(data + 32), wanted),
			  _mm_cmpeq_epi8(block_load(data + 48), wanted));
}

static inline __m128i block_is_any(__m128i v, char a, char b, char c, char d)
{
	__m128i is_a = _mm_cmpeq_epi8(v, _mm_set1_epi8(a));
	__m128i is_b = _mm_cmpeq_epi8(v, _mm_set1_epi8(b));
	__m128i is_c = _mm_cmpeq_epi8(v, _mm_set1_epi8(c));
	__m128i is_d = _mm_cmpeq_epi8(v, _mm_set1_epi8(d));

	return _mm_or_si128(_mm_or_si128(is_a, is_b),
			    _mm_or_si128(is_c, is_d));
}

/* Bytes of 0x80 and above. */
static inline uint64_t block_not_ascii(const char *data)
{
	return block_bits(block_load(data), block_load(data + 16),
			  block_load(data + 32), block_load(data + 48));
}

static inline __m128i block_json_special_16(const char *data)
{
	__m128i v = block_load(data);
	__m128i quote = _mm_cmpeq_epi8(v, _mm_set1_epi8('"'));
	__m128i backslash = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));
	__m128i control =
		_mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);

	return _mm_or_si128(_mm_or_si128(quote, backslash), control);
}

/* Bytes that do not stand for themselves in a JSON string: quote, backslash
 * and the control characters below 0x20. */
static inline uint64_t block_json_special(const char *data)
{
	return block_bits(block_json_special_16(data),
			  block_json_special_16(data + 16),
			  block_json_special_16(data + 32),
			  block_json_special_16(data + 48));
}

static inline __m128i block_json_simple_16(const char *data)
{
	__m128i v = block_load(data);
	__m128i signs = block_is_any(v, '"', '\\', '/', 'b');
	__m128i letters = block_is_any(v, 'f', 'n', 'r', 't');

	return _mm_or_si128(signs, letters);
}

/* Bytes that make an escape of a JSON string with the backslash before. */
static inline uint64_t block_json_simple(const char *data)
{
	return block_bits(block_json_simple_16(data),
			  block_json_simple_16(data + 16),
			  block_json_simple_16(data + 32),
			  block_json_simple_16(data + 48));
}

#else

static inline uint64_t block_equal(const char *data, char c)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < BLOCK_SIZE; i++)
		bits |= (uint64_t)(data[i] == c) << i;
	return bits;
}

static inline uint64_t block_not_ascii(const char *data)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < BLOCK_SIZE; i++)
		bits |= (uint64_t)((uint8_t)data[i] >= 0x80) << i;
	return bits;
}

static inline uint64_t block_json_special(const char *data)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < BLOCK_SIZE; i++)
		bits |= (uint64_t)(data[i] == '"' || data[i] == '\\' ||
				   (uint8_t)data[i] < 0x20)
			<< i;
	return bits;
}

static inline uint64_t block_json_simple(const char *data)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < BLOCK_SIZE; i++)
		bits |= (uint64_t)(data[i] && strchr("\"\\/bfnrt", data[i]))
			<< i;
	return bits;
}

#endif

/*
 * Of the backslashes of a JSON string those that begin an escape: in each run
 * of them the first, third, and so on. @escaped is 1 when the byte before the
 * block began one, else 0.
 *
 * In (runs << 1 | odd) a run that begins at an odd place is there as a whole,
 * and taking it away leaves zeros. One that begins at an even place lacks its
 * first bit there, and the borrow leaves ones. Either way, what differs from
 * odd are the places that are as odd or even as the run's first.
 */
static inline uint64_t block_escapes(uint64_t backslashes, uint64_t escaped)
{
	const uint64_t odd = 0xaaaaaaaaaaaaaaaa;
	uint64_t runs = backslashes & ~escaped;

	return (((runs << 1 | odd) - runs) ^ odd) & backslashes;
}

/* The first of the bytes that @bits names, which is not 0. */
static inline size_t block_first(uint64_t bits)
{
	return (size_t)__builtin_ctzll(bits);
}

/* Without the first of them. */
static inline uint64_t block_rest(uint64_t bits)
{
	return bits & (bits - 1);
}

/* All bytes before the first that @bits names; all when it names none. */
static inline uint64_t block_before(uint64_t bits)
{
	return ~bits & (bits - 1);
}
