/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "common/block.h"
#include "common/text.h"

/* Bytes that text_unescape() copies at once. */
#define WIDE ((size_t)16)

/* Halves of surrogate pairs, and what stands for one that stays alone. */
#define HALF_SIZE ((size_t)3)
static const char replacement[HALF_SIZE] = { '\xef', '\xbf', '\xbd' };

static bool is_high(uint32_t unit)
{
	return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_low(uint32_t unit)
{
	return unit >= 0xdc00 && unit <= 0xdfff;
}

static uint32_t pair(uint32_t high, uint32_t low)
{
	return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

/* Writes @c, which may be a half, and answers its bytes: 1 to 4. */
static size_t encode(uint32_t c, char *ret_text)
{
	if (c < 0x80) {
		ret_text[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		ret_text[0] = (char)(0xc0 | c >> 6);
		ret_text[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		ret_text[0] = (char)(0xe0 | c >> 12);
		ret_text[1] = (char)(0x80 | (c >> 6 & 0x3f));
		ret_text[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	ret_text[0] = (char)(0xf0 | c >> 18);
	ret_text[1] = (char)(0x80 | (c >> 12 & 0x3f));
	ret_text[2] = (char)(0x80 | (c >> 6 & 0x3f));
	ret_text[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* The value of four hexadecimal digits. */
static uint32_t hex4(const char *digits)
{
	uint32_t value = 0;

	for (int i = 0; i < 4; i++) {
		uint8_t c = (uint8_t)digits[i];

		/* Letters have bit 6; their low bits count from 1. */
		value = value << 4 | ((c & 15u) + (c >> 6) * 9u);
	}
	return value;
}

size_t text_unescape_one(const char *json, const char *end, char *ret_text,
			 size_t *ret_size)
{
	static const char plain[256] = {
		['"'] = '"', ['\\'] = '\\', ['/'] = '/', ['b'] = '\b',
		['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t',
	};
	uint32_t unit, next;

	if (json[1] != 'u') {
		ret_text[0] = plain[(uint8_t)json[1]];
		*ret_size = 1;
		return 2;
	}
	unit = hex4(json + 2);
	if (is_high(unit) && end - json >= 12 && json[6] == '\\' &&
	    json[7] == 'u') {
		next = hex4(json + 8);
		if (is_low(next)) {
			*ret_size = encode(pair(unit, next), ret_text);
			return 12;
		}
	}
	*ret_size = encode(unit, ret_text);
	return 6;
}

/*
 * Moves @n bytes down to @out. While what has been written is WIDE or more
 * bytes behind what has been read (@gap), whole vectors may be copied: what
 * they write beyond @n has been read already. They read up to WIDE bytes more
 * than @n.
 */
static inline void move_run(char *out, const char *in, size_t n, size_t gap)
{
	if (gap < WIDE) {
		memmove(out, in, n);
		return;
	}
	for (size_t i = 0; i < n; i += WIDE) {
		char v[WIDE];

		memcpy(v, in + i, WIDE);
		memcpy(out + i, v, WIDE);
	}
}

/* Decodes the block at json + *at, with what of its last escape lies behind
 * it; BLOCK_SIZE + WIDE bytes are there. */
static void unescape_block(const char *json, size_t size, char *out,
			   size_t *at, size_t *written)
{
	const char *block = json + *at;
	uint64_t escapes = block_equal(block, '\\');
	size_t read = 0, w = *written, n;

	while (escapes) {
		size_t run = block_first(escapes) - read;

		move_run(out + w, block + read, run, *at + read - w);
		w += run;
		read += run;
		read += text_unescape_one(block + read, json + size, out + w,
					  &n);
		w += n;
		escapes = block_from(escapes, read);
	}
	if (read < BLOCK_SIZE) {
		move_run(out + w, block + read, BLOCK_SIZE - read,
			 *at + read - w);
		w += BLOCK_SIZE - read;
		read = BLOCK_SIZE;
	}
	*at += read;
	*written = w;
}

void text_unescape(const char *json, size_t size, char *out, size_t *ret_size)
{
	const char *first = size ? memchr(json, '\\', size) : NULL;
	size_t at = first ? (size_t)(first - json) : size;
	size_t written = at, n;

	if (out != json && at)
		memmove(out, json, at);
	while (size - at >= BLOCK_SIZE + WIDE)
		unescape_block(json, size, out, &at, &written);
	while (at < size) {
		if (json[at] != '\\') {
			out[written++] = json[at++];
			continue;
		}
		at += text_unescape_one(json + at, json + size, out + written,
					&n);
		written += n;
	}
	*ret_size = written;
}

/* Whether @at, of which @left bytes are there, is a half of a pair. */
static bool is_half(const char *at, size_t left, uint8_t first, uint8_t last)
{
	return left >= HALF_SIZE && (uint8_t)at[0] == 0xed &&
	       (uint8_t)at[1] >= first && (uint8_t)at[1] <= last;
}

/* The unit of a half, which is_half() has seen. */
static uint32_t half_unit(const char *at)
{
	return 0xd000 | ((uint32_t)at[1] & 0x3f) << 6 |
	       ((uint32_t)at[2] & 0x3f);
}

/* Halves that stay alone become U+FFFD, which is as long. */
static void replace_halves(char *data, size_t size)
{
	const char *end = data + size;
	char *at = data;

	while (at < end && (at = memchr(at, 0xed, (size_t)(end - at)))) {
		if (is_half(at, (size_t)(end - at), 0xa0, 0xbf))
			memcpy(at, replacement, HALF_SIZE);
		at++;
	}
}

void text_join_next(struct text_join *join, bool is_text, char *data,
		    size_t size, struct text_piece *ret_piece)
{
	struct text_piece piece = { .prefix_size = 0 };

	if (is_text && !size) {
		*ret_piece = piece;
		return;
	}
	if (join->held && is_text && is_half(data, size, 0xb0, 0xbf)) {
		piece.prefix_size = encode(pair(half_unit(join->half),
						half_unit(data)),
					   piece.prefix);
		data += HALF_SIZE;
		size -= HALF_SIZE;
	} else if (join->held) {
		memcpy(piece.prefix, replacement, HALF_SIZE);
		piece.prefix_size = HALF_SIZE;
	}
	join->held = false;
	if (is_text) {
		size_t last = size >= HALF_SIZE ? size - HALF_SIZE : size;

		if (is_half(data + last, size - last, 0xa0, 0xaf)) {
			memcpy(join->half, data + last, HALF_SIZE);
			join->held = true;
			size = last;
		}
		replace_halves(data, size);
	}
	piece.data = data;
	piece.size = size;
	*ret_piece = piece;
}
