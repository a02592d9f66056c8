/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "common/mongo/value.h"
#include "common/tier/mongodb/parts.h"

void mongodb_append_chunk_id(bson_t *to, const struct session *session,
			     uint32_t index)
{
	char name[SESSION_ID_LEN + 1 + 10 + 1];
	bson_oid_t oid;

	snprintf(name, sizeof(name), "%s:%" PRIu32, session->id, index);
	value_derive_oid("chunk", name, &oid);
	BSON_APPEND_OID(to, "_id", &oid);
}

bson_t *mongodb_chunk_projection(void)
{
	bson_t *projection = BCON_NEW(
		"chunkIndex", BCON_INT32(1), "size", BCON_INT32(1),
		"kind", BCON_INT32(1), "digest", BCON_INT32(1),
		"stamp", BCON_INT32(1));

	/*
	 * Bytes of the data, or -1, without sending them. Each mention of the
	 * data costs FerretDB a copy.
	 */
	BCON_APPEND(projection, "held", "{", "$cond", "[",
		    "{", "$in", "[", "{", "$type", BCON_UTF8("$data"), "}",
			"[", BCON_UTF8("string"), BCON_UTF8("binData"), "]",
		    "]", "}",
		    "{", "$binarySize", BCON_UTF8("$data"), "}",
		    BCON_INT32(-1), "]", "}");
	return projection;
}

static int read_info(const bson_t *document, struct chunk_info *info)
{
	const char *text;
	int64_t number;
	size_t size;
	int r;

	r = value_integer(document, "chunkIndex", &number);
	if (r || number < 0 || number > UINT32_MAX)
		return -EBADMSG;
	info->index = (uint32_t)number;
	r = value_integer(document, "size", &number);
	if (r || number < 0)
		return -EBADMSG;
	info->size = (uint64_t)number;
	r = value_text(document, "kind", &text, &size);
	if (!r)
		r = chunk_kind_parse(text, size, &info->kind);
	if (!r)
		r = value_text(document, "digest", &text, &size);
	if (!r)
		r = digest_parse(text, size, &info->digest);
	return r;
}

static void read_held(const bson_t *document, int64_t held,
		      struct held_chunk *ret_held)
{
	*ret_held = (struct held_chunk){ 0 };
	ret_held->stamp = mongodb_stamp_read(document);
	ret_held->is_sound = read_info(document, &ret_held->info) == 0;
	ret_held->is_whole = ret_held->is_sound && held >= 0 &&
			     (uint64_t)held == ret_held->info.size;
}

void mongodb_chunk_read(const bson_t *document, struct held_chunk *ret_held)
{
	int64_t held = -1;

	(void)value_integer(document, "held", &held);
	read_held(document, held, ret_held);
}

void mongodb_chunk_read_whole(const bson_t *document,
			      struct held_chunk *ret_held,
			      const char **ret_data)
{
	const char *data = NULL;
	size_t size;

	if (value_text(document, "data", &data, &size))
		data = NULL;
	read_held(document, data ? (int64_t)size : -1, ret_held);
	*ret_data = data;
}

int mongodb_find_chunk(struct mongodb *m, const struct session *session,
		       uint32_t index, struct deadline dl,
		       struct held_chunk *ret_held)
{
	bson_t filter = BSON_INITIALIZER, *projection;
	struct found found;
	int r;

	mongodb_append_chunk_id(&filter, session, index);
	projection = mongodb_chunk_projection();
	r = command_find(m->client, MONGODB_CHUNKS, &filter, projection, dl,
			 &found);
	bson_destroy(&filter);
	bson_destroy(projection);
	if (r == MONGO_E_ABSENT)
		return TIER_E_ABSENT;
	if (r)
		return mongodb_result(m, r);
	mongodb_chunk_read(&found.document, ret_held);
	found_done(&found);
	if (ret_held->is_sound && ret_held->info.index != index)
		ret_held->is_sound = ret_held->is_whole = false;
	return 0;
}

/* Makes the document ours to take away; *ret_n is 0 when it has changed. */
static int mark(struct mongodb *m, const struct session *session,
		uint32_t index, struct stamp stamp, int64_t mine,
		struct deadline dl, int64_t *ret_n)
{
	bson_t filter = BSON_INITIALIZER, *change;
	int r;

	mongodb_append_chunk_id(&filter, session, index);
	mongodb_stamp_pin_or(&filter, stamp, mine);
	change = BCON_NEW("$set", "{", "stamp", BCON_INT64(mine), "}");
	r = command_update(m->client, MONGODB_CHUNKS, &filter, change,
			   /* is_pipeline= */ false, dl, ret_n);
	bson_destroy(&filter);
	bson_destroy(change);
	return r;
}

