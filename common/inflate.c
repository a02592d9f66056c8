/* SPDX-License-Identifier: MIT */

#define ZLIB_CONST

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "common/base64.h"
#include "common/inflate.h"

/* Bytes that come out at once. */
#define OUT_SIZE KIB(64)

/* Characters of base64 that are decoded at once. */
#define TEXT_SIZE KIB(16)

/* Bytes that zlib takes at once: it counts them in an unsigned int. */
#define SLICE_MAX ((size_t)1 << 30)

/*
 * Bytes held until it is known what the data is: two, or three symbols of
 * base64 with the line breaks among them. More breaks than this has room for
 * are no base64 that anybody makes.
 */
#define HEAD_MAX ((size_t)64)

/* Symbols of base64 that hold the first two bytes. */
#define HEAD_SYMBOLS ((size_t)3)

enum what {
	WHAT_UNKNOWN,	/* too few bytes so far: they are in the head */
	WHAT_PLAIN,
	WHAT_GZIP,
	WHAT_ZLIB,
};

struct inflate {
	uint64_t left;			/* bytes that may still come out */
	inflate_sink_fn *sink;
	void *user;
	int failed;			/* the result that ended the stream */
	const char *reason;

	enum what what;
	char head[HEAD_MAX];
	size_t head_size;

	bool is_base64;
	struct base64 base64;

	bool started;			/* zlib is to be freed */
	bool ended;			/* at the end of all, or of a member */
	z_stream zlib;
	char out[OUT_SIZE];
	char decoded[TEXT_SIZE];	/* of less than this much text */
};

int inflate_new(uint64_t max, inflate_sink_fn *sink, void *user,
		struct inflate **ret_inflate)
{
	struct inflate *in = malloc(sizeof(*in));

	if (!in)
		return -ENOMEM;
	/* All but the buffers, which need not be touched. */
	memset(in, 0, offsetof(struct inflate, out));
	in->left = max;
	in->sink = sink;
	in->user = user;
	*ret_inflate = in;
	return 0;
}

struct inflate *inflate_free(struct inflate *in)
{
	if (!in)
		return NULL;
	if (in->started)
		inflateEnd(&in->zlib);
	free(in);
	return NULL;
}

const char *inflate_reason(const struct inflate *in)
{
	return in->reason;
}

bool inflate_is_compressed(const struct inflate *in)
{
	return in->what == WHAT_GZIP || in->what == WHAT_ZLIB;
}

static int bad_data(struct inflate *in, const char *reason)
{
	in->reason = reason;
	return INFLATE_E_BAD_DATA;
}

/* What the data is whose first two bytes are these. */
static enum what what_begins(uint8_t first, uint8_t second)
{
	if (first == 0x1f && second == 0x8b)
		return WHAT_GZIP;
	if (first == 0x78 && (second == 0x01 || second == 0x5e ||
			      second == 0x9c || second == 0xda))
		return WHAT_ZLIB;
	return WHAT_PLAIN;
}

/* The same of the first symbols of base64, which are two bytes and a bit. */
static enum what what_encoded(const char symbols[static HEAD_SYMBOLS])
{
	struct base64 base64 = { .symbols = 0 };
	char bytes[3];
	size_t n;

	if (base64_add(&base64, symbols, HEAD_SYMBOLS, bytes, &n) ||
	    base64_end(&base64, bytes, &n))
		return WHAT_PLAIN;
	return what_begins((uint8_t)bytes[0], (uint8_t)bytes[1]);
}

/* Looks at the head; it stays WHAT_UNKNOWN while that is too short. */
static void recognise(struct inflate *in)
{
	char symbols[HEAD_SYMBOLS];
	size_t n = 0;

	if (in->head_size < 2)
		return;
	in->what = what_begins((uint8_t)in->head[0], (uint8_t)in->head[1]);
	if (in->what != WHAT_PLAIN)
		return;
	for (size_t i = 0; i < in->head_size && n < HEAD_SYMBOLS; i++) {
		if (base64_is_symbol(in->head[i]))
			symbols[n++] = in->head[i];
		else if (in->head[i] != '\r' && in->head[i] != '\n')
			return;
	}
	if (n == HEAD_SYMBOLS) {
		in->what = what_encoded(symbols);
		in->is_base64 = in->what != WHAT_PLAIN;
	} else if (in->head_size < HEAD_MAX) {
		in->what = WHAT_UNKNOWN;
	}
}

