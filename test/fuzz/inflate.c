/* SPDX-License-Identifier: MIT */

/*
 * inflate - the input is an upload of which isCompressed was said, behind a
 * byte for the limit. Whole and in pieces it gives the same; what is not
 * compressed passes through; what is gives what zlib gives of it, also when it
 * is in base64, and never more than the limit; and what is compressed here
 * comes back.
 */

#include <nettle/base64.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "common/inflate.h"
#include "test/fuzz/fuzz.h"

#define OUT_MAX MIB(8)	/* bytes that the target itself is ready to hold */

struct outcome {
	int result;
	bool is_compressed;
	struct buf out;
};

static int take(void *user, const char *data, size_t size)
{
	must(size > 0, "a receiver gets something");
	return buf_append(user, data, size);
}

static struct outcome run(struct fuzz_input in, uint64_t max, size_t piece)
{
	struct inflate *inflate;
	struct outcome outcome;
	int r = 0;

	buf_init(&outcome.out, OUT_MAX);
	must(inflate_new(max, take, &outcome.out, &inflate) == 0,
	     "there is memory for a stream");
	while (!r && in.left) {
		struct fuzz_input part = fuzz_take(&in, piece);
		char *copy = fuzz_copy(part.at, part.left);

		r = inflate_add(inflate, copy, part.left);
		free(copy);
	}
	outcome.result = inflate_end(inflate);
	must(!r || outcome.result == r, "a failure stays");
	must(outcome.result != INFLATE_E_BAD_DATA || inflate_reason(inflate),
	     "bad data has a reason");
	outcome.is_compressed = inflate_is_compressed(inflate);
	inflate_free(inflate);
	return outcome;
}

/*
 * What is broken and too large may be called either: what came before it is
 * counted by the piece.
 */
static void same(struct outcome *got, const struct outcome *wanted,
		 const char *claim)
{
	must(!got->result == !wanted->result, claim);
	if (!got->result)
		must_equal(got->out.data, got->out.size, wanted->out.data,
			   wanted->out.size, claim);
	buf_done(&got->out);
}

/* What zlib makes of all of it at once, of several members too. */
static struct outcome run_zlib(struct fuzz_input in, uint64_t max)
{
	bool is_gzip = (uint8_t)in.at[0] == 0x1f;
	struct outcome outcome = { .is_compressed = true };
	z_stream zlib = { .next_in = (Bytef *)(uintptr_t)in.at,
			  .avail_in = (uInt)in.left };
	Bytef *out = malloc(max + 1);
	int done;

	must(out, "there is memory for what comes out");
	zlib.next_out = out;
	zlib.avail_out = (uInt)(max + 1);
	buf_init(&outcome.out, OUT_MAX);
	must(inflateInit2(&zlib, is_gzip ? 31 : 15) == Z_OK, "zlib starts");
	do {
		done = inflate(&zlib, Z_FINISH);
		if (done != Z_STREAM_END && !zlib.avail_out)
			outcome.result = INFLATE_E_TOO_LARGE;
		else if (done != Z_STREAM_END)
			outcome.result = INFLATE_E_BAD_DATA;
		else if (zlib.avail_in && !is_gzip)
			outcome.result = INFLATE_E_BAD_DATA;
		else if (zlib.avail_in)
			inflateReset(&zlib);
	} while (!outcome.result && zlib.avail_in);
	if (!outcome.result && !zlib.avail_out)
		outcome.result = INFLATE_E_TOO_LARGE;
	inflateEnd(&zlib);
	must(buf_append(&outcome.out, out, max + 1 - zlib.avail_out) == 0,
	     "there is memory for what came out");
	free(out);
	return outcome;
}

static void in_base64(struct fuzz_input in, uint64_t max,
		      const struct outcome *wanted)
{
	size_t size = BASE64_ENCODE_RAW_LENGTH(in.left);
	char *text = malloc(size);
	struct outcome got;

	must(text, "there is memory for base64");
	base64_encode_raw(text, in.left, (const uint8_t *)in.at);
	got = run((struct fuzz_input){ text, size }, max, 1000);
	must(got.is_compressed, "it is known in base64");
	same(&got, wanted, "base64 changes nothing");
	free(text);
}

static void check_raw(struct fuzz_input in, uint64_t max)
{
	struct outcome whole = run(in, max, SIZE_MAX);
	struct outcome pieces = run(in, max, 3);
	struct outcome reference;

	must(pieces.is_compressed == whole.is_compressed,
	     "pieces are known as the whole is");
	same(&pieces, &whole, "pieces give what the whole gives");
	if (!whole.is_compressed) {
		must(whole.result == 0, "what is not compressed passes");
		must_equal(whole.out.data, whole.out.size, in.at, in.left,
			   "what passes is unchanged");
	} else {
		must(whole.out.size <= max, "no more comes out than may");
	}
	if (in.left >= 2 && whole.is_compressed &&
	    ((uint8_t)in.at[0] == 0x1f || in.at[0] == 'x') &&
	    (uint8_t)in.at[1] != 'n') {
		reference = run_zlib(in, max);
		must(!whole.result == !reference.result,
		     "zlib says whether it is whole");
		if (!whole.result)
			must_equal(whole.out.data, whole.out.size,
				   reference.out.data, reference.out.size,
				   "what comes out is what zlib gives");
		buf_done(&reference.out);
		in_base64(in, max, &whole);
	}
	buf_done(&whole.out);
}

static void there_and_back(struct fuzz_input in, int window)
{
	struct outcome outcome;
	z_stream zlib = { .next_in = (Bytef *)(uintptr_t)in.at,
			  .avail_in = (uInt)in.left };
	Bytef *out;
	uLong size;

	must(deflateInit2(&zlib, 6, Z_DEFLATED, window, 8,
			  Z_DEFAULT_STRATEGY) == Z_OK, "zlib starts");
	size = deflateBound(&zlib, in.left);
	out = malloc(size);
	must(out, "there is memory for what comes out");
	zlib.next_out = out;
	zlib.avail_out = (uInt)size;
	must(deflate(&zlib, Z_FINISH) == Z_STREAM_END, "zlib compresses");
	size -= zlib.avail_out;
	deflateEnd(&zlib);
	outcome = run((struct fuzz_input){ (char *)out, size }, in.left, 7);
	must(outcome.is_compressed && outcome.result == 0,
	     "what was compressed inflates");
	must_equal(outcome.out.data, outcome.out.size, in.at, in.left,
		   "what was compressed comes back");
	buf_done(&outcome.out);
	if (in.left) {
		outcome = run((struct fuzz_input){ (char *)out, size },
			      in.left - 1, SIZE_MAX);
		must(outcome.result == INFLATE_E_TOO_LARGE,
		     "a byte over the limit is refused");
		buf_done(&outcome.out);
	}
	free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { (const char *)data, size };
	uint64_t max = (uint64_t)1 << (fuzz_byte(&in) % 20);

	check_raw(in, max);
	there_and_back(in, 31);
	there_and_back(in, 15);
	return 0;
}
