/* SPDX-License-Identifier: MIT */

#include "common/base64.h"

/* Set in the value of each symbol, so that 0 is what is none. */
#define SYMBOL 0x80u

static const uint8_t values[256] = {
	['A'] = 0x80, ['B'] = 0x81, ['C'] = 0x82, ['D'] = 0x83, ['E'] = 0x84,
	['F'] = 0x85, ['G'] = 0x86, ['H'] = 0x87, ['I'] = 0x88, ['J'] = 0x89,
	['K'] = 0x8a, ['L'] = 0x8b, ['M'] = 0x8c, ['N'] = 0x8d, ['O'] = 0x8e,
	['P'] = 0x8f, ['Q'] = 0x90, ['R'] = 0x91, ['S'] = 0x92, ['T'] = 0x93,
	['U'] = 0x94, ['V'] = 0x95, ['W'] = 0x96, ['X'] = 0x97, ['Y'] = 0x98,
	['Z'] = 0x99, ['a'] = 0x9a, ['b'] = 0x9b, ['c'] = 0x9c, ['d'] = 0x9d,
	['e'] = 0x9e, ['f'] = 0x9f, ['g'] = 0xa0, ['h'] = 0xa1, ['i'] = 0xa2,
	['j'] = 0xa3, ['k'] = 0xa4, ['l'] = 0xa5, ['m'] = 0xa6, ['n'] = 0xa7,
	['o'] = 0xa8, ['p'] = 0xa9, ['q'] = 0xaa, ['r'] = 0xab, ['s'] = 0xac,
	['t'] = 0xad, ['u'] = 0xae, ['v'] = 0xaf, ['w'] = 0xb0, ['x'] = 0xb1,
	['y'] = 0xb2, ['z'] = 0xb3, ['0'] = 0xb4, ['1'] = 0xb5, ['2'] = 0xb6,
	['3'] = 0xb7, ['4'] = 0xb8, ['5'] = 0xb9, ['6'] = 0xba, ['7'] = 0xbb,
	['8'] = 0xbc, ['9'] = 0xbd, ['+'] = 0xbe, ['/'] = 0xbf,
};

bool base64_is_symbol(char c)
{
	return values[(uint8_t)c] != 0;
}

static char *put_group(uint32_t bits, char *out)
{
	*out++ = (char)(bits >> 16);
	*out++ = (char)(bits >> 8);
	*out++ = (char)bits;
	return out;
}

/* Whole groups without anything between them; answers the characters read. */
static size_t add_groups(const char *text, size_t size, char **out)
{
	size_t at = 0;

	for (; size - at >= 4; at += 4) {
		uint32_t a = values[(uint8_t)text[at]];
		uint32_t b = values[(uint8_t)text[at + 1]];
		uint32_t c = values[(uint8_t)text[at + 2]];
		uint32_t d = values[(uint8_t)text[at + 3]];

		if (!(a & b & c & d & SYMBOL))
			break;
		*out = put_group((a ^ SYMBOL) << 18 | (b ^ SYMBOL) << 12 |
					 (c ^ SYMBOL) << 6 | (d ^ SYMBOL),
				 *out);
	}
	return at;
}

static int add_symbol(struct base64 *base64, uint32_t value, char **out)
{
	if (base64->padding)
		return BASE64_E_BAD_DATA;
	base64->bits = base64->bits << 6 | value;
	if (++base64->symbols == 4) {
		*out = put_group(base64->bits, *out);
		base64->symbols = 0;
		base64->bits = 0;
	}
	return 0;
}

/* Padding fills a group that has two symbols or three. */
static int add_padding(struct base64 *base64)
{
	if (base64->symbols < 2 || base64->symbols + base64->padding == 4)
		return BASE64_E_BAD_DATA;
	base64->padding++;
	return 0;
}

int base64_add(struct base64 *base64, const char *text, size_t size, char *out,
	       size_t *ret_size)
{
	char *start = out;
	size_t at = 0;
	int r;

	while (at < size) {
		if (!base64->symbols) {
			at += add_groups(text + at, size - at, &out);
			if (at == size)
				break;
		}
		uint8_t value = values[(uint8_t)text[at]];

		if (value)
			r = add_symbol(base64, value ^ SYMBOL, &out);
		else if (text[at] == '=')
			r = add_padding(base64);
		else if (text[at] == '\r' || text[at] == '\n')
			r = 0;
		else
			r = BASE64_E_BAD_DATA;
		if (r)
			return r;
		at++;
	}
	*ret_size = (size_t)(out - start);
	return 0;
}

int base64_end(struct base64 *base64, char ret_out[static 2], size_t *ret_size)
{
	uint32_t bits = base64->bits << (6 * (4 - base64->symbols) % 24);

	if (base64->symbols == 1 ||
	    (base64->padding && base64->symbols + base64->padding != 4))
		return BASE64_E_BAD_DATA;
	ret_out[0] = (char)(bits >> 16);
	ret_out[1] = (char)(bits >> 8);
	*ret_size = base64->symbols ? base64->symbols - 1 : 0;
	return 0;
}
