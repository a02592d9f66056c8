/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>

#include "common/mongo/command.h"
#include "common/mongo/value.h"

static void append_read_options(const struct client *c, bson_t *command,
				struct deadline dl)
{
	BSON_APPEND_INT64(command, "maxTimeMS", client_patience(c, dl));
}

static void append_write_options(const struct client *c, bson_t *command,
				 struct deadline dl)
{
	int64_t ms = client_patience(c, dl);
	bson_t concern;

	BSON_APPEND_DOCUMENT_BEGIN(command, "writeConcern", &concern);
	BSON_APPEND_UTF8(&concern, "w", "majority");
	BSON_APPEND_INT64(&concern, "wtimeout", ms);
	bson_append_document_end(command, &concern);
	BSON_APPEND_INT64(command, "maxTimeMS", ms);
}

/* Appends "@key": [{...}], open to be filled. */
static void begin_only(bson_t *command, const char *key, bson_t *array,
		       bson_t *only)
{
	bson_append_array_begin(command, key, -1, array);
	bson_append_document_begin(array, "0", 1, only);
}

static void end_only(bson_t *command, bson_t *array, bson_t *only)
{
	bson_append_document_end(array, only);
	bson_append_array_end(command, array);
}

void found_done(struct found *found)
{
	bson_destroy(&found->document);
	bson_destroy(&found->reply);
}

/* What came may be the answer to something else, and so may the next. */
static int bad_reply(struct client *c, const char *words)
{
	client_disconnect(c);
	return client_fail(c, -EBADMSG, words);
}

/*
 * Takes @reply, and finds the document in it by its path. A small bson_t has
 * its bytes within itself, so it must be where it stays first. MONGO_E_ABSENT.
 */
static int take_found(bson_t *reply, const char *path, struct found *ret_found)
{
	bson_iter_t iter, document;
	const uint8_t *bytes;
	uint32_t size;

	bson_steal(&ret_found->reply, reply);
	if (bson_iter_init(&iter, &ret_found->reply) &&
	    bson_iter_find_descendant(&iter, path, &document) &&
	    BSON_ITER_HOLDS_DOCUMENT(&document)) {
		bson_iter_document(&document, &size, &bytes);
		if (bson_init_static(&ret_found->document, bytes, size))
			return 0;
	}
	bson_destroy(&ret_found->reply);
	return MONGO_E_ABSENT;
}

/* Whether the reply has a batch, which may be empty. */
static bool has_batch(const bson_t *reply)
{
	bson_iter_t iter, batch;

	return bson_iter_init(&iter, reply) &&
	       bson_iter_find_descendant(&iter, "cursor.firstBatch", &batch) &&
	       BSON_ITER_HOLDS_ARRAY(&batch);
}

/* The first document of the reply's batch; takes @reply. MONGO_E_ABSENT. */
static int take_first(struct client *c, bson_t *reply, struct found *ret_found)
{
	if (has_batch(reply))
		return take_found(reply, "cursor.firstBatch.0", ret_found);
	bson_destroy(reply);
	/* It does not say that there is none. */
	return bad_reply(c, "the server's answer has no list");
}

int command_find_first(struct client *c, const char *collection,
		       const bson_t *filter, const bson_t *projection,
		       const bson_t *sort, struct deadline dl,
		       struct found *ret_found)
{
	bson_t command = BSON_INITIALIZER, reply;
	int r;

	BSON_APPEND_UTF8(&command, "find", collection);
	BSON_APPEND_DOCUMENT(&command, "filter", filter);
	if (projection)
		BSON_APPEND_DOCUMENT(&command, "projection", projection);
	if (sort)
		BSON_APPEND_DOCUMENT(&command, "sort", sort);
	BSON_APPEND_INT32(&command, "limit", 1);
	BSON_APPEND_BOOL(&command, "singleBatch", true);
	append_read_options(c, &command, dl);
	r = client_run(c, &command, /* may_repeat= */ true, dl, &reply);
	bson_destroy(&command);
	if (r)
		return r;
	return take_first(c, &reply, ret_found);
}

