/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include "common/mongo/value.h"
#include "common/tier/mongodb_parts.h"

/* Chunks that one command lists or deletes, so that none runs out of time:
 * the server reads their bytes too. */
#define LIST_PAGE 1024
#define DELETE_PAGE 256

/* A page of a session's chunks, ascending by index. */
struct page {
	int64_t last;		/* index of the last one, or of the page before */
	int32_t n;
	struct chunk_list *list;	/* for those that are whole, or NULL */
};

/* A command_each_fn: @user is the page. */
static int take_one(void *user, const bson_t *document)
{
	struct page *page = user;
	struct held_chunk held;

	page->n++;
	if (value_integer(document, "chunkIndex", &page->last))
		return -EBADMSG;
	if (!page->list)
		return 0;
	mongodb_chunk_read(document, &held);
	return held.is_whole ? chunk_list_add(page->list, &held.info) : 0;
}

/* Reads the @limit chunks behind the last one of @page. */
static int read_page(struct mongodb *m, const struct session *session,
		     const bson_t *projection, int32_t limit,
		     struct deadline dl, struct page *page)
{
	bson_t *filter = BCON_NEW("sessionId", BCON_UTF8(session->id),
		"chunkIndex", "{", "$gt", BCON_INT64(page->last), "}");
	bson_t *sort = BCON_NEW("sessionId", BCON_INT32(1),
				"chunkIndex", BCON_INT32(1));
	int r;

	page->n = 0;
	r = command_find_each(m->client, MONGODB_CHUNKS, filter, projection,
			      sort, limit, dl, take_one, page);
	bson_destroy(filter);
	bson_destroy(sort);
	return r;
}

int mongodb_list_chunks(struct tier *t, const struct session *session,
			struct deadline dl, struct chunk_list *ret_list)
{
	bson_t *projection = mongodb_chunk_projection();
	struct mongodb *m = mongodb_of(t);
	struct chunk_list list = { 0 };
	struct page page = { .last = -1, .list = &list };
	int r;

	do {
		r = read_page(m, session, projection, LIST_PAGE, dl, &page);
	} while (!r && page.n == LIST_PAGE);
	bson_destroy(projection);
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

/* Deletes the chunks up to that of @index. */
static int delete_up_to(struct mongodb *m, const struct session *session,
			int64_t index, struct deadline dl)
{
	bson_t *filter = BCON_NEW("sessionId", BCON_UTF8(session->id),
		"chunkIndex", "{", "$lte", BCON_INT64(index), "}");
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
	bson_t *projection = BCON_NEW("chunkIndex", BCON_INT32(1));
	struct mongodb *m = mongodb_of(t);
	struct page page = { .last = -1 };
	int r;

	r = count_nothing(m, session, dl);
	while (!r) {
		r = read_page(m, session, projection, DELETE_PAGE, dl, &page);
		if (!r && page.n)
			r = delete_up_to(m, session, page.last, dl);
		if (page.n < DELETE_PAGE)
			break;
	}
	bson_destroy(projection);
	return mongodb_result(m, r);
}
