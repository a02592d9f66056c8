/* SPDX-License-Identifier: MIT */

/* hex4 - the four digits of \uXXXX, all at once in one word. */

#pragma once

#include <endian.h>
#include <string.h>

#include "common/base.h"

/* The first digit is the lowest byte. */
static inline uint32_t hex4_load(const char *digits)
{
	uint32_t word;

	memcpy(&word, digits, sizeof(word));
	return le32toh(word);
}

/*
 * Whether the four characters at @digits are hexadecimal digits. A sum sets a
 * byte's top bit where the byte is not below a bound; bytes that have it
 * already are no digits, and what they carry does not matter then.
 */
static inline bool hex4_is_valid(const char *digits)
{
	uint32_t word = hex4_load(digits);
	uint32_t lower = word | 0x20202020;
	uint32_t from_0 = word + 0x50505050, above_9 = word + 0x46464646;
	uint32_t from_a = lower + 0x1f1f1f1f, above_f = lower + 0x19191919;
	uint32_t good = (from_0 & ~above_9) | (from_a & ~above_f);

	return (good & ~word & 0x80808080) == 0x80808080;
}

/* Their value, 0 to 0xffff; they must be valid. */
static inline uint32_t hex4_value(const char *digits)
{
	uint32_t word = hex4_load(digits);

	/* Letters have bit 6; their low bits count from 1. */
	word = (word & 0x0f0f0f0f) + (word >> 6 & 0x01010101) * 9;
	word = (word << 4 | word >> 8) & 0x00ff00ff;
	return (word << 8 | word >> 16) & 0xffff;
}
