/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "common/block.h"
#include "common/hex4.h"
#include "common/text.h"

/* Characters of \uXXXX\uXXXX. */
#define PAIR_SIZE 12

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

/*
 * Decodes the escape at @json to *out, and moves that on; answers where the
 * escape ends.
 */
static inline const char *unescape(const char *json, const char *end,
				   char **out)
{
	static const char plain[256] = {
		['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
		['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t',
	};
	uint32_t unit, next;

	if (json[1] != 'u') {
		*(*out)++ = plain[(uint8_t)json[1]];
		return json + 2;
	}
	unit = hex4_value(json + 2);
	if (is_high(unit) && end - json >= PAIR_SIZE && json[6] == '\\' &&
	    json[7] == 'u') {
		next = hex4_value(json + 8);
		if (is_low(next)) {
			*out += encode(pair(unit, next), *out);
			return json + PAIR_SIZE;
		}
	}
	*out += encode(unit, *out);
	return json + 6;
}

size_t text_unescape_one(const char *json, const char *end, char *ret_text,
			 size_t *ret_size)
{
	char *out = ret_text;
	size_t read = (size_t)(unescape(json, end, &out) - json);

	*ret_size = (size_t)(out - ret_text);
	return read;
}

/* Copies @n bytes, BLOCK_SIZE at most, and what is behind them up to that. */
static inline void copy_run(char *out, const char *in, size_t n)
{
	char vector[16];

	memcpy(vector, in, sizeof(vector));
	memcpy(out, vector, sizeof(vector));
	if (n <= sizeof(vector))
		return;
	for (size_t i = sizeof(vector); i < BLOCK_SIZE; i += sizeof(vector)) {
		memcpy(vector, in + i, sizeof(vector));
		memcpy(out + i, vector, sizeof(vector));
	}
}

/* A string on its way to generalised UTF-8. */
struct unescaping {
	const char *in, *end;	/* what is still to be read */
	char *out;
	size_t behind;		/* bytes read and not written */
};

/*
 * Decodes a block, and of its last escape what lies behind it. Whole vectors
 * are copied, which is right where u->behind is BLOCK_SIZE or more: what they
 * write too much has been read already. Two blocks are there to be read.
 */
static void unescape_block(struct unescaping *u)
{
	const char *block = u->in, *in = block, *next = block + BLOCK_SIZE;
	uint64_t escapes = block_escapes(block_equal(block, '\\'), 0);
	char *out = u->out;

	while (escapes) {
		const char *escape = block + block_first(escapes);

		copy_run(out, in, (size_t)(escape - in));
		out += escape - in;
		in = unescape(escape, u->end, &out);
		escapes = block_rest(escapes);
		if (in - escape == PAIR_SIZE)
			escapes = block_rest(escapes);
	}
	if (in < next) {
		copy_run(out, in, (size_t)(next - in));
		out += next - in;
		in = next;
	}
	u->behind += (size_t)(in - block) - (size_t)(out - u->out);
	u->in = in;
	u->out = out;
}

/* Decodes up to the next escape, and that. */
static void unescape_run(struct unescaping *u)
{
	size_t left = (size_t)(u->end - u->in);
	const char *escape = memchr(u->in, '\\', left), *in;
	size_t run = escape ? (size_t)(escape - u->in) : left;
	char *out = u->out + run;

	if (u->out != u->in)
		memmove(u->out, u->in, run);
	in = u->in + run;
	if (escape)
		in = unescape(escape, u->end, &out);
	u->behind += (size_t)(in - u->in) - (size_t)(out - u->out);
	u->in = in;
	u->out = out;
}

void text_unescape(const char *json, size_t size, char *out, size_t *ret_size)
{
	struct unescaping u = { .in = json, .out = out, .behind = 0 };

	u.end = size ? json + size : json;
	while (u.in < u.end) {
		if (u.behind >= BLOCK_SIZE &&
		    (size_t)(u.end - u.in) >= 2 * BLOCK_SIZE)
			unescape_block(&u);
		else
			unescape_run(&u);
	}
	*ret_size = size - u.behind;
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
