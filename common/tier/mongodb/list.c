/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include "common/mongo/value.h"
#include "common/tier/mongodb/parts.h"

/*
 * A session's chunks are listed and dropped by ranges of their indexes, so
 * that no command runs out of its time: the server reads the bytes too. Pages
 * in order would do it for any session, but each of them has FerretDB sort
 * what is left. Sessions that declare very many chunks have wider ranges.
 */
#define RANGE_MIN 256
#define RANGES_MAX 1024

/* Chunks that one answer of the server can name: 16 MiB of them. */
#define NAMED_MAX 50000

struct range {
	struct mongodb *m;
	const struct session *session;
	struct deadline dl;
	int64_t first, width;
	int32_t n;		/* documents in it */
	struct chunk_list list;	/* those that are whole */
};

static struct range first_range(struct mongodb *m,
				const struct session *session,
				struct deadline dl)
{
	struct range range = { .m = m, .session = session, .dl = dl };

	range.width = session->total_chunks / RANGES_MAX;
	if (range.width < RANGE_MIN)
		range.width = RANGE_MIN;
	return range;
}

static bson_t *range_filter(const struct range *range)
{
	return BCON_NEW("sessionId", BCON_UTF8(range->session->id),
			"chunkIndex", "{", "$gte", BCON_INT64(range->first),
			"$lt", BCON_INT64(range->first + range->width), "}");
}

/*
 * A command_each_fn: @user is the range. A document of the size that it was
 * put with has its bytes; of another one, they are measured.
 */
static int list_one(void *user, const bson_t *document)
{
	int64_t was = 0, is = -1;
	struct range *range = user;
	struct held_chunk held;
	int r;

	if (++range->n > NAMED_MAX)
		return -EMSGSIZE;
	mongodb_chunk_read(document, &held);
	(void)value_integer(document, "bsonSize", &was);
	(void)value_integer(document, "bsonSizeNow", &is);
	if (was != is) {
		r = mongodb_find_chunk(range->m, range->session,
				       held.info.index, range->dl, &held);
		if (r)
			return r == TIER_E_ABSENT ? 0 : r;
		if (!held.is_whole)
			return 0;
	}
	return held.is_sound ? chunk_list_add(&range->list, &held.info) : 0;
}

static int list_range(struct range *range)
{
	bson_t *projection = BCON_NEW(
		"chunkIndex", BCON_INT32(1), "size", BCON_INT32(1),
		"kind", BCON_INT32(1), "digest", BCON_INT32(1),
		"bsonSize", BCON_INT32(1),
		"bsonSizeNow", "{", "$bsonSize", BCON_UTF8("$$ROOT"), "}");
	bson_t *filter = range_filter(range);
	int r;

	range->n = 0;
	r = command_find_each(range->m->client, MONGODB_CHUNKS, filter,
			      projection, NAMED_MAX + 1, range->dl, list_one,
			      range);
	bson_destroy(projection);
	bson_destroy(filter);
	return r;
}

int mongodb_list_chunks(struct tier *t, const struct session *session,
			struct deadline dl, struct chunk_list *ret_list)
{
	struct mongodb *m = mongodb_of(t);
	struct range range = first_range(m, session, dl);
	int r = 0;

	for (; !r && range.first < session->total_chunks;
	     range.first += range.width)
		r = list_range(&range);
	if (r) {
		chunk_list_done(&range.list);
		return mongodb_result(m, r);
	}
	chunk_list_sort(&range.list);
	*ret_list = range.list;
	return 0;
}

/* Nothing is held, says the record. */
static int count_nothing(struct mongodb *m, const struct session *session,
			 struct deadline dl)
{
	bson_t filter = BSON_INITIALIZER, *change;
	int64_t n;
	int r;

	mongodb_append_session_id(&filter, session->id);
	change = BCON_NEW("$set", "{", "receivedChunks", BCON_INT32(0),
			  "bytesHeld", BCON_INT64(0), "}");
	if (session->total_chunks <= MONGODB_MAP_MAX)
		BCON_APPEND(change, "$unset", "{", "chunks", BCON_UTF8(""),
			    "}");
	r = command_update(m->client, MONGODB_SESSIONS, &filter, change,
			   /* is_pipeline= */ false, dl, &n);
	bson_destroy(&filter);
	bson_destroy(change);
	return r;
}

static int delete_range(const struct range *range)
{
	bson_t *filter = range_filter(range);
	int64_t n;
	int r;

	r = command_delete(range->m->client, MONGODB_CHUNKS, filter,
			   /* all= */ true, range->dl, &n);
	bson_destroy(filter);
	return r;
}

int mongodb_drop_chunks(struct tier *t, const struct session *session,
			struct deadline dl)
{
	struct mongodb *m = mongodb_of(t);
	struct range range = first_range(m, session, dl);
	int r;

	r = count_nothing(m, session, dl);
	for (; !r && range.first < session->total_chunks;
	     range.first += range.width)
		r = delete_range(&range);
	return mongodb_result(m, r);
}
