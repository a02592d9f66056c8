/* SPDX-License-Identifier: MIT */

/*
 * block - questions about 64 bytes at once, answered with one bit a byte.
 *
 * The bit of the first byte is the lowest. With SSE2, which every x86-64 has,
 * a question costs a few cycles; elsewhere it is a plain loop. Defining
 * BLOCK_PORTABLE takes the loop everywhere, so that tests can run both.
 */

#pragma once

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

/* The top bit of each of 16 bytes, moved to its place in the answer. */
static inline uint64_t block_bits(__m128i bytes, int first)
{
	return (uint64_t)(uint32_t)_mm_movemask_epi8(bytes) << first;
}

/* Bytes that are @c. */
static inline uint64_t block_equal(const char *data, char c)
{
	const __m128i wanted = _mm_set1_epi8(c);
	uint64_t bits = 0;

	for (int i = 0; i < 64; i += 16)
		bits |= block_bits(_mm_cmpeq_epi8(block_load(data + i), wanted),
				   i);
	return bits;
}

/* Bytes of 0x80 and above. */
static inline uint64_t block_not_ascii(const char *data)
{
	uint64_t bits = 0;

	for (int i = 0; i < 64; i += 16)
		bits |= block_bits(block_load(data + i), i);
	return bits;
}

/* Bytes that do not stand for themselves in a JSON string: quote, backslash
 * and the control characters below 0x20. */
static inline uint64_t block_json_special(const char *data)
{
	const __m128i quote = _mm_set1_epi8('"');
	const __m128i backslash = _mm_set1_epi8('\\');
	const __m128i control = _mm_set1_epi8(0x1f);
	uint64_t bits = 0;

	for (int i = 0; i < 64; i += 16) {
		__m128i v = block_load(data + i);
		__m128i found = _mm_cmpeq_epi8(_mm_min_epu8(v, control), v);

		found = _mm_or_si128(found, _mm_cmpeq_epi8(v, quote));
		found = _mm_or_si128(found, _mm_cmpeq_epi8(v, backslash));
		bits |= block_bits(found, i);
	}
	return bits;
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

#endif

/* The first of the bytes that @bits names, which is not 0. */
static inline size_t block_first(uint64_t bits)
{
	return (size_t)__builtin_ctzll(bits);
}

/* Without the bytes before the @n-th. */
static inline uint64_t block_from(uint64_t bits, size_t n)
{
	return n < BLOCK_SIZE ? bits >> n << n : 0;
}
