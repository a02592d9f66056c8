/* SPDX-License-Identifier: MIT */

/*
 * mongodb_store - what the mongodb sink does in its collection.
 *
 * A document that it made has an _id which follows from the persistentId, and
 *	_tranche: {session: <sid>, updates: [<sid>, ...]}
 * which says which session made it and which of the last 64 updated it. This
 * field is never answered. The one who made a document by another way is
 * found by its persistentId, and may be updated as well; no index is added
 * for that.
 *
 * <collection>.tranche {_id, sessionId, persistentId, purgeAt} says which
 * persistentId a session's document brought, where start gave none: of what a
 * session stored, it could not be told from the session alone.
 */

#pragma once

#include "common/mongo/command.h"
#include "common/session.h"

/* Sessions that a document remembers to have updated it. */
#define MONGODB_STORE_UPDATES_MAX 64

enum {
	MONGODB_STORE_E_ABSENT = 1,	/* nothing of this session is there */
	MONGODB_STORE_E_TAKEN,		/* another has the persistentId */
	MONGODB_STORE_E_NO_ROUTE,	/* nothing is there to be updated */
	MONGODB_STORE_E_REFUSED,	/* by a rule of the application's */
	MONGODB_STORE_E_TOO_LARGE,	/* over MONGO_DOCUMENT_MAX */
	MONGODB_STORE_E_FULL,
};

struct mongodb_store {
	struct client *client;
	char *collection;
	char *origins;		/* <collection>.tranche */
	bool has_index;		/* of origins, as far as can be */
};

/* The answer to what @session has stored. answer_done() it. ABSENT. */
int mongodb_store_find(struct mongodb_store *store,
		       const struct session *session, struct deadline dl,
		       struct answer *ret_answer);

/*
 * Stores a new document of @fields, once for a session. @own_id is the
 * persistentId that stands in it, or NULL; that of start is stronger.
 * TAKEN, REFUSED, TOO_LARGE, FULL.
 */
int mongodb_store_create(struct mongodb_store *store,
			 const struct session *session, const char *own_id,
			 const bson_t *fields, struct deadline dl,
			 struct answer *ret_answer);

/*
 * Sets @fields of the document that has the session's persistentId, once for
 * a session. NO_ROUTE, REFUSED, TOO_LARGE, FULL.
 */
int mongodb_store_update(struct mongodb_store *store,
			 const struct session *session, const bson_t *fields,
			 struct deadline dl, struct answer *ret_answer);
