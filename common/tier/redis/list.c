/* SPDX-License-Identifier: MIT */

/* All chunks of a session in the redis tier, a page at a time. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/tier/redis/entry.h"

/*
 * Entries that HSCAN is asked for at once: the server serves nobody else while
 * a script takes them away. It may give more or fewer, and an entry twice; one
 * that is there from the first page to the last is given.
 */
#define PAGE_ENTRIES 250

/* A page's entries and where the next page begins. */
struct page {
	redisReply *reply;
	size_t n;			/* entries, "bytes" not counted */
	struct redis_doom *entries;
};

static void page_done(struct page *page)
{
	redis_replies_free(&page->reply, 1);
	free(page->entries);
	*page = (struct page){ 0 };
}

/* Adds the HSCAN that gives the page at @cursor to the batch. */
static void batch_scan(struct redis *redis, const char *session_id,
		       const char *cursor)
{
	redis_command(redis, "HSCAN", 4);
	redis_batch_text(&redis->batch, redis_key(session_id, "chunks").text);
	redis_batch_text(&redis->batch, cursor);
	redis_batch_text(&redis->batch, "COUNT");
	redis_batch_number(&redis->batch, PAGE_ENTRIES);
}

static bool is_array(const redisReply *reply, size_t elements)
{
	return reply && reply->type == REDIS_REPLY_ARRAY &&
	       reply->elements == elements;
}

static bool is_string(const redisReply *reply)
{
	return reply && reply->type == REDIS_REPLY_STRING;
}

/* Makes a page of the reply of a HSCAN, which it takes, also when it fails. */
static int read_page(struct redis *redis, redisReply *reply,
		     struct page *page)
{
	const redisReply *pairs;

	page_done(page);
	page->reply = reply;
	if (!is_array(reply, 2) || !is_string(reply->element[0]))
		return redis_fail_shape(redis);
	pairs = reply->element[1];
	if (!pairs || !is_array(pairs, pairs->elements) ||
	    pairs->elements % 2 != 0)
		return redis_fail_shape(redis);
	page->entries = calloc(pairs->elements / 2 + 1,
			       sizeof(page->entries[0]));
	if (!page->entries)
		return tier_fail(&redis->base, -ENOMEM,
				 "redis: no memory for a list");
	for (size_t i = 0; i < pairs->elements; i += 2) {
		const redisReply *field = pairs->element[i];
		const redisReply *entry = pairs->element[i + 1];
		uint32_t index;

		if (!is_string(field) || !is_string(entry))
			return redis_fail_shape(redis);
		if (redis_index_parse(field->str, field->len, &index) == 0)
			page->entries[page->n++] = redis_doom_of(index,
						entry->str, entry->len);
	}
	return 0;
}

/* Where the page after this one begins; NULL: it is the last. */
static const char *next_cursor(const struct page *page)
{
	const char *cursor = page->reply->element[0]->str;

	return strcmp(cursor, "0") == 0 ? NULL : cursor;
}

static int scan(struct redis *redis, const char *session_id,
		const char *cursor, struct deadline dl, struct page *page)
{
	redisReply *reply = NULL;
	int r;

	redis_begin(redis);
	batch_scan(redis, session_id, cursor);
	r = redis_exchange(redis, dl, &reply);
	return r ? r : read_page(redis, reply, page);
}

/*
 * Adds to the list which entries of the page have their bytes, and leaves in
 * the page those that have not. @sizes has the reply of a STRLEN for each.
 */
static int sort_out(struct redis *redis, struct page *page,
		    redisReply *const *sizes, struct chunk_list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < page->n; i++) {
		const struct redis_doom *entry = &page->entries[i];
		struct chunk_info info;

		if (sizes[i]->type != REDIS_REPLY_INTEGER)
			return redis_fail_shape(redis);
		if (redis_entry_parse(entry->begin, entry->begin_len, &info) ||
		    info.size != (uint64_t)sizes[i]->integer) {
			page->entries[kept++] = *entry;
			continue;
		}
		info.index = entry->index;
		if (chunk_list_add(list, &info))
			return tier_fail(&redis->base, -ENOMEM,
					 "redis: no memory for a list");
	}
	page->n = kept;
	return 0;
}

/*
 * Lists one page and puts the next in its place, which comes in the same trip
 * as the sizes.
 */
static int list_page(struct redis *redis, const char *session_id,
		     struct page *page, struct deadline dl,
		     struct chunk_list *list)
{
	const char *cursor = next_cursor(page);
	redisReply **replies, *next = NULL;
	size_t n = page->n, gone;
	int r;

	if (n == 0 && !cursor) {
		page_done(page);
		return 0;
	}
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
	replies = calloc(n + 1, sizeof(replies[0]));
	if (!replies)
		return tier_fail(&redis->base, -ENOMEM,
				 "redis: no memory for a list");
	redis_begin(redis);
	for (size_t i = 0; i < n; i++) {
		const struct redis_doom *entry = &page->entries[i];

		redis_command(redis, "STRLEN", 1);
		redis_batch_text(&redis->batch, redis_bytes_key(session_id,
				 entry->index, entry->begin,
				 entry->digest_len).text);
	}
	if (cursor)
		batch_scan(redis, session_id, cursor);
	r = redis_exchange(redis, dl, replies);
	if (!r)
		r = sort_out(redis, page, replies, list);
	if (!r && page->n > 0)
		r = redis_drop_entries(redis, session_id, "void",
				       page->entries, page->n, dl, &gone);
	if (!r && cursor) {
		next = replies[n];
		replies[n] = NULL;
	}
	redis_replies_free(replies, n + 1);
	free(replies);
	if (next)
		return read_page(redis, next, page);
	page_done(page);
	return r;
}

int redis_list_chunks(struct tier *t, const struct session *session,
		      struct deadline dl, struct chunk_list *ret_list)
{
	CLEANUP(page_done) struct page page = { 0 };
	struct chunk_list list = { 0 };
	struct redis *redis = redis_of(t);
	int r;

	r = scan(redis, session->id, "0", dl, &page);
	while (!r && page.reply)
		r = list_page(redis, session->id, &page, dl, &list);
	if (r) {
		chunk_list_done(&list);
		return r;
	}
	chunk_list_sort(&list);
	*ret_list = list;
	return 0;
}

int redis_drop_chunks(struct tier *t, const struct session *session,
		      struct deadline dl)
{
	CLEANUP(page_done) struct page page = { 0 };
	struct redis *redis = redis_of(t);
	const char *cursor;
	size_t gone;
	int r;

	r = scan(redis, session->id, "0", dl, &page);
	while (!r && page.reply) {
		/* Those go that hold the bytes, whatever else they say. */
		for (size_t i = 0; i < page.n; i++)
			if (page.entries[i].digest_len)
				page.entries[i].begin_len =
					page.entries[i].digest_len + 1;
		if (page.n > 0)
			r = redis_drop_entries(redis, session->id, "any",
					       page.entries, page.n, dl,
					       &gone);
		cursor = next_cursor(&page);
		if (!r && cursor)
			r = scan(redis, session->id, cursor, dl, &page);
		else
			page_done(&page);
	}
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): page_done() frees it */
	return r;
}