/* Lets zlib take of what it has as much as fills a block. */
static int inflate_block(struct inflate *in)
{
	size_t size;
	int r, done;

	in->zlib.next_out = (Bytef *)in->out;
	in->zlib.avail_out = OUT_SIZE;
	done = inflate(&in->zlib, Z_NO_FLUSH);
	if (done == Z_MEM_ERROR)
		return -ENOMEM;
	if (done != Z_OK && done != Z_STREAM_END)
		return bad_data(in, in->zlib.msg ? in->zlib.msg :
						   "corrupt data");
	size = OUT_SIZE - in->zlib.avail_out;
	if (size > in->left)
		return INFLATE_E_TOO_LARGE;
	in->left -= size;
	r = size ? in->sink(in->user, in->out, size) : 0;
	if (r)
		return r;
	in->ended = done == Z_STREAM_END;
	return 0;
}

/*
 * Inflates the next bytes, which are at most SLICE_MAX. When they are taken,
 * what could still come out waits for the check that ends the stream.
 */
static int inflate_bytes(struct inflate *in, const char *data, size_t size)
{
	int r;

	in->zlib.next_in = (const Bytef *)data;
	in->zlib.avail_in = (uInt)size;
	while (in->zlib.avail_in) {
		if (in->ended && in->what == WHAT_ZLIB)
			return bad_data(in, "data after the end");
		if (in->ended && inflateReset(&in->zlib) != Z_OK)
			return bad_data(in, "corrupt data");
		r = inflate_block(in);
		if (r)
			return r;
	}
	return 0;
}

static int inflate_start(struct inflate *in)
{
	int bits = in->what == WHAT_GZIP ? 16 + MAX_WBITS : MAX_WBITS;

	if (inflateInit2(&in->zlib, bits) != Z_OK)
		return -ENOMEM;
	in->started = true;
	return 0;
}

/* Takes bytes of data that has been recognised, at most SLICE_MAX. */
static int take(struct inflate *in, const char *data, size_t size)
{
	size_t decoded;

	if (in->what == WHAT_PLAIN)
		return in->sink(in->user, data, size);
	if (!in->is_base64)
		return inflate_bytes(in, data, size);
	while (size) {
		size_t n = size < TEXT_SIZE ? size : TEXT_SIZE;
		int r;

		if (base64_add(&in->base64, data, n, in->decoded, &decoded))
			return bad_data(in, "not base64");
		r = inflate_bytes(in, in->decoded, decoded);
		if (r)
			return r;
		data += n;
		size -= n;
	}
	return 0;
}

/* The head has become known, or the data has ended: makes it go its way. */
static int take_head(struct inflate *in)
{
	int r = 0;

	if (inflate_is_compressed(in))
		r = inflate_start(in);
	if (r || !in->head_size)
		return r;
	return take(in, in->head, in->head_size);
}

static int add(struct inflate *in, const char *data, size_t size)
{
	int r;

	while (size && in->what == WHAT_UNKNOWN) {
		in->head[in->head_size++] = *data++;
		size--;
		recognise(in);
		if (in->what == WHAT_UNKNOWN)
			continue;
		r = take_head(in);
		if (r)
			return r;
	}
	while (size) {
		size_t n = size < SLICE_MAX ? size : SLICE_MAX;

		r = take(in, data, n);
		if (r)
			return r;
		data += n;
		size -= n;
	}
	return 0;
}

int inflate_add(struct inflate *in, const char *data, size_t size)
{
	if (!in->failed)
		in->failed = add(in, data, size);
	return in->failed;
}

static int end(struct inflate *in)
{
	char tail[2];
	size_t n;
	int r;

	if (in->what == WHAT_UNKNOWN) {
		in->what = WHAT_PLAIN;
		return take_head(in);
	}
	if (in->what == WHAT_PLAIN)
		return 0;
	if (in->is_base64) {
		if (base64_end(&in->base64, tail, &n))
			return bad_data(in, "base64 ends within a group");
		r = inflate_bytes(in, tail, n);
		if (r)
			return r;
	}
	return in->ended ? 0 : bad_data(in, "unexpected end of data");
}

int inflate_end(struct inflate *in)
{
	if (!in->failed)
		in->failed = end(in);
	return in->failed;
}
