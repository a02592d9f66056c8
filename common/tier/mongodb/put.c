/* SPDX-License-Identifier: MIT */

/*
 * The chunk is inserted first and counted then (count.h). If it may not be
 * counted it is taken away again, by its stamp: another put of the same bytes
 * may have found it and said that it is held, and then has put a new stamp.
 */

#include <errno.h>

#include "common/mongo/value.h"
#include "common/text.h"
#include "common/tier/mongodb/count.h"

/* What one call of put_chunk works on. */
struct put {
	struct mongodb *m;
	const struct session *session;
	const struct chunk *chunk;
	struct deadline dl;
	int64_t stamp;		/* of the document that it inserts */
};

/* A text that holds half a surrogate pair is no valid String. */
static void append_data(bson_t *to, enum chunk_kind kind,
			const struct chunk *chunk)
{
	const char *data = chunk->data ? chunk->data : "";

	if (kind == CHUNK_TEXT)
		value_append_text(to, "data", data, chunk->info.size);
	else
		bson_append_binary(to, "data", -1, BSON_SUBTYPE_BINARY,
				   (const uint8_t *)data,
				   (uint32_t)chunk->info.size);
}

/* TIER_E_CONFLICT: there is a document. */
static int insert(const struct put *put)
{
	const struct chunk_info *info = &put->chunk->info;
	char digest[DIGEST_TEXT_LEN + 1];
	struct insert insert;
	bson_t *document = &insert.document;
	int r;

	insert_begin(&insert, MONGODB_CHUNKS);
	mongodb_append_chunk_id(document, put->session, info->index);
	BSON_APPEND_UTF8(document, "sessionId", put->session->id);
	value_append_integer(document, "chunkIndex", info->index);
	append_data(document, info->kind, put->chunk);
	BSON_APPEND_DATE_TIME(document, "createdAt", clock_now_ms());
	BSON_APPEND_DATE_TIME(document, "purgeAt",
			      session_purge_at(put->session));
	value_append_integer(document, "size", (int64_t)info->size);
	BSON_APPEND_UTF8(document, "kind", chunk_kind_name(info->kind));
	digest_format(&info->digest, digest);
	BSON_APPEND_UTF8(document, "digest", digest);
	BSON_APPEND_INT64(document, "stamp", put->stamp);
	/* The size that it has with this; no change of ours gives another. */
	BSON_APPEND_INT32(document, "bsonSize", (int32_t)(document->len + 1 +
			  sizeof("bsonSize") + sizeof(int32_t)));
	r = insert_send(&insert, put->m->client, put->dl);
	if (r == MONGO_E_DUPLICATE)
		return TIER_E_CONFLICT;
	if (r == MONGO_E_TOO_LARGE)
		return tier_fail(&put->m->base, -EMSGSIZE,
				 "a chunk over the server's limit");
	return mongodb_result(put->m, r);
}

/*
 * Takes what was inserted away again and gives @r; 0 when another put of the
 * same bytes has made it its own meanwhile.
 */
static int undo(const struct put *put, int r)
{
	bson_t filter = BSON_INITIALIZER;
	struct held_chunk held;
	int undone;
	int64_t n;

	mongodb_append_chunk_id(&filter, put->session, put->chunk->info.index);
	BSON_APPEND_INT64(&filter, "stamp", put->stamp);
	undone = command_delete(put->m->client, MONGODB_CHUNKS, &filter,
				/* all= */ false, put->dl, &n);
	bson_destroy(&filter);
	if (undone)
		return mongodb_result(put->m, undone);
	if (n)
		return r;
	undone = mongodb_find_chunk(put->m, put->session,
				    put->chunk->info.index, put->dl, &held);
	if (undone)
		return undone == TIER_E_ABSENT ? r : undone;
	return held.is_whole && digest_equal(&held.info.digest,
					     &put->chunk->info.digest) ? 0 : r;
}

/* Counts what was inserted. TIER_E_LIMIT, and then it is gone again. */
static int count_new(const struct put *put, struct chunk_count *ret_count)
{
	int r = mongodb_count_new(put->m, put->session, &put->chunk->info,
				  put->dl, ret_count);

	return r == TIER_E_LIMIT || r == TIER_E_FULL ? undo(put, r) : r;
}

