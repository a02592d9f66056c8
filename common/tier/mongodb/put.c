/* SPDX-License-Identifier: MIT */

/*
 * The chunk is inserted first and counted then, so that a put which dies
 * between leaves a chunk too many and never a count too many. The count is
 * moved only if the bytes held stay within the session's limit; if not, the
 * chunk is taken away again, by its stamp: another put of the same bytes
 * may have found it and said that it is held, and then has put a new stamp.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "common/mongo/value.h"
#include "common/text.h"
#include "common/tier/mongodb/parts.h"

/* What one call of put_chunk works on. */
struct put {
	struct mongodb *m;
	const struct session *session;
	const struct chunk *chunk;
	struct deadline dl;
	int64_t stamp;		/* of the document that it inserts */
};

static int64_t bytes_max(const struct session *session)
{
	uint64_t max = session_bytes_max(session);

	return max > INT64_MAX ? INT64_MAX : (int64_t)max;
}

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
	bson_t document = BSON_INITIALIZER;
	int r;

	mongodb_append_chunk_id(&document, put->session, info->index);
	BSON_APPEND_UTF8(&document, "sessionId", put->session->id);
	value_append_integer(&document, "chunkIndex", info->index);
	append_data(&document, info->kind, put->chunk);
	BSON_APPEND_DATE_TIME(&document, "createdAt", clock_now_ms());
	BSON_APPEND_DATE_TIME(&document, "purgeAt",
			      session_purge_at(put->session));
	value_append_integer(&document, "size", (int64_t)info->size);
	BSON_APPEND_UTF8(&document, "kind", chunk_kind_name(info->kind));
	digest_format(&info->digest, digest);
	BSON_APPEND_UTF8(&document, "digest", digest);
	BSON_APPEND_INT64(&document, "stamp", put->stamp);
	/* The size that it has with this; no change of ours gives another. */
	BSON_APPEND_INT32(&document, "bsonSize", (int32_t)(document.len + 1 +
			  sizeof("bsonSize") + sizeof(int32_t)));
	r = command_insert(put->m->client, MONGODB_CHUNKS, &document, put->dl);
	bson_destroy(&document);
	if (r == MONGO_E_DUPLICATE)
		return TIER_E_CONFLICT;
	if (r == MONGO_E_TOO_LARGE)
		return tier_fail(&put->m->base, -EMSGSIZE,
				 "a chunk over the server's limit");
	return mongodb_result(put->m, r);
}

/* A drop may have counted a chunk down before its put counted it up. */
static int read_count(const bson_t *record, struct chunk_count *ret_count)
{
	int64_t chunks, bytes;

	if (value_integer(record, "receivedChunks", &chunks) ||
	    value_integer(record, "bytesHeld", &bytes) || chunks > UINT32_MAX)
		return -EBADMSG;
	ret_count->chunks = chunks < 0 ? 0 : (uint32_t)chunks;
	ret_count->bytes = bytes < 0 ? 0 : (uint64_t)bytes;
	return 0;
}

static bson_t *count_projection(void)
{
	return BCON_NEW("receivedChunks", BCON_INT32(1),
			"bytesHeld", BCON_INT32(1));
}

/* What is held by the chunks themselves. */
static int count_truth(const struct put *put, struct chunk_count *ret_count)
{
	bson_t filter = BSON_INITIALIZER;
	int64_t n, sum;
	int r;

	BSON_APPEND_UTF8(&filter, "sessionId", put->session->id);
	r = command_sum(put->m->client, MONGODB_CHUNKS, &filter, "size",
			put->dl, &n, &sum);
	bson_destroy(&filter);
	if (r)
		return mongodb_result(put->m, r);
	ret_count->chunks = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
	ret_count->bytes = sum < 0 ? 0 : (uint64_t)sum;
	return 0;
}

/*
 * What is held, says the record. TIER_E_ABSENT: there is none; TIER_E_CONFLICT:
 * it does not say.
 */
