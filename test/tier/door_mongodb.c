/* SPDX-License-Identifier: MIT */

/* The collections of common/tier/mongodb.h. */

#include <errno.h>
#include <mongoc/mongoc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/tier/setting.h"

struct access {
	mongoc_client_t *client;
	mongoc_collection_t *collection;
};

static int access_open(const struct place *place, const char *collection,
		       struct access *ret_access)
{
	mongoc_uri_t *uri;
	const char *db;

	mongoc_init();
	uri = mongoc_uri_new(place->mongodb_uri);
	if (!uri)
		return -EINVAL;
	db = mongoc_uri_get_database(uri);
	ret_access->client = mongoc_client_new_from_uri(uri);
	if (ret_access->client)
		ret_access->collection = mongoc_client_get_collection(
			ret_access->client, db && db[0] ? db : "tranche",
			collection);
	mongoc_uri_destroy(uri);
	return ret_access->client ? 0 : -EINVAL;
}

static void access_close(struct access *access)
{
	mongoc_collection_destroy(access->collection);
	mongoc_client_destroy(access->client);
}

/* Frees both; 1 when a document was changed, 0 when none matched. */
static int update(struct access *access, bson_t *filter, bson_t *change)
{
	bson_error_t error;
	bson_iter_t iter;
	bson_t reply;
	int n = -EIO;

	if (!mongoc_collection_update_one(access->collection, filter, change,
					  NULL, &reply, &error))
		fprintf(stderr, "mongodb: %s\n", error.message);
	else if (bson_iter_init_find(&iter, &reply, "matchedCount"))
		n = (int)bson_iter_as_int64(&iter);
	bson_destroy(&reply);
	bson_destroy(filter);
	bson_destroy(change);
	return n;
}

static bson_t *chunk_filter(const struct session *session, uint32_t index)
{
	return BCON_NEW("sessionId", BCON_UTF8(session->id),
			"chunkIndex", BCON_INT64(index));
}

/* Another first byte, or one byte less, of the type that was there. */
static bson_t *spoilt(const bson_iter_t *data, enum spoil how)
{
	const uint8_t *bytes;
	bson_subtype_t subtype = BSON_SUBTYPE_BINARY;
	bson_t *change = bson_new(), set;
	uint32_t size;
	char *copy;

	if (how == SPOIL_GONE) {
		BCON_APPEND(change, "$unset", "{", "data", BCON_UTF8(""), "}");
		return change;
	}
	if (BSON_ITER_HOLDS_UTF8(data))
		bytes = (const uint8_t *)bson_iter_utf8(data, &size);
	else
		bson_iter_binary(data, &subtype, &size, &bytes);
	copy = malloc(size + 1);
	memcpy(copy, bytes, size);
	copy[size] = '\0';
	if (how == SPOIL_SIZE)
		size--;
	else
		copy[0] = copy[0] == 'x' ? 'y' : 'x';
	bson_append_document_begin(change, "$set", -1, &set);
	if (BSON_ITER_HOLDS_UTF8(data))
		bson_append_utf8(&set, "data", -1, copy, (int)size);
	else
		bson_append_binary(&set, "data", -1, subtype,
				   (const uint8_t *)copy, size);
	bson_append_document_end(change, &set);
	free(copy);
	return change;
}

static int spoil_chunk(const struct place *place,
		       const struct session *session, uint32_t index,
		       enum spoil how)
{
	bson_t *filter = chunk_filter(session, index);
	mongoc_cursor_t *cursor;
	struct access access;
	const bson_t *document;
	bson_error_t error;
	bson_iter_t data;
	int n;

	n = access_open(place, "chunkeduploadchunks", &access);
	if (n) {
		bson_destroy(filter);
		return n;
	}
	cursor = mongoc_collection_find_with_opts(access.collection, filter,
						  NULL, NULL);
	if (mongoc_cursor_next(cursor, &document))
		n = bson_iter_init_find(&data, document, "data") ?
			update(&access, chunk_filter(session, index),
			       spoilt(&data, how)) : 0;
	else if (mongoc_cursor_error(cursor, &error))
		n = -EIO;
	mongoc_cursor_destroy(cursor);
	bson_destroy(filter);
	access_close(&access);
	return n;
}

/* Everything but its names and its time is gone. */
static int spoil_record(const struct place *place,
			const struct session *session)
{
	bson_t *filter = BCON_NEW("sessionId", BCON_UTF8(session->id));
	bson_t *rot = BCON_NEW("sessionId", BCON_UTF8(session->id),
			       "totalChunks", BCON_UTF8("rot"),
			       "purgeAt", BCON_DATE_TIME(
					session_purge_at(session)));
	struct access access;
	bson_error_t error;
	bson_iter_t iter;
	bson_t reply;
	int n;

	n = access_open(place, "chunkeduploadsessions", &access);
	if (!n) {
		n = -EIO;
		if (mongoc_collection_replace_one(access.collection, filter,
						  rot, NULL, &reply, &error) &&
		    bson_iter_init_find(&iter, &reply, "matchedCount"))
			n = (int)bson_iter_as_int64(&iter);
		bson_destroy(&reply);
		access_close(&access);
	}
	bson_destroy(filter);
	bson_destroy(rot);
	return n;
}

static int count_pieces(const struct place *place,
			const struct session *session)
{
	bson_t *filter = BCON_NEW("sessionId", BCON_UTF8(session->id));
	struct access access;
	bson_error_t error;
	int n;

	n = access_open(place, "chunkeduploadchunks", &access);
	if (!n) {
		n = (int)mongoc_collection_count_documents(access.collection,
				filter, NULL, NULL, NULL, &error);
		if (n < 0)
			n = -EIO;
		access_close(&access);
	}
	bson_destroy(filter);
	return n;
}

/* Its time is the server's; the beginning of 1970 is over for any. */
static int end_lease(const struct place *place, const struct session *session)
{
	bson_t *filter = BCON_NEW("sessionId", BCON_UTF8(session->id));
	bson_t *change = BCON_NEW("$set", "{", "until", BCON_DATE_TIME(1),
				  "}");
	struct access access;
	int n;

	n = access_open(place, "chunkeduploadclaims", &access);
	if (n) {
		bson_destroy(filter);
		bson_destroy(change);
		return n;
	}
	n = update(&access, filter, change);
	access_close(&access);
	return n;
}

const struct door door_mongodb = {
	.spoil_chunk = spoil_chunk,
	.spoil_record = spoil_record,
	.count_pieces = count_pieces,
	.end_lease = end_lease,
};
