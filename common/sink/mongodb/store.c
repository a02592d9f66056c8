/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <string.h>

#include "common/mongo/value.h"
#include "common/sink/mongodb/document.h"
#include "common/sink/mongodb/store.h"

/* Bytes of an answer: JSON may take six for one of a string. */
#define ANSWER_MAX (8 * MONGO_DOCUMENT_MAX)

/* A client's result as the store's. */
static int result(int r)
{
	switch (r) {
	case MONGO_E_ABSENT:
		return MONGODB_STORE_E_ABSENT;
	case MONGO_E_DUPLICATE:
	case MONGO_E_REFUSED:
		return MONGODB_STORE_E_REFUSED;
	case MONGO_E_TOO_LARGE:
		return MONGODB_STORE_E_TOO_LARGE;
	case MONGO_E_FULL:
		return MONGODB_STORE_E_FULL;
	default:
		return r;
	}
}

static int make_answer(struct mongodb_store *store, unsigned status,
		       const char *persistent_id, const bson_t *document,
		       struct answer *ret_answer)
{
	struct answer answer = { .status = status };
	struct buf body;
	int r;

	buf_init(&body, ANSWER_MAX);
	r = document_write_json(document, "_tranche", &body);
	if (r) {
		buf_done(&body);
		return client_fail(store->client, r,
				   "the document cannot be told as JSON");
	}
	memcpy(answer.persistent_id, persistent_id, strlen(persistent_id) + 1);
	answer.body = body.data;
	answer.body_size = body.size;
	*ret_answer = answer;
	return 0;
}

/* Whether @session made the document. */
static bool is_made_by(const bson_t *document, const struct session *session)
{
	bson_iter_t iter, made;
	const char *id;

	if (!bson_iter_init(&iter, document) ||
	    !bson_iter_find_descendant(&iter, "_tranche.session", &made) ||
	    !BSON_ITER_HOLDS_UTF8(&made))
		return false;
	id = bson_iter_utf8(&made, NULL);
	return strcmp(id, session->id) == 0;
}

/* Answers for the document at the derived _id. ABSENT; TAKEN: not ours. */
static int answer_created(struct mongodb_store *store,
			  const struct session *session,
			  const char *persistent_id, struct deadline dl,
			  struct answer *ret_answer)
{
	bson_t filter = BSON_INITIALIZER;
	struct found found;
	bson_oid_t oid;
	int r;

	value_derive_oid("document", persistent_id, &oid);
	BSON_APPEND_OID(&filter, "_id", &oid);
	r = command_find(store->client, store->collection, &filter, NULL, dl,
			 &found);
	bson_destroy(&filter);
	if (r)
		return result(r);
	r = is_made_by(&found.document, session) ?
		make_answer(store, 201, persistent_id, &found.document,
			    ret_answer) :
		MONGODB_STORE_E_TAKEN;
	found_done(&found);
	return r;
}

/* 0 when some document has the persistentId. ABSENT. */
static int look_for(struct mongodb_store *store, const char *persistent_id,
		    struct deadline dl)
{
	bson_t filter = BSON_INITIALIZER, *projection;
	struct found found;
	int r;

	BSON_APPEND_UTF8(&filter, "persistentId", persistent_id);
	projection = BCON_NEW("_id", BCON_INT32(1));
	r = command_find(store->client, store->collection, &filter, projection,
			 dl, &found);
	bson_destroy(&filter);
	bson_destroy(projection);
	if (!r)
		found_done(&found);
	return result(r);
}

static void append_origin_id(bson_t *to, const struct session *session)
{
	bson_oid_t oid;

	value_derive_oid("session", session->id, &oid);
	BSON_APPEND_OID(to, "_id", &oid);
}

/* Entries go with their time. What stands against that is no one's harm. */
static int ensure_index(struct mongodb_store *store, struct deadline dl)
{
	bson_t *indexes;
	int r;

	if (store->has_index)
		return 0;
	indexes = BCON_NEW("0", "{", "key", "{", "purgeAt", BCON_INT32(1), "}",
			   "name", BCON_UTF8("purgeAt_1"),
			   "expireAfterSeconds", BCON_INT32(0), "}");
	r = command_create_indexes(store->client, store->origins, indexes, dl);
	bson_destroy(indexes);
	if (r < 0 && r != -EACCES && r != -EIO)
		return r;
	store->has_index = true;
	return 0;
}

/* The persistentId that the session's document brought. ABSENT: none yet. */
static int read_origin(struct mongodb_store *store,
		       const struct session *session, struct deadline dl,
		       char ret_id[static SESSION_PERSISTENT_ID_MAX + 1])
{
	bson_t filter = BSON_INITIALIZER;
	struct found found;
	const char *id;
	size_t size;
	int r;

	append_origin_id(&filter, session);
	r = command_find(store->client, store->origins, &filter, NULL, dl,
			 &found);
	bson_destroy(&filter);
	if (r)
		return result(r);
	if (value_text(&found.document, "persistentId", &id, &size) ||
	    !session_persistent_id_is_valid(id, size)) {
		r = client_fail(store->client, -EBADMSG,
				"what a session is named is rot");
	} else {
		memcpy(ret_id, id, size);
		ret_id[size] = '\0';
	}
	found_done(&found);
	return r;
}