static int count_read(const struct put *put, struct chunk_count *ret_count)
{
	bson_t filter = BSON_INITIALIZER, *projection;
	struct found found;
	int r;

	mongodb_append_session_id(&filter, put->session->id);
	projection = count_projection();
	r = command_find(put->m->client, MONGODB_SESSIONS, &filter, projection,
			 put->dl, &found);
	bson_destroy(&filter);
	bson_destroy(projection);
	if (r == MONGO_E_ABSENT)
		return TIER_E_ABSENT;
	if (r)
		return mongodb_result(put->m, r);
	if (read_count(&found.document, ret_count))
		r = TIER_E_CONFLICT;
	found_done(&found);
	return r;
}

/*
 * Makes a record count whose fields for that have rotted: what is held besides
 * this chunk, which is inserted and yet to be counted. The map of chunks may
 * be what is no map, and is begun anew.
 */
static int mend_count(const struct put *put)
{
	bson_t filter = BSON_INITIALIZER, *change;
	struct chunk_count truth = { 0 };
	int64_t n;
	int r;

	r = count_truth(put, &truth);
	if (r)
		return r;
	truth.chunks -= truth.chunks > 0;
	truth.bytes -= truth.bytes < put->chunk->info.size ?
		       truth.bytes : put->chunk->info.size;
	mongodb_append_session_id(&filter, put->session->id);
	change = BCON_NEW("$set", "{",
			  "receivedChunks", BCON_INT32((int32_t)truth.chunks),
			  "bytesHeld", BCON_INT64((int64_t)truth.bytes),
			  "chunks", "{", "}", "}");
	r = command_update(put->m->client, MONGODB_SESSIONS, &filter, change,
			   /* is_pipeline= */ false, put->dl, &n);
	bson_destroy(&filter);
	bson_destroy(change);
	return mongodb_result(put->m, r);
}

/*
 * Counts the chunk in the record, within the limit. TIER_E_ABSENT: there is
 * no record, or its limit forbids it; TIER_E_CONFLICT: it cannot count.
 */
