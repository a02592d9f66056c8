/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <string.h>

#include "common/assemble.h"
#include "common/hex.h"
#include "common/inflate.h"
#include "common/sha256.h"
#include "common/text.h"

/* Bytes of a chunk as any configuration could have let it in. */
#define CHUNK_MAX MIB(64)

/* The pass: what it is about, and what it has seen. */
struct pass {
	struct assembly *assembly;
	struct deadline deadline;
	struct inflate *inflate;	/* NULL: stored as it was sent */

	uint64_t sent_bytes;
	uint64_t sent_units;
	struct sha256 sent_sha256;
	uint64_t stored_bytes;
	struct sha256 stored_sha256;
};

/* The last step, also for inflate. Gives SINK_E_* or a failure. */
static int store(void *user, const char *data, size_t size)
{
	struct pass *pass = user;

	pass->stored_bytes += size;
	/* Stored as it was sent, it has the digest of what was sent. */
	if (pass->inflate)
		sha256_add(&pass->stored_sha256, data, size);
	return sink_write(pass->assembly->sink, data, size, pass->deadline);
}

static int refused_by_sink(struct pass *pass, int r)
{
	if (r <= 0)
		return r;
	pass->assembly->sink_answer = r;
	return ASSEMBLE_E_SINK;
}

/* Inflate's answers and the sink's come mixed: the sink's are kept apart. */
static int store_inflated(void *user, const char *data, size_t size)
{
	struct pass *pass = user;
	int r = store(pass, data, size);

	if (r <= 0)
		return r;
	pass->assembly->sink_answer = r;
	return -ECANCELED;
}

static int inflated(struct pass *pass, int r)
{
	if (r == INFLATE_E_BAD_DATA) {
		pass->assembly->reason = inflate_reason(pass->inflate);
		return ASSEMBLE_E_COMPRESSED;
	}
	if (r == INFLATE_E_TOO_LARGE)
		return ASSEMBLE_E_INFLATED;
	if (r == -ECANCELED && pass->assembly->sink_answer)
		return ASSEMBLE_E_SINK;
	return r;
}

/* The next bytes as they were sent. */
static int take(struct pass *pass, const char *data, size_t size)
{
	if (size == 0)
		return 0;
	pass->sent_bytes += size;
	pass->sent_units += text_utf16_units(data, size);
	sha256_add(&pass->sent_sha256, data, size);
	if (pass->inflate)
		return inflated(pass, inflate_add(pass->inflate, data, size));
	return refused_by_sink(pass, store(pass, data, size));
}

static int join(struct pass *pass, struct text_join *joint, bool is_text,
		char *data, size_t size)
{
	struct text_piece piece;
	int r;

	text_join_next(joint, is_text, data, size, &piece);
	r = take(pass, piece.prefix, piece.prefix_size);
	return r ? r : take(pass, piece.data, piece.size);
}

/* The claim is held by renewing it. */
static int keep_claim(struct pass *pass)
{
	int r = claim_keep(pass->assembly->claim, pass->deadline);

	return r == TIER_E_CONFLICT ? ASSEMBLE_E_CLAIM : r;
}

static int take_chunks(struct pass *pass)
{
	struct assembly *a = pass->assembly;
	struct text_join joint = { 0 };
	struct buf data;
	int r = 0;

	buf_init(&data, CHUNK_MAX);
	for (uint32_t i = 0; !r && i < a->session->total_chunks; i++) {
		struct chunk_info info;

		r = keep_claim(pass);
		if (r)
			break;
		r = tier_get_chunk(a->store, a->session, i, pass->deadline,
				   &data, &info);
		if (r == TIER_E_ABSENT)
			r = ASSEMBLE_E_MISSING;
		if (!r)
			r = join(pass, &joint, info.kind == CHUNK_TEXT,
				 data.data, data.size);
	}
	if (!r)
		r = join(pass, &joint, false, NULL, 0);
	if (!r && pass->inflate)
		r = inflated(pass, inflate_end(pass->inflate));
	/* Once more for the commit, which may take its time. */
	if (!r)
		r = keep_claim(pass);
	buf_done(&data);
	return r;
}

static int check_declared(struct pass *pass, const char *sha256)
{
	const struct session *session = pass->assembly->session;

	if (session->total_size != pass->sent_bytes &&
	    session->total_size != pass->sent_units) {
		pass->assembly->reason =
			"Size differs from the totalSize that start declared";
		return ASSEMBLE_E_MISMATCH;
	}
	if (session->sha256[0] && strcmp(session->sha256, sha256) != 0) {
		pass->assembly->reason =
			"SHA-256 differs from the one that start declared";
		return ASSEMBLE_E_MISMATCH;
	}
	return 0;
}

static int finish(struct pass *pass, struct sink_content *ret_content)
{
	struct sink_content content = { .size = pass->stored_bytes };
	uint8_t digest[SHA256_SIZE];
	int r;

	sha256_end(&pass->sent_sha256, digest);
	hex_format(digest, SHA256_SIZE, content.sha256);
	r = check_declared(pass, content.sha256);
	if (r)
		return r;
	if (pass->inflate) {
		sha256_end(&pass->stored_sha256, digest);
		hex_format(digest, SHA256_SIZE, content.sha256);
	}
	*ret_content = content;
	return 0;
}

int assemble(struct assembly *assembly, struct deadline dl,
	     struct sink_content *ret_content)
{
	struct pass pass = { .assembly = assembly, .deadline = dl };
	int r = 0;

	assembly->reason = NULL;
	assembly->sink_answer = 0;
	sha256_begin(&pass.sent_sha256);
	sha256_begin(&pass.stored_sha256);
	if (assembly->session->is_compressed)
		r = inflate_new(assembly->inflated_max, store_inflated, &pass,
				&pass.inflate);
	if (!r)
		r = take_chunks(&pass);
	if (!r)
		r = finish(&pass, ret_content);
	inflate_free(pass.inflate);
	return r;
}