/* TIER_E_ABSENT: there is nothing to count in. */
static int count_down_once(struct mongodb *m, const struct session *session,
			   uint32_t index, uint64_t size, struct deadline dl)
{
	bson_t filter = BSON_INITIALIZER, *change, *projection;
	int64_t bytes = size > INT64_MAX ? INT64_MAX : (int64_t)size;
	struct found found;
	char name[32];
	int r;

	mongodb_append_session_id(&filter, session->id);
	BCON_APPEND(&filter, "bytesHeld", "{", "$type", BCON_UTF8("number"),
		    "}");
	change = BCON_NEW("$inc", "{", "receivedChunks", BCON_INT32(-1),
			  "bytesHeld", BCON_INT64(-bytes), "}");
	if (session->total_chunks <= MONGODB_MAP_MAX) {
		snprintf(name, sizeof(name), "chunks.%" PRIu32, index);
		BCON_APPEND(change, "$unset", "{", name, BCON_UTF8(""), "}");
	}
	projection = BCON_NEW("_id", BCON_INT32(1));
	r = command_update_once(m->client, MONGODB_SESSIONS, &filter, change,
				projection, dl, &found);
	bson_destroy(&filter);
	bson_destroy(change);
	bson_destroy(projection);
	if (!r)
		found_done(&found);
	/* A count that has rotted is made anew by the next put. */
	if (r == MONGO_E_REFUSED)
		return 0;
	return r == MONGO_E_ABSENT ? TIER_E_ABSENT : mongodb_result(m, r);
}

/*
 * One chunk of @size bytes less. That may be less than nothing: of a chunk
 * which its put has not counted yet, and will. Of a record that is there and
 * does not count, the next put makes the count anew.
 */
static int count_down(struct mongodb *m, const struct session *session,
		      uint32_t index, uint64_t size, struct deadline dl)
{
	int r;

	r = count_down_once(m, session, index, size, dl);
	if (r != TIER_E_ABSENT)
		return r;
	r = mongodb_make_countable(m, session, dl);
	if (!r)
		r = count_down_once(m, session, index, size, dl);
	return r == TIER_E_ABSENT ? 0 : r;
}

int mongodb_retire_chunk(struct mongodb *m, const struct session *session,
			 uint32_t index, const struct held_chunk *held,
			 struct deadline dl)
{
	bson_t filter = BSON_INITIALIZER;
	int64_t mine, n;
	int r;

	r = value_make_stamp(&mine);
	if (r)
		return tier_fail(&m->base, r, "no random numbers");
	/* Of several that found it, the one whose stamp sticks counts down. */
	r = mark(m, session, index, held->stamp, mine, dl, &n);
	if (r)
		return mongodb_result(m, r);
	if (!n)
		return TIER_E_CONFLICT;
	r = count_down(m, session, index, held->info.size, dl);
	if (r)
		return r;
	mongodb_append_chunk_id(&filter, session, index);
	BSON_APPEND_INT64(&filter, "stamp", mine);
	r = command_delete(m->client, MONGODB_CHUNKS, &filter,
			   /* all= */ false, dl, &n);
	bson_destroy(&filter);
	if (r)
		return mongodb_result(m, r);
	/* Written again since it was ours: it stays, and counts for nothing. */
	return n ? 0 : TIER_E_CONFLICT;
}

/* Reads and verifies once; *ret_held is what was there if it was not good. */
static int get_once(struct mongodb *m, const struct session *session,
		    uint32_t index, struct deadline dl, struct buf *data,
		    struct held_chunk *ret_held)
{
	bson_t filter = BSON_INITIALIZER;
	struct digest digest;
	struct found found;
	const char *bytes;
	int r;

	mongodb_append_chunk_id(&filter, session, index);
	r = command_find(m->client, MONGODB_CHUNKS, &filter, NULL, dl, &found);
	bson_destroy(&filter);
	if (r == MONGO_E_ABSENT)
		return TIER_E_ABSENT;
	if (r)
		return mongodb_result(m, r);
	mongodb_chunk_read_whole(&found.document, ret_held, &bytes);
	if (ret_held->is_whole && ret_held->info.index == index) {
		digest = digest_of(bytes, ret_held->info.size);
		ret_held->is_whole = digest_equal(&digest,
						  &ret_held->info.digest);
	} else {
		ret_held->is_whole = false;
	}
	if (ret_held->is_whole) {
		buf_reset(data);
		r = buf_append(data, bytes, ret_held->info.size);
		if (r)
			tier_fail(&m->base, r, "no memory for the chunk");
	}
	found_done(&found);
	return r;
}

int mongodb_get_chunk(struct tier *t, const struct session *session,
		      uint32_t index, struct deadline dl, struct buf *data,
		      struct chunk_info *ret_info)
{
	struct mongodb *m = mongodb_of(t);
	struct held_chunk held = { 0 };
	int r;

	/* While it was found bad, good bytes may have come. */
	for (int i = 0; i < MONGODB_TRIES_MAX; i++) {
		r = get_once(m, session, index, dl, data, &held);
		if (r)
			return r;
		if (held.is_whole) {
			*ret_info = held.info;
			return 0;
		}
		r = mongodb_retire_chunk(m, session, index, &held, dl);
		if (r != TIER_E_CONFLICT)
			return r ? r : TIER_E_ABSENT;
	}
	return mongodb_unsettled(m);
}

int mongodb_drop_chunk(struct tier *t, const struct session *session,
		       const struct chunk_info *info, struct deadline dl)
{
	struct mongodb *m = mongodb_of(t);
	struct held_chunk held = { 0 };
	int r;

	for (int i = 0; i < MONGODB_TRIES_MAX; i++) {
		r = mongodb_find_chunk(m, session, info->index, dl, &held);
		if (r == TIER_E_ABSENT)
			return 0;
		if (r)
			return r;
		if (!held.is_sound ||
		    !digest_equal(&held.info.digest, &info->digest))
			return 0;
		r = mongodb_retire_chunk(m, session, info->index, &held, dl);
		if (r != TIER_E_CONFLICT)
			return r;
	}
	return mongodb_unsettled(m);
}