int command_find(struct client *c, const char *collection,
		 const bson_t *filter, const bson_t *projection,
		 struct deadline dl, struct found *ret_found)
{
	return command_find_first(c, collection, filter, projection, NULL, dl,
				  ret_found);
}

/* Gives each document of the reply's batch to @each. */
static int give_each(const bson_t *reply, command_each_fn *each, void *user)
{
	bson_iter_t iter, batch, document;
	const uint8_t *bytes;
	uint32_t size;
	bson_t view;
	int r = 0;

	if (!bson_iter_init(&iter, reply) ||
	    !bson_iter_find_descendant(&iter, "cursor.firstBatch", &batch) ||
	    !bson_iter_recurse(&batch, &document))
		return -EBADMSG;
	while (!r && bson_iter_next(&document)) {
		if (!BSON_ITER_HOLDS_DOCUMENT(&document))
			return -EBADMSG;
		bson_iter_document(&document, &size, &bytes);
		r = bson_init_static(&view, bytes, size) ?
			each(user, &view) : -EBADMSG;
	}
	return r;
}

int command_find_each(struct client *c, const char *collection,
		      const bson_t *filter, const bson_t *projection,
		      int32_t limit, struct deadline dl, command_each_fn *each,
		      void *user)
{
	bson_t command = BSON_INITIALIZER, reply;
	int r;

	BSON_APPEND_UTF8(&command, "find", collection);
	BSON_APPEND_DOCUMENT(&command, "filter", filter);
	BSON_APPEND_DOCUMENT(&command, "projection", projection);
	BSON_APPEND_INT32(&command, "limit", limit);
	BSON_APPEND_INT32(&command, "batchSize", limit);
	BSON_APPEND_BOOL(&command, "singleBatch", true);
	append_read_options(c, &command, dl);
	r = client_run(c, &command, /* may_repeat= */ true, dl, &reply);
	bson_destroy(&command);
	if (r)
		return r;
	r = give_each(&reply, each, user);
	bson_destroy(&reply);
	return r ? client_fail(c, r, "the server's list cannot be read") : 0;
}

/* Runs a write that answers how many documents it touched. */
static int run_counted(struct client *c, const bson_t *command,
		       struct deadline dl, int64_t *ret_n)
{
	bson_t reply;
	int r;

	r = client_run(c, command, /* may_repeat= */ true, dl, &reply);
	if (r)
		return r;
	r = value_integer(&reply, "n", ret_n);
	bson_destroy(&reply);
	return r ? bad_reply(c, "the server's answer has no count") : 0;
}

void insert_begin(struct insert *insert, const char *collection)
{
	bson_init(&insert->command);
	BSON_APPEND_UTF8(&insert->command, "insert", collection);
	begin_only(&insert->command, "documents", &insert->documents,
		   &insert->document);
}

int insert_send(struct insert *insert, struct client *c, struct deadline dl)
{
	int64_t n;
	int r;

	end_only(&insert->command, &insert->documents, &insert->document);
	append_write_options(c, &insert->command, dl);
	r = run_counted(c, &insert->command, dl, &n);
	bson_destroy(&insert->command);
	if (!r && n != 1)
		return bad_reply(c, "the server inserted nothing");
	return r;
}

int command_insert(struct client *c, const char *collection,
		   const bson_t *document, struct deadline dl)
{
	struct insert insert;

	insert_begin(&insert, collection);
	bson_concat(&insert.document, document);
	return insert_send(&insert, c, dl);
}

int command_update(struct client *c, const char *collection,
		   const bson_t *filter, const bson_t *change, bool is_pipeline,
		   struct deadline dl, int64_t *ret_n)
{
	bson_t command = BSON_INITIALIZER, updates, update;
	int r;

	BSON_APPEND_UTF8(&command, "update", collection);
	begin_only(&command, "updates", &updates, &update);
	BSON_APPEND_DOCUMENT(&update, "q", filter);
	if (is_pipeline)
		BSON_APPEND_ARRAY(&update, "u", change);
	else
		BSON_APPEND_DOCUMENT(&update, "u", change);
	end_only(&command, &updates, &update);
	append_write_options(c, &command, dl);
	r = run_counted(c, &command, dl, ret_n);
	bson_destroy(&command);
	return r;
}