/*
 * Notes that the session's document brought @own_id, before the document is
 * there. The first note stays, and *ret_id is what it says.
 */
static int note_origin(struct mongodb_store *store,
		       const struct session *session, const char *own_id,
		       struct deadline dl,
		       char ret_id[static SESSION_PERSISTENT_ID_MAX + 1])
{
	bson_t note = BSON_INITIALIZER;
	int r;

	r = ensure_index(store, dl);
	if (r)
		return r;
	append_origin_id(&note, session);
	BSON_APPEND_UTF8(&note, "sessionId", session->id);
	BSON_APPEND_UTF8(&note, "persistentId", own_id);
	BSON_APPEND_DATE_TIME(&note, "purgeAt", session_purge_at(session));
	r = command_insert(store->client, store->origins, &note, dl);
	bson_destroy(&note);
	if (r == MONGO_E_DUPLICATE)
		return read_origin(store, session, dl, ret_id);
	if (!r)
		memcpy(ret_id, own_id, strlen(own_id) + 1);
	return result(r);
}

/* The whole of a new document. */
static void compose(bson_t *document, const struct session *session,
		    const char *persistent_id, const bson_t *fields)
{
	int64_t now = clock_now_ms();
	bson_t tranche, updates;
	bson_oid_t oid;

	value_derive_oid("document", persistent_id, &oid);
	BSON_APPEND_OID(document, "_id", &oid);
	BSON_APPEND_UTF8(document, "persistentId", persistent_id);
	bson_concat(document, fields);
	BSON_APPEND_DATE_TIME(document, "createdAt", now);
	BSON_APPEND_DATE_TIME(document, "updatedAt", now);
	BSON_APPEND_DOCUMENT_BEGIN(document, "_tranche", &tranche);
	BSON_APPEND_UTF8(&tranche, "session", session->id);
	BSON_APPEND_ARRAY_BEGIN(&tranche, "updates", &updates);
	bson_append_array_end(&tranche, &updates);
	bson_append_document_end(document, &tranche);
}

/* Inserts, or finds out what stands in the way. */
static int insert(struct mongodb_store *store, const struct session *session,
		  const char *persistent_id, const bson_t *fields,
		  struct deadline dl, struct answer *ret_answer)
{
	bson_t document = BSON_INITIALIZER;
	int r;

	compose(&document, session, persistent_id, fields);
	r = document.len > MONGO_DOCUMENT_MAX ? MONGO_E_TOO_LARGE :
		command_insert(store->client, store->collection, &document, dl);
	if (r == 0)
		r = make_answer(store, 201, persistent_id, &document,
				ret_answer);
	else if (r != MONGO_E_DUPLICATE)
		r = result(r);
	else
		r = MONGODB_STORE_E_ABSENT;
	bson_destroy(&document);
	if (r != MONGODB_STORE_E_ABSENT)
		return r;
	r = answer_created(store, session, persistent_id, dl, ret_answer);
	if (r != MONGODB_STORE_E_ABSENT)
		return r;
	/* The unique index is one of the application's own. */
	r = look_for(store, persistent_id, dl);
	if (r == MONGODB_STORE_E_ABSENT)
		return MONGODB_STORE_E_REFUSED;
	return r ? r : MONGODB_STORE_E_TAKEN;
}

int mongodb_store_create(struct mongodb_store *store,
			 const struct session *session, const char *own_id,
			 const bson_t *fields, struct deadline dl,
			 struct answer *ret_answer)
{
	char id[SESSION_PERSISTENT_ID_MAX + 1];
	bool is_derived = !session->persistent_id[0] && !own_id;
	int r;

	session_effective_persistent_id(session, id);
	if (!session->persistent_id[0] && own_id) {
		r = note_origin(store, session, own_id, dl, id);
		if (r)
			return r;
	}
	r = answer_created(store, session, id, dl, ret_answer);
	if (r != MONGODB_STORE_E_ABSENT)
		return r;
	/* A derived one is nobody else's; that saves a search without index. */
	r = is_derived ? MONGODB_STORE_E_ABSENT : look_for(store, id, dl);
	if (r == MONGODB_STORE_E_ABSENT)
		return insert(store, session, id, fields, dl, ret_answer);
	if (r)
		return r;
	/* Another complete of this session may have come between. */
	r = answer_created(store, session, id, dl, ret_answer);
	return r == MONGODB_STORE_E_ABSENT ? MONGODB_STORE_E_TAKEN : r;
}

/* Answers for the document that @filter finds. ABSENT. */
static int answer_updated(struct mongodb_store *store,
			  const struct session *session, const bson_t *filter,
			  struct deadline dl, struct answer *ret_answer)
{
	struct found found;
	int r;