static int count_in_record(const struct put *put, struct chunk_count *ret_count)
{
	bson_t filter = BSON_INITIALIZER, *change, *projection;
	const struct chunk_info *info = &put->chunk->info;
	int64_t room = bytes_max(put->session) - (int64_t)info->size;
	struct found found;
	char name[32];
	int r;

	mongodb_append_session_id(&filter, put->session->id);
	BCON_APPEND(&filter, "bytesHeld", "{", "$lte", BCON_INT64(room), "}");
	change = BCON_NEW("$inc", "{", "receivedChunks", BCON_INT32(1),
			  "bytesHeld", BCON_INT64((int64_t)info->size), "}");
	if (put->session->total_chunks <= MONGODB_MAP_MAX) {
		snprintf(name, sizeof(name), "chunks.%" PRIu32, info->index);
		BCON_APPEND(change, "$set", "{", name, BCON_BOOL(true), "}");
	}
	projection = count_projection();
	r = command_update_once(put->m->client, MONGODB_SESSIONS, &filter,
				change, projection, put->dl, &found);
	bson_destroy(&filter);
	bson_destroy(change);
	bson_destroy(projection);
	if (r == MONGO_E_ABSENT)
		return TIER_E_ABSENT;
	if (r == MONGO_E_REFUSED)
		return TIER_E_CONFLICT;
	if (r)
		return mongodb_result(put->m, r);
	r = read_count(&found.document, ret_count);
	found_done(&found);
	return r ? TIER_E_CONFLICT : 0;
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

/* Whether the chunk's bytes may be held beside those of @count. */
static bool fits(const struct put *put, const struct chunk_count *count)
{
	uint64_t max = session_bytes_max(put->session);

	return count->bytes <= max &&
	       put->chunk->info.size <= max - count->bytes;
}

/*
 * Makes the record say @truth in place of @seen, unless it has changed since.
 * It may have counted chunks that somebody else has taken away.
 */
static int correct(const struct put *put, const struct chunk_count *seen,
		   const struct chunk_count *truth)
{
	bson_t filter = BSON_INITIALIZER, *change;
	int64_t n;
	int r;

	mongodb_append_session_id(&filter, put->session->id);
	value_append_integer(&filter, "receivedChunks", seen->chunks);
	value_append_integer(&filter, "bytesHeld", (int64_t)seen->bytes);
	change = BCON_NEW("$set", "{",
			  "receivedChunks", BCON_INT32((int32_t)truth->chunks),
			  "bytesHeld", BCON_INT64((int64_t)truth->bytes), "}");
	r = command_update(put->m->client, MONGODB_SESSIONS, &filter, change,
			   /* is_pipeline= */ false, put->dl, &n);
	bson_destroy(&filter);
	bson_destroy(change);
	return mongodb_result(put->m, r);
}

/* More is counted than there can be. */
static int correct_counted(const struct put *put,
			   struct chunk_count *ret_count)
{
	struct chunk_count truth = { 0 };
	int r;

	r = count_truth(put, &truth);
	if (!r)
		r = correct(put, ret_count, &truth);
	if (!r)
		*ret_count = truth;
	return r;
}

/*
 * The chunk is inserted, and over the limit by what the record says, which is
 * @seen. TIER_E_LIMIT: and by what is there.
 */
static int correct_over_limit(const struct put *put,
			      const struct chunk_count *seen)
{
	struct chunk_count truth = { 0 };
	int r;

	r = count_truth(put, &truth);
	if (r)
		return r;
	if (truth.bytes > session_bytes_max(put->session))
		return TIER_E_LIMIT;
	/* Without what is to be counted yet. */
	truth.chunks -= truth.chunks > 0;
	truth.bytes -= truth.bytes < put->chunk->info.size ?
		       truth.bytes : put->chunk->info.size;
	return correct(put, seen, &truth);
}

/* Counts what was inserted. TIER_E_LIMIT, and then it is gone again. */
static int count_new(const struct put *put, struct chunk_count *ret_count)
{
	int r;

	for (int i = 0; i < MONGODB_TRIES_MAX; i++) {
		r = count_in_record(put, ret_count);
		if (r == TIER_E_FULL)
			return undo(put, r);
		if (r == 0 && ret_count->chunks > put->session->total_chunks)
			return correct_counted(put, ret_count);
		if (r == TIER_E_ABSENT)
			r = count_read(put, ret_count);
		else if (r != TIER_E_CONFLICT)
			return r;
		if (r == TIER_E_CONFLICT) {
			r = mend_count(put);
			if (r == 0)
				continue;
		}
		/* Another may have made the record, or room, meanwhile. */
		if (r == 0 && fits(put, ret_count))
			continue;
		if (r == 0)
			r = correct_over_limit(put, ret_count);
		if (r == 0)
			continue;
		if (r == TIER_E_LIMIT)
			return undo(put, r);
		if (r == TIER_E_ABSENT)
			r = mongodb_make_countable(put->m, put->session,
						   put->dl);
		if (r == TIER_E_FULL)
			return undo(put, r);
		if (r)
			return r;
	}
	return mongodb_unsettled(put->m);
}

/*
 * What is held, when the chunk was there before: it may be one that its own
 * put is about to take away, being over the limit.
 */
static int count_again(const struct put *put, struct chunk_count *ret_count)
{
	struct chunk_count truth = { 0 };
	bool is_known;
	int r;

	r = count_read(put, ret_count);
	if (r < 0)
		return r;
	is_known = r == 0;
	if (is_known && fits(put, ret_count))
		return 0;
	/* The record cannot say, or is so near the limit that it may. */
	r = count_truth(put, &truth);
	if (r)
		return r;
	if (!is_known)
		*ret_count = truth;
	return truth.bytes > session_bytes_max(put->session) ? TIER_E_LIMIT : 0;
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
	r = count_again(put, ret_count);
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