/*
 * Writes the bytes once more over what was read as @held, which has the same
 * digest; its kind stays. TIER_E_ABSENT: it has changed.
 */
static int write_again(const struct put *put, const struct held_chunk *held)
{
	bson_t filter = BSON_INITIALIZER, change = BSON_INITIALIZER, set;
	int64_t stamp, n;
	int r;

	r = value_make_stamp(&stamp);
	if (r)
		return tier_fail(&put->m->base, r, "no random numbers");
	mongodb_append_chunk_id(&filter, put->session, held->info.index);
	mongodb_stamp_pin_or(&filter, held->stamp, stamp);
	BSON_APPEND_DOCUMENT_BEGIN(&change, "$set", &set);
	append_data(&set, held->info.kind, put->chunk);
	BSON_APPEND_INT64(&set, "stamp", stamp);
	bson_append_document_end(&change, &set);
	r = command_update(put->m->client, MONGODB_CHUNKS, &filter, &change,
			   /* is_pipeline= */ false, put->dl, &n);
	bson_destroy(&filter);
	bson_destroy(&change);
	if (r)
		return mongodb_result(put->m, r);
	return n ? 0 : TIER_E_ABSENT;
}

static bool is_same(const struct held_chunk *held, const struct chunk *chunk)
{
	return held->is_sound && held->info.size == chunk->info.size &&
	       digest_equal(&held->info.digest, &chunk->info.digest);
}

/*
 * The index has a document. TIER_E_ABSENT: not any more, or it was one whose
 * bytes were gone, or it has changed meanwhile.
 */
static int put_over(const struct put *put, struct chunk_count *ret_count)
{
	uint32_t index = put->chunk->info.index;
	struct held_chunk held;
	int r;

	r = mongodb_find_chunk(put->m, put->session, index, put->dl, &held);
	if (r)
		return r;
	/* The client sent the insert twice, having lost the first answer. */
	if (held.stamp.is_there && held.stamp.number == put->stamp)
		return count_new(put, ret_count);
	if (!is_same(&held, put->chunk)) {
		if (held.is_whole)
			return TIER_E_CONFLICT;
		r = mongodb_retire_chunk(put->m, put->session, index, &held,
					 put->dl);
		return r == 0 || r == TIER_E_CONFLICT ? TIER_E_ABSENT : r;
	}
	r = mongodb_count_again(put->m, put->session, &put->chunk->info,
				put->dl, ret_count);
	return r ? r : write_again(put, &held);
}

/* At least this chunk is held, counted yet by its first put or not. */
static void tell(const struct put *put, struct chunk_count count,
		 struct chunk_count *ret_count)
{
	if (count.chunks < 1)
		count.chunks = 1;
	if (count.bytes < put->chunk->info.size)
		count.bytes = put->chunk->info.size;
	*ret_count = count;
	put->m->base.served = "mongodb";
}

int mongodb_put_chunk(struct tier *t, const struct session *session,
		      const struct chunk *chunk, struct deadline dl,
		      struct chunk_count *ret_count)
{
	struct mongodb *m = mongodb_of(t);
	struct put put = { m, session, chunk, dl, 0 };
	struct chunk_count count = { 0 };
	int r;

	if (chunk->info.size > MONGO_DOCUMENT_MAX)
		return tier_fail(t, -EMSGSIZE, "a chunk over 16 MiB");
	r = mongodb_ensure_indexes(m, dl);
	if (r)
		return r;
	r = value_make_stamp(&put.stamp);
	if (r)
		return tier_fail(t, r, "no random numbers");
	for (int i = 0; i < MONGODB_TRIES_MAX; i++) {
		r = insert(&put);
		if (r == 0)
			r = count_new(&put, &count);
		else if (r == TIER_E_CONFLICT)
			r = put_over(&put, &count);
		if (r == TIER_E_ABSENT)
			continue;
		if (!r)
			tell(&put, count, ret_count);
		return r;
	}
	return mongodb_unsettled(m);
}