	r = command_find(store->client, store->collection, filter, NULL, dl,
			 &found);
	if (r)
		return result(r);
	r = make_answer(store, 200, session->persistent_id, &found.document,
			ret_answer);
	found_done(&found);
	return r;
}

/* Answers when the session's update was applied before. ABSENT. */
static int find_updated(struct mongodb_store *store,
			const struct session *session, struct deadline dl,
			struct answer *ret_answer)
{
	bson_t filter = BSON_INITIALIZER;
	int r;

	BSON_APPEND_UTF8(&filter, "persistentId", session->persistent_id);
	BSON_APPEND_UTF8(&filter, "_tranche.updates", session->id);
	r = answer_updated(store, session, &filter, dl, ret_answer);
	bson_destroy(&filter);
	return r;
}

/*
 * "{_id: ...}" of the document to be updated: of several with this
 * persistentId always the same one. ABSENT.
 */
static int pick(struct mongodb_store *store, const struct session *session,
		struct deadline dl, bson_t *ret_filter)
{
	bson_t filter = BSON_INITIALIZER, *only_id;
	struct found found;
	bson_iter_t id;
	int r;

	BSON_APPEND_UTF8(&filter, "persistentId", session->persistent_id);
	/* Says both what to read and in which order. */
	only_id = BCON_NEW("_id", BCON_INT32(1));
	r = command_find_first(store->client, store->collection, &filter,
			       only_id, only_id, dl, &found);
	bson_destroy(&filter);
	bson_destroy(only_id);
	if (r)
		return result(r);
	if (bson_iter_init_find(&id, &found.document, "_id"))
		bson_append_iter(ret_filter, "_id", -1, &id);
	else
		r = client_fail(store->client, -EBADMSG,
				"a document without _id");
	found_done(&found);
	return r;
}

static void append_change(bson_t *change, const struct session *session,
			  const bson_t *fields)
{
	bson_t set;

	BSON_APPEND_DOCUMENT_BEGIN(change, "$set", &set);
	bson_concat(&set, fields);
	BSON_APPEND_DATE_TIME(&set, "updatedAt", clock_now_ms());
	bson_append_document_end(change, &set);
	BCON_APPEND(change, "$push", "{", "_tranche.updates", "{",
		    "$each", "[", BCON_UTF8(session->id), "]",
		    "$slice", BCON_INT32(-MONGODB_STORE_UPDATES_MAX),
		    "}", "}");
}

/* Applies the update to the document of @id, unless that was done. */
static int apply(struct mongodb_store *store, const struct session *session,
		 const bson_t *id, const bson_t *fields, struct deadline dl,
		 int64_t *ret_n)
{
	bson_t filter = BSON_INITIALIZER, change = BSON_INITIALIZER;
	int r;

	bson_concat(&filter, id);
	BSON_APPEND_UTF8(&filter, "persistentId", session->persistent_id);
	BCON_APPEND(&filter, "_tranche.updates", "{",
		    "$ne", BCON_UTF8(session->id), "}");
	append_change(&change, session, fields);
	r = change.len > MONGO_DOCUMENT_MAX ? MONGO_E_TOO_LARGE :
		command_update(store->client, store->collection, &filter,
			       &change, /* is_pipeline= */ false, dl, ret_n);
	bson_destroy(&filter);
	bson_destroy(&change);
	return result(r);
}

int mongodb_store_update(struct mongodb_store *store,
			 const struct session *session, const bson_t *fields,
			 struct deadline dl, struct answer *ret_answer)
{
	bson_t id = BSON_INITIALIZER;
	int64_t n;
	int r;

	r = find_updated(store, session, dl, ret_answer);
	if (r != MONGODB_STORE_E_ABSENT)
		goto out;
	r = pick(store, session, dl, &id);
	if (r)
		goto out;
	r = apply(store, session, &id, fields, dl, &n);
	if (r)
		goto out;
	/* None: another complete of this session was faster, or it is gone. */
	r = n ? answer_updated(store, session, &id, dl, ret_answer) :
		find_updated(store, session, dl, ret_answer);
out:
	bson_destroy(&id);
	return r == MONGODB_STORE_E_ABSENT ? MONGODB_STORE_E_NO_ROUTE : r;
}

int mongodb_store_find(struct mongodb_store *store,
		       const struct session *session, struct deadline dl,
		       struct answer *ret_answer)
{
	char id[SESSION_PERSISTENT_ID_MAX + 1];
	int r;

	if (session->is_update)
		return find_updated(store, session, dl, ret_answer);
	session_effective_persistent_id(session, id);
	if (!session->persistent_id[0]) {
		r = read_origin(store, session, dl, id);
		if (r && r != MONGODB_STORE_E_ABSENT)
			return r;
	}
	r = answer_created(store, session, id, dl, ret_answer);
	return r == MONGODB_STORE_E_TAKEN ? MONGODB_STORE_E_ABSENT : r;
}
