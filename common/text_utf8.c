/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "common/block.h"
#include "common/text.h"

static bool is_continuation(char c)
{
	return ((uint8_t)c & 0xc0) == 0x80;
}

/*
 * Bytes of the sequence that begins at @s, of which @left are there, by table
 * 3-7 of the Unicode Standard (RFC 3629, section 4); 0 when it is not valid.
 */
static size_t sequence(const char *s, size_t left)
{
	uint8_t lead = (uint8_t)s[0];
	uint8_t low = 0x80, high = 0xbf; /* what the second byte may be */
	size_t size;

	if (lead < 0x80)
		return 1;
	if (lead < 0xc2 || lead > 0xf4)
		return 0;
	size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	if (size > left)
		return 0;
	if (lead == 0xe0)
		low = 0xa0;
	else if (lead == 0xed)
		high = 0x9f;
	else if (lead == 0xf0)
		low = 0x90;
	else if (lead == 0xf4)
		high = 0x8f;
	if ((uint8_t)s[1] < low || (uint8_t)s[1] > high)
		return 0;
	for (size_t i = 2; i < size; i++)
		if (!is_continuation(s[i]))
			return 0;
	return size;
}

/* text_utf8_span() one character after the other, from @at on. */
static size_t span_from(const char *data, size_t at, size_t size)
{
	while (at < size) {
		size_t n;

		if (size - at >= BLOCK_SIZE && !block_not_ascii(data + at)) {
			at += BLOCK_SIZE;
			continue;
		}
		do {
			n = sequence(data + at, size - at);
			if (!n)
				return at;
			at += n;
		} while (at < size && (uint8_t)data[at] >= 0x80);
	}
	return at;
}

#if BLOCK_SSE2

static inline __m128i all(uint8_t byte)
{
	return _mm_set1_epi8((char)byte);
}

/* Whether 16 bytes are 0. */
static inline bool none(__m128i v)
{
	return _mm_movemask_epi8(_mm_cmpeq_epi8(v, all(0))) == 0xffff;
}

/* Bytes of @v that are what the three bytes before them do not allow. */
static inline __m128i span_errors(const char *v)
{
	__m128i now = block_load(v), before = block_load(v - 1);
	__m128i due, is_free, is_cont, below_90, below_a0, e0, ed, f0, f4;
	__m128i errors;

	/* A byte must be a continuation when a lead before it says so. */
	due = _mm_subs_epu8(before, all(0xbf));
	due = _mm_or_si128(due, _mm_subs_epu8(block_load(v - 2), all(0xdf)));
	due = _mm_or_si128(due, _mm_subs_epu8(block_load(v - 3), all(0xef)));
	is_free = _mm_cmpeq_epi8(due, all(0));
	is_cont = _mm_cmplt_epi8(now, all(0xc0));
	errors = _mm_cmpeq_epi8(is_free, is_cont);

	/* Four leads narrow the byte behind them; see sequence(). */
	below_90 = _mm_cmplt_epi8(now, all(0x90));
	below_a0 = _mm_cmplt_epi8(now, all(0xa0));
	e0 = _mm_and_si128(below_a0, _mm_cmpeq_epi8(before, all(0xe0)));
	ed = _mm_andnot_si128(below_a0, _mm_cmpeq_epi8(before, all(0xed)));
	f0 = _mm_and_si128(below_90, _mm_cmpeq_epi8(before, all(0xf0)));
	f4 = _mm_andnot_si128(below_90, _mm_cmpeq_epi8(before, all(0xf4)));
	errors = _mm_or_si128(errors, _mm_or_si128(e0, ed));
	errors = _mm_or_si128(errors, _mm_or_si128(f0, f4));

	/* C0, C1 and F5 to FF are never there. */
	errors = _mm_or_si128(errors, _mm_subs_epu8(now, all(0xf4)));
	now = _mm_and_si128(now, all(0xfe));
	return _mm_or_si128(errors, _mm_cmpeq_epi8(now, all(0xc0)));
}

size_t text_utf8_span(const char *data, size_t size)
{
	size_t at = 0, start;
	bool open = false; /* the sequence before at may go on there */

	/* The vectors look three bytes back: the first are taken singly. */
	while (at < 3 && at < size) {
		size_t n = sequence(data + at, size - at);

		if (!n)
			return at;
		at += n;
	}
	while (size - at >= 16) {
		if (!open && size - at >= BLOCK_SIZE &&
		    !block_not_ascii(data + at)) {
			at += BLOCK_SIZE;
			continue;
		}
		if (!none(span_errors(data + at)))
			break;
		open = _mm_movemask_epi8(block_load(data + at)) != 0;
		at += 16;
	}
	/*
	 * The rest, or the exact place of an error, from the start of the
	 * sequence that may be open. No lead in three bytes: none is open.
	 */
	start = at;
	for (int i = 0; open && i < 3 && start > 0; i++) {
		start--;
		if (!is_continuation(data[start])) {
			at = start;
			break;
		}
	}
	return span_from(data, at, size);
}

#else

size_t text_utf8_span(const char *data, size_t size)
{
	return span_from(data, 0, size);
}

#endif

bool text_is_utf8(const char *data, size_t size)
{
	return text_utf8_span(data, size) == size;
}

uint64_t text_utf16_units(const char *data, size_t size)
{
	uint64_t units = 0;
	size_t at = 0;

#if BLOCK_SSE2
	while (size - at >= 16) {
		/* A byte of the sum grows by 2 at most: 127 rounds fit. */
		size_t rounds = (size - at) / 16 < 127 ? (size - at) / 16 : 127;
		__m128i sum = all(0);

		for (size_t i = 0; i < rounds; i++, at += 16) {
			__m128i v = block_load(data + at);
			__m128i lead = _mm_cmpgt_epi8(v, all(0xbf));
			__m128i four =
				_mm_cmpeq_epi8(_mm_max_epu8(v, all(0xf0)), v);

			/* What is true is -1. */
			sum = _mm_sub_epi8(sum, _mm_add_epi8(lead, four));
		}
		sum = _mm_sad_epu8(sum, all(0));
		units += (uint64_t)_mm_cvtsi128_si64(sum);
		sum = _mm_unpackhi_epi64(sum, sum);
		units += (uint64_t)_mm_cvtsi128_si64(sum);
	}
#endif
	for (; at < size; at++)
		units += (uint64_t)!is_continuation(data[at]) +
			 ((uint8_t)data[at] >= 0xf0);
	return units;
}