int command_update_once(struct client *c, const char *collection,
			const bson_t *filter, const bson_t *change,
			const bson_t *projection, struct deadline dl,
			struct found *ret_found)
{
	bson_t command = BSON_INITIALIZER, reply;
	int r;

	BSON_APPEND_UTF8(&command, "findAndModify", collection);
	BSON_APPEND_DOCUMENT(&command, "query", filter);
	BSON_APPEND_DOCUMENT(&command, "update", change);
	BSON_APPEND_DOCUMENT(&command, "fields", projection);
	BSON_APPEND_BOOL(&command, "new", true);
	append_write_options(c, &command, dl);
	r = client_run(c, &command, /* may_repeat= */ false, dl, &reply);
	bson_destroy(&command);
	if (r)
		return r;
	if (!bson_has_field(&reply, "value")) {
		bson_destroy(&reply);
		return bad_reply(c, "the server's answer has no value");
	}
	return take_found(&reply, "value", ret_found);
}

int command_delete(struct client *c, const char *collection,
		   const bson_t *filter, bool all, struct deadline dl,
		   int64_t *ret_n)
{
	bson_t command = BSON_INITIALIZER, deletes, one;
	int r;

	BSON_APPEND_UTF8(&command, "delete", collection);
	begin_only(&command, "deletes", &deletes, &one);
	BSON_APPEND_DOCUMENT(&one, "q", filter);
	BSON_APPEND_INT32(&one, "limit", all ? 0 : 1);
	end_only(&command, &deletes, &one);
	append_write_options(c, &command, dl);
	r = run_counted(c, &command, dl, ret_n);
	bson_destroy(&command);
	return r;
}

int command_create_indexes(struct client *c, const char *collection,
			   const bson_t *indexes, struct deadline dl)
{
	bson_t command = BSON_INITIALIZER, reply;
	int r;

	BSON_APPEND_UTF8(&command, "createIndexes", collection);
	BSON_APPEND_ARRAY(&command, "indexes", indexes);
	append_write_options(c, &command, dl);
	r = client_run(c, &command, /* may_repeat= */ true, dl, &reply);
	bson_destroy(&command);
	if (!r)
		bson_destroy(&reply);
	return r;
}

int command_sum(struct client *c, const char *collection, const bson_t *filter,
		const char *field, struct deadline dl, int64_t *ret_n,
		int64_t *ret_sum)
{
	bson_t command = BSON_INITIALIZER, reply;
	struct found found;
	char path[64];
	bson_t *pipeline;
	int64_t n, sum;
	int r;

	snprintf(path, sizeof(path), "$%s", field);
	pipeline = BCON_NEW("0", "{", "$match", BCON_DOCUMENT(filter), "}",
			    "1", "{", "$group", "{", "_id", BCON_NULL,
			    "n", "{", "$sum", BCON_INT32(1), "}",
			    "sum", "{", "$sum", BCON_UTF8(path), "}",
			    "}", "}");
	BSON_APPEND_UTF8(&command, "aggregate", collection);
	BSON_APPEND_ARRAY(&command, "pipeline", pipeline);
	BCON_APPEND(&command, "cursor", "{", "}");
	append_read_options(c, &command, dl);
	r = client_run(c, &command, /* may_repeat= */ true, dl, &reply);
	bson_destroy(&command);
	bson_destroy(pipeline);
	if (r)
		return r;
	r = take_first(c, &reply, &found);
	if (r < 0)
		return r;
	if (r) {
		*ret_n = *ret_sum = 0;
		return 0;
	}
	r = value_integer(&found.document, "n", &n);
	if (!r)
		r = value_integer(&found.document, "sum", &sum);
	found_done(&found);
	if (r)
		return client_fail(c, r, "the server's sum is no number");
	*ret_n = n;
	*ret_sum = sum;
	return 0;
}
