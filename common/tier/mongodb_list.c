/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include "common/mongo/value.h"
#include "common/tier/mongodb_parts.h"

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
	int64_t first, width;
	int32_t n;			/* documents in it */
	struct chunk_list *list;	/* for those that are whole */
};

static struct range first_range(const struct session *session)
{
	struct range range = { .width = session->total_chunks / RANGES_MAX };

	if (range.width < RANGE_MIN)
		range.width = RANGE_MIN;
	return range;
}

static bson_t *range_filter(const struct session *session,
			    const struct range *range)
{
	return BCON_NEW("sessionId", BCON_UTF8(session->id),
			"chunkIndex", "{", "$gte", BCON_INT64(range->first),
			"$lt", BCON_INT64(range->first + range->width), "}");
}

/* A command_each_fn: @user is the range. */
static int list_one(void *user, const bson_t *document)
{
	struct range *range = user;
	struct held_chunk held;

	if (++range->n > NAMED_MAX)
		return -EMSGSIZE;
	mongodb_chunk_read(document, &held);
	return held.is_whole ? chunk_list_add(range->list, &held.info) : 0;
}

static int list_range(struct mongodb *m, const struct session *session,
		      struct deadline dl, struct range *range)
{
	bson_t *projection = mongodb_chunk_projection();
	bson_t *filter = range_filter(session, range);
	int r;

	range->n = 0;
	r = command_find_each(m->client, MONGODB_CHUNKS, filter, projection,
			      NAMED_MAX + 1, dl, list_one, range);
	bson_destroy(projection);
	bson_destroy(filter);
	return r;
}

int mongodb_list_chunks(struct tier *t, const struct session *session,
			struct deadline dl, struct chunk_list *ret_list)
{
	struct range range = first_range(session);
	struct mongodb *m = mongodb_of(t);
	struct chunk_list list = { 0 };
	int r = 0;

	range.list = &list;
	for (; !r && range.first < session->total_chunks;
	     range.first += range.width)
		r = list_range(m, session, dl, &range);
	if (r) {
		chunk_list_done(&list);
		return mongodb_result(m, r);
	}
	chunk_list_sort(&list);
	*ret_list = list;
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

static int delete_range(struct mongodb *m, const struct session *session,
			struct deadline dl, const struct range *range)
{
	bson_t *filter = range_filter(session, range);
	int64_t n;
	int r;

	r = command_delete(m->client, MONGODB_CHUNKS, filter, /* all= */ true,
			   dl, &n);
	bson_destroy(filter);
	return r;
}

int mongodb_drop_chunks(struct tier *t, const struct session *session,
			struct deadline dl)
{
	struct range range = first_range(session);
	struct mongodb *m = mongodb_of(t);
	int r;

	r = count_nothing(m, session, dl);
	for (; !r && range.first < session->total_chunks;
	     range.first += range.width)
		r = delete_range(m, session, dl, &range);
	return mongodb_result(m, r);
}
