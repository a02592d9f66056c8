/* SPDX-License-Identifier: MIT */

/*
 * command - the commands that the tier and the sink send to MongoDB
 * (https://www.mongodb.com/docs/manual/reference/command/). Reads are from
 * the primary, writes wait for a majority. Results as in client.h.
 */

#pragma once

#include "common/mongo/client.h"

/* A found document, which lies within the server's reply. */
struct found {
	bson_t reply;
	bson_t document;	/* a view into the reply */
};

void found_done(struct found *found);

/*
 * Reads the first document that fits @filter, or the parts of it that
 * @projection names (NULL: all). found_done() the result. MONGO_E_ABSENT.
 */
int command_find(struct client *c, const char *collection,
		 const bson_t *filter, const bson_t *projection,
		 struct deadline dl, struct found *ret_found);

/* The same in the order of @sort. */
int command_find_first(struct client *c, const char *collection,
		       const bson_t *filter, const bson_t *projection,
		       const bson_t *sort, struct deadline dl,
		       struct found *ret_found);

/* Takes a document; its result, if not 0, ends the reading: -errno. */
typedef int command_each_fn(void *user, const bson_t *document);

/*
 * Gives each document that fits @filter to @each, at most @limit of them, in
 * one answer of the server: together they must stay below 16 MiB.
 */
int command_find_each(struct client *c, const char *collection,
		      const bson_t *filter, const bson_t *projection,
		      int32_t limit, struct deadline dl, command_each_fn *each,
		      void *user);

/*
 * Number of documents that fit @filter and the sum of their @field, which is
 * an integer.
 */
int command_sum(struct client *c, const char *collection, const bson_t *filter,
		const char *field, struct deadline dl, int64_t *ret_n,
		int64_t *ret_sum);

/* A document that is written where it is sent from: that spares a big one a copy. */
struct insert {
	bson_t command;
	bson_t documents;
	bson_t document;	/* to be appended to, with its _id */
};

/* Begins to insert a document; insert_send() ends it. */
void insert_begin(struct insert *insert, const char *collection);

/* Inserts what was begun, as command_insert() does, and ends it. */
int insert_send(struct insert *insert, struct client *c, struct deadline dl);

/*
 * Inserts a document with an _id. It may be tried twice, so MONGO_E_DUPLICATE
 * may mean that this very call inserted it.
 */
int command_insert(struct client *c, const char *collection,
		   const bson_t *document, struct deadline dl);

/*
 * Changes the first document that fits @filter: by operators, or by a
 * pipeline when @change is an array. It may be tried twice: @change must come
 * out the same. *ret_n is 1 or 0.
 */
int command_update(struct client *c, const char *collection,
		   const bson_t *filter, const bson_t *change, bool is_pipeline,
		   struct deadline dl, int64_t *ret_n);

/*
 * Changes it by operators, never tried twice, and gives the parts of it that
 * @projection names as they are then. MONGO_E_ABSENT.
 */
int command_update_once(struct client *c, const char *collection,
			const bson_t *filter, const bson_t *change,
			const bson_t *projection, struct deadline dl,
			struct found *ret_found);

/* Deletes one that fits @filter, or @all of them. *ret_n is how many. */
int command_delete(struct client *c, const char *collection,
		   const bson_t *filter, bool all, struct deadline dl,
		   int64_t *ret_n);

/* Makes the indexes of a createIndexes command's array. MONGO_E_REFUSED. */
int command_create_indexes(struct client *c, const char *collection,
			   const bson_t *indexes, struct deadline dl);
