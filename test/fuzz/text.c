/* SPDX-License-Identifier: MIT */

/*
 * text - the input is a JavaScript string, two bytes a unit, behind the places
 * where slice() cuts it; or any bytes. Cut anywhere and joined, a string is
 * what it is encoded to as a whole, and a raw chunk between is not touched.
 */

#include <stdlib.h>
#include <string.h>

#include "common/text.h"
#include "test/fuzz/fuzz.h"
#include "test/fuzz/json_reference.h"

#define UNIT 6	/* characters of \uXXXX */

static void append(struct buf *to, const void *data, size_t size)
{
	must(buf_append(to, data, size) == 0, "there is memory for text");
}

/* All units as escapes, so that a cut is one of the text too. */
static void escape(struct fuzz_input units, struct buf *json)
{
	uint8_t high;

	while (units.left >= 2) {
		high = fuzz_byte(&units);
		must(buf_printf(json, "\\u%02x%02x", high,
				fuzz_byte(&units)) == 0,
		     "there is memory for text");
	}
}

static void send(struct text_join *join, bool is_text, const char *data,
		 size_t size, struct buf *joined)
{
	char *copy = fuzz_copy(data, size);
	struct text_piece piece;

	text_join_next(join, is_text, copy, size, &piece);
	must(piece.prefix_size == 0 || piece.prefix_size == 3 ||
	     piece.prefix_size == 4, "a prefix is a character");
	append(joined, piece.prefix, piece.prefix_size);
	append(joined, piece.data, piece.size);
	free(copy);
}

/* One text of @json, or what of it is between two raw chunks. */
static void send_text(struct text_join *join, const char *json, size_t size,
		      uint64_t *units, struct buf *joined)
{
	char *text = fuzz_copy(json, size);
	size_t n;

	text_unescape(text, size, text, &n);
	*units += text_utf16_units(text, n);
	send(join, /* is_text= */ true, text, n, joined);
	free(text);
}

/* @cuts has a byte for each: how many units, and whether raw bytes follow. */
static void join(struct fuzz_input cuts, const struct buf *json)
{
	static const char raw[] = "\xed\xb8\x80raw\xed\xa0\xbd";
	struct text_join join = { .held = false };
	struct buf joined, wanted;
	size_t at = 0, begun = 0;
	uint64_t units = 0;

	buf_init(&joined, SIZE_MAX);
	buf_init(&wanted, SIZE_MAX);
	while (cuts.left) {
		uint8_t cut = fuzz_byte(&cuts);
		size_t size = (size_t)(cut & 0x7f) * UNIT;

		if (size > json->size - at)
			size = json->size - at;
		send_text(&join, json->data + at, size, &units, &joined);
		at += size;
		if (!(cut & 0x80))
			continue;
		json_reference_decode(json->data + begun, at - begun, true,
				      &wanted);
		begun = at;
		send(&join, /* is_text= */ false, raw, sizeof(raw) - 1,
		     &joined);
		append(&wanted, raw, sizeof(raw) - 1);
	}
	send_text(&join, json->data + at, json->size - at, &units, &joined);
	json_reference_decode(json->data + begun, json->size - begun, true,
			      &wanted);
	send(&join, /* is_text= */ false, NULL, 0, &joined);
	must_equal(joined.data, joined.size, wanted.data, wanted.size,
		   "pieces of a string join to it");
	must(units == json->size / UNIT, "units of the pieces add up");
	buf_done(&joined);
	buf_done(&wanted);
}

/* What a tier that lies may give for text. */
static void join_any(struct fuzz_input in)
{
	struct text_join join = { .held = false };
	struct buf joined;
	size_t size = in.left;

	buf_init(&joined, SIZE_MAX);
	while (in.left) {
		struct fuzz_input piece = fuzz_take(&in, 1 + in.left % 7);

		send(&join, /* is_text= */ true, piece.at, piece.left,
		     &joined);
	}
	send(&join, /* is_text= */ false, NULL, 0, &joined);
	must(joined.size <= size, "joining makes nothing longer");
	buf_done(&joined);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { (const char *)data, size };
	struct fuzz_input any = in, cuts;
	struct buf json;

	must(text_utf8_span(any.at, size) == json_reference_utf8(any.at, size),
	     "UTF-8 ends where the table says");
	must(text_is_utf8(any.at, size) ==
	     (json_reference_utf8(any.at, size) == size),
	     "text is UTF-8 or not");
	join_any(any);
	cuts = fuzz_take(&in, fuzz_byte(&in) % 16);
	buf_init(&json, SIZE_MAX);
	escape(in, &json);
	if (json.size)
		join(cuts, &json);
	buf_done(&json);
	return 0;
}
