/* SPDX-License-Identifier: MIT */

/*
 * base64 - the input is text that may be base64, and bytes to be encoded.
 * Decoding is the inverse of nettle's encoding, takes and refuses what the
 * RFC's rules do when they are read symbol by symbol, and is the same in
 * pieces.
 */

#include <nettle/base64.h>
#include <stdlib.h>
#include <string.h>

#include "common/base64.h"
#include "test/fuzz/fuzz.h"

/* Decodes in pieces of @piece characters. Whether it was base64. */
static bool decode(struct fuzz_input in, size_t piece, struct buf *out)
{
	struct base64 base64 = { .symbols = 0 };
	char tail[2];
	size_t n;

	while (in.left) {
		struct fuzz_input part = fuzz_take(&in, piece);
		/* Of the size that is promised, so that more is seen. */
		char *room = malloc(base64_room(part.left));

		must(room, "there is memory for a piece");
		if (base64_add(&base64, part.at, part.left, room, &n)) {
			free(room);
			return false;
		}
		must(n <= base64_room(part.left), "room is what is said");
		must(buf_append(out, room, n) == 0, "there is memory");
		free(room);
	}
	if (base64_end(&base64, tail, &n))
		return false;
	must(buf_append(out, tail, n) == 0, "there is memory");
	return true;
}

static bool decode_by_rules(struct fuzz_input in, struct buf *out)
{
	static const char symbols[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789+/";
	size_t n = 0, padding = 0;
	uint32_t bits = 0;

	while (in.left) {
		char c = (char)fuzz_byte(&in);
		const char *symbol = c ? strchr(symbols, c) : NULL;

		if (c == '\r' || c == '\n')
			continue;
		if (c == '=') {
			padding++;
			continue;
		}
		if (!symbol || padding)
			return false;
		bits = bits << 6 | (uint32_t)(symbol - symbols);
		n++;
		if (n % 4 != 1) {
			/* Of 12, 18 and 24 bits so many are yet to be used. */
			static const int left[] = { 0, 0, 4, 2 };
			char byte = (char)(bits >> left[n % 4]);

			must(buf_append(out, &byte, 1) == 0,
			     "there is memory");
		}
	}
	if (n % 4 == 1)
		return false;
	return padding == 0 || (n % 4 != 0 && padding == 4 - n % 4);
}

static void compare(struct fuzz_input in)
{
	struct buf whole, parts, wanted;
	bool is_base64;

	buf_init(&whole, SIZE_MAX);
	buf_init(&parts, SIZE_MAX);
	buf_init(&wanted, SIZE_MAX);
	is_base64 = decode(in, SIZE_MAX, &whole);
	must(decode(in, 3, &parts) == is_base64,
	     "pieces are base64 as the whole is");
	must(decode_by_rules(in, &wanted) == is_base64,
	     "base64 is what the rules say");
	if (is_base64) {
		must_equal(whole.data, whole.size, wanted.data, wanted.size,
			   "the bytes are those of the rules");
		must_equal(parts.data, parts.size, whole.data, whole.size,
			   "pieces give what the whole gives");
	}
	buf_done(&whole);
	buf_done(&parts);
	buf_done(&wanted);
}

static void there_and_back(struct fuzz_input in)
{
	size_t size = BASE64_ENCODE_RAW_LENGTH(in.left);
	char *text = malloc(size + 1);
	struct fuzz_input encoded = { text, size };
	struct buf got;

	must(text, "there is memory for base64");
	base64_encode_raw(text, in.left, (const uint8_t *)in.at);
	buf_init(&got, SIZE_MAX);
	must(decode(encoded, 5, &got), "what is encoded is base64");
	must_equal(got.data, got.size, in.at, in.left, "bytes come back");
	buf_reset(&got);
	/* Without its padding too. */
	while (encoded.left && text[encoded.left - 1] == '=')
		encoded.left--;
	must(decode(encoded, SIZE_MAX, &got), "padding may be left out");
	must_equal(got.data, got.size, in.at, in.left, "bytes come back");
	buf_done(&got);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { (const char *)data, size };

	compare(in);
	there_and_back(in);
	return 0;
}
