/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "common/mongo/value.h"
#include "common/tier/mongodb/count.h"

/* What one call works on. */
struct counting {
	struct mongodb *m;
	const struct session *session;
	const struct chunk_info *info;	/* of the chunk that is counted */
	struct deadline dl;
};

static int64_t bytes_max(const struct session *session)
{
	uint64_t max = session_bytes_max(session);

	return max > INT64_MAX ? INT64_MAX : (int64_t)max;
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
static int count_truth(const struct counting *c, struct chunk_count *ret_count)
{
	bson_t filter = BSON_INITIALIZER;
	int64_t n, sum;
	int r;

	BSON_APPEND_UTF8(&filter, "sessionId", c->session->id);
	r = command_sum(c->m->client, MONGODB_CHUNKS, &filter, "size", c->dl,
			&n, &sum);
	bson_destroy(&filter);
	if (r)
		return mongodb_result(c->m, r);
	ret_count->chunks = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
	ret_count->bytes = sum < 0 ? 0 : (uint64_t)sum;
	return 0;
}

/*
 * What is held, says the record. TIER_E_ABSENT: there is none; TIER_E_CONFLICT:
 * it does not say.
 */
static int count_read(const struct counting *c, struct chunk_count *ret_count)
{
	bson_t filter = BSON_INITIALIZER, *projection;
	struct found found;
	int r;

	mongodb_append_session_id(&filter, c->session->id);
	projection = count_projection();
	r = command_find(c->m->client, MONGODB_SESSIONS, &filter, projection,
			 c->dl, &found);
	bson_destroy(&filter);
	bson_destroy(projection);
	if (r == MONGO_E_ABSENT)
		return TIER_E_ABSENT;
	if (r)
		return mongodb_result(c->m, r);
	if (read_count(&found.document, ret_count))
		r = TIER_E_CONFLICT;
	found_done(&found);
	return r;
}

/* @truth without this chunk, which is inserted and yet to be counted. */
static struct chunk_count without(const struct counting *c,
				  struct chunk_count truth)
{
	truth.chunks -= truth.chunks > 0;
	truth.bytes -= truth.bytes < c->info->size ?
		       truth.bytes : c->info->size;
	return truth;
}

/*
 * Makes a record count whose fields for that have rotted: what is held besides
 * this chunk. The map of chunks may be what is no map, and is begun anew.
 */
static int mend_count(const struct counting *c)
{
	bson_t filter = BSON_INITIALIZER, *change;
	struct chunk_count truth = { 0 };
	int64_t n;
	int r;

	r = count_truth(c, &truth);
	if (r)
		return r;
	truth = without(c, truth);
	mongodb_append_session_id(&filter, c->session->id);
	change = BCON_NEW("$set", "{",
			  "receivedChunks", BCON_INT32((int32_t)truth.chunks),
			  "bytesHeld", BCON_INT64((int64_t)truth.bytes),
			  "chunks", "{", "}", "}");
	r = command_update(c->m->client, MONGODB_SESSIONS, &filter, change,
			   /* is_pipeline= */ false, c->dl, &n);
	bson_destroy(&filter);
	bson_destroy(change);
	return mongodb_result(c->m, r);
}

/*
 * Counts the chunk in the record, within the limit. TIER_E_ABSENT: there is
 * no record, or its limit forbids it; TIER_E_CONFLICT: it cannot count.
 */
static int count_in_record(const struct counting *c,
			   struct chunk_count *ret_count)
{
	bson_t filter = BSON_INITIALIZER, *change, *projection;
	const struct chunk_info *info = c->info;
	int64_t room = bytes_max(c->session) - (int64_t)info->size;
	struct found found;
	char name[32];
	int r;

	mongodb_append_session_id(&filter, c->session->id);
	BCON_APPEND(&filter, "bytesHeld", "{", "$lte", BCON_INT64(room), "}");
	change = BCON_NEW("$inc", "{", "receivedChunks", BCON_INT32(1),
			  "bytesHeld", BCON_INT64((int64_t)info->size), "}");
	if (c->session->total_chunks <= MONGODB_MAP_MAX) {
		snprintf(name, sizeof(name), "chunks.%" PRIu32, info->index);
		BCON_APPEND(change, "$set", "{", name, BCON_BOOL(true), "}");
	}
	projection = count_projection();
	r = command_update_once(c->m->client, MONGODB_SESSIONS, &filter,
				change, projection, c->dl, &found);
	bson_destroy(&filter);
	bson_destroy(change);
	bson_destroy(projection);
	if (r == MONGO_E_ABSENT)
		return TIER_E_ABSENT;
	if (r == MONGO_E_REFUSED)
		return TIER_E_CONFLICT;
	if (r)
		return mongodb_result(c->m, r);
	r = read_count(&found.document, ret_count);
	found_done(&found);
	return r ? TIER_E_CONFLICT : 0;
}

/* Whether the chunk's bytes may be held beside those of @count. */
static bool fits(const struct counting *c, const struct chunk_count *count)
{
	uint64_t max = session_bytes_max(c->session);

	return count->bytes <= max && c->info->size <= max - count->bytes;
}

/*
 * Makes the record say @truth in place of @seen, unless it has changed since.
 * It may have counted chunks that somebody else has taken away.
 */
static int correct(const struct counting *c, const struct chunk_count *seen,
		   const struct chunk_count *truth)
{
	bson_t filter = BSON_INITIALIZER, *change;
	int64_t n;
	int r;

	mongodb_append_session_id(&filter, c->session->id);
	value_append_integer(&filter, "receivedChunks", seen->chunks);
	value_append_integer(&filter, "bytesHeld", (int64_t)seen->bytes);
	change = BCON_NEW("$set", "{",
			  "receivedChunks", BCON_INT32((int32_t)truth->chunks),
			  "bytesHeld", BCON_INT64((int64_t)truth->bytes), "}");
	r = command_update(c->m->client, MONGODB_SESSIONS, &filter, change,
			   /* is_pipeline= */ false, c->dl, &n);
	bson_destroy(&filter);
	bson_destroy(change);
	return mongodb_result(c->m, r);
}

/* More is counted than there can be; this chunk is, and stays, counted. */
static int correct_counted(const struct counting *c,
			   struct chunk_count *ret_count)
{
	struct chunk_count truth = { 0 };
	int r;

	r = count_truth(c, &truth);
	if (r)
		return r;
	r = correct(c, ret_count, &truth);
	/* Where there is no room for it, the next one tries. */
	if (r && r != TIER_E_FULL)
		return r;
	*ret_count = truth;
	return 0;
}

/*
 * The chunk is inserted, and over the limit by what the record says, which is
 * @seen. TIER_E_LIMIT: and by what is there.
 */
static int correct_over_limit(const struct counting *c,
			      const struct chunk_count *seen)
{
	struct chunk_count truth = { 0 };
	int r;

	r = count_truth(c, &truth);
	if (r)
		return r;
	if (truth.bytes > session_bytes_max(c->session))
		return TIER_E_LIMIT;
	truth = without(c, truth);
	return correct(c, seen, &truth);
}

int mongodb_count_new(struct mongodb *m, const struct session *session,
		      const struct chunk_info *info, struct deadline dl,
		      struct chunk_count *ret_count)
{
	const struct counting c = { m, session, info, dl };
	int r;

	for (int i = 0; i < MONGODB_TRIES_MAX; i++) {
		r = count_in_record(&c, ret_count);
		if (r == 0 && ret_count->chunks > session->total_chunks)
			return correct_counted(&c, ret_count);
		if (r == TIER_E_ABSENT)
			r = count_read(&c, ret_count);
		else if (r != TIER_E_CONFLICT)
			return r;
		if (r == TIER_E_CONFLICT) {
			r = mend_count(&c);
			if (r == 0)
				continue;
		}
		/* Another may have made the record, or room, meanwhile. */
		if (r == 0 && fits(&c, ret_count))
			continue;
		if (r == 0)
			r = correct_over_limit(&c, ret_count);
		else if (r == TIER_E_ABSENT)
			r = mongodb_make_countable(m, session, dl);
		if (r)
			return r;
	}
	return mongodb_unsettled(m);
}

int mongodb_count_again(struct mongodb *m, const struct session *session,
			const struct chunk_info *info, struct deadline dl,
			struct chunk_count *ret_count)
{
	const struct counting c = { m, session, info, dl };
	struct chunk_count truth = { 0 };
	bool is_known;
	int r;

	r = count_read(&c, ret_count);
	if (r < 0)
		return r;
	is_known = r == 0;
	if (is_known && fits(&c, ret_count))
		return 0;
	/* The record cannot say, or is so near the limit that it may. */
	r = count_truth(&c, &truth);
	if (r)
		return r;
	if (!is_known)
		*ret_count = truth;
	return truth.bytes > session_bytes_max(session) ? TIER_E_LIMIT : 0;
}
