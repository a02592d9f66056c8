/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <string.h>

#include "common/mongo/value.h"
#include "common/tier/mongodb/parts.h"
#include "common/tier/mongodb/session.h"

/*
 * A document that counts chunks, of a session whose record is not here. It is
 * no record to a reader, and earlier than any to a writer.
 */
#define STATE_NONE (-1)

static int insert(struct mongodb *m, const struct session *session, int state,
		  int64_t stamp, struct deadline dl)
{
	bson_t document = BSON_INITIALIZER, map;
	int r;

	mongodb_append_session_id(&document, session->id);
	mongodb_session_append(&document, session);
	BSON_APPEND_INT32(&document, "state", state);
	BSON_APPEND_INT32(&document, "receivedChunks", 0);
	BSON_APPEND_INT64(&document, "bytesHeld", 0);
	if (session->total_chunks <= MONGODB_MAP_MAX) {
		BSON_APPEND_DOCUMENT_BEGIN(&document, "chunks", &map);
		bson_append_document_end(&document, &map);
	}
	BSON_APPEND_INT64(&document, "stamp", stamp);
	r = command_insert(m->client, MONGODB_SESSIONS, &document, dl);
	bson_destroy(&document);
	return r;
}

static void filter_earlier(bson_t *filter, const struct session *session)
{
	mongodb_append_session_id(filter, session->id);
	BCON_APPEND(filter, "state", "{",
		    "$lt", BCON_INT32(session->state), "}");
}

/* Puts the record over one of an earlier state; what counts chunks stays. */
static int replace_earlier(struct mongodb *m, const struct session *session,
			   int64_t stamp, struct deadline dl, int64_t *ret_n)
{
	bson_t filter = BSON_INITIALIZER, change = BSON_INITIALIZER, set;
	int r;

	filter_earlier(&filter, session);
	BSON_APPEND_DOCUMENT_BEGIN(&change, "$set", &set);
	mongodb_session_append(&set, session);
	BSON_APPEND_INT32(&set, "state", session->state);
	BSON_APPEND_INT64(&set, "stamp", stamp);
	bson_append_document_end(&change, &set);
	r = command_update(m->client, MONGODB_SESSIONS, &filter, &change,
			   /* is_pipeline= */ false, dl, ret_n);
	bson_destroy(&filter);
	bson_destroy(&change);
	return r;
}

/* Takes a document that is no record away, unless it is one by now. */
static int take_rot_away(struct mongodb *m, const char *id, struct stamp stamp,
			 struct deadline dl, int64_t *ret_n)
{
	bson_t filter = BSON_INITIALIZER;
	int r;

	mongodb_append_session_id(&filter, id);
	mongodb_stamp_pin(&filter, stamp);
	r = command_delete(m->client, MONGODB_SESSIONS, &filter,
			   /* all= */ false, dl, ret_n);
	bson_destroy(&filter);
	return r;
}

/* MONGO_E_ABSENT; -EBADMSG: what is there, with *ret_stamp, is no record. */
static int read_once(struct mongodb *m, const char *id, struct deadline dl,
		     struct session *ret_session, struct stamp *ret_stamp)
{
	bson_t filter = BSON_INITIALIZER, *projection;
	struct session session;
	struct found found;
	int64_t state;
	int r;

	mongodb_append_session_id(&filter, id);
	projection = BCON_NEW("chunks", BCON_INT32(0));
	r = command_find(m->client, MONGODB_SESSIONS, &filter, projection, dl,
			 &found);
	bson_destroy(&filter);
	bson_destroy(projection);
	if (r)
		return r;
	*ret_stamp = mongodb_stamp_read(&found.document);
	r = value_integer(&found.document, "state", &state);
	if (!r && state == STATE_NONE)
		r = MONGO_E_ABSENT;
	if (!r)
		r = mongodb_session_read(&found.document, &session);
	if (!r && strcmp(session.id, id) != 0) {
		session_done(&session);
		r = -EBADMSG;
	}
	found_done(&found);
	if (!r)
		*ret_session = session;
	return r;
}

/* Reads the record, whatever its time; rot is taken away. TIER_E_ABSENT. */
static int read_record(struct mongodb *m, const char *id, struct deadline dl,
		       struct session *ret_session)
{
	struct stamp stamp = { 0 };
	int64_t n;
	int r;

	for (int i = 0; i < MONGODB_TRIES_MAX; i++) {
		r = read_once(m, id, dl, ret_session, &stamp);
		if (r == MONGO_E_ABSENT)
			return TIER_E_ABSENT;
		if (r == -ENOMEM)
			return tier_fail(&m->base, r, "out of memory");
		if (r != -EBADMSG)
			return mongodb_result(m, r);
		r = take_rot_away(m, id, stamp, dl, &n);
		if (r)
			return mongodb_result(m, r);
		if (n)
			return TIER_E_ABSENT;
	}
	return mongodb_unsettled(m);
}

/* The state on record, or STATE_NONE. */
static int read_state(struct mongodb *m, const char *id, struct deadline dl,
		      int *ret_state)
{
	struct session session;
	int r;

	r = read_record(m, id, dl, &session);
	if (r == TIER_E_ABSENT) {
		*ret_state = STATE_NONE;
		return 0;
	}
	if (r)
		return r;
	*ret_state = session.state;
	session_done(&session);
	return 0;
}

/*
 * Makes the record say at least @session's state, and gives the state that it
 * has then.
 */
static int advance(struct mongodb *m, const struct session *session,
		   struct deadline dl, int *ret_state)
{
	int state = session->state;
	int64_t stamp, n;
	int r;

	r = mongodb_ensure_indexes(m, dl);
	if (r)
		return r;
	r = value_make_stamp(&stamp);
	if (r)
		return tier_fail(&m->base, r, "no random numbers");
	for (int i = 0; i < MONGODB_TRIES_MAX; i++) {
		*ret_state = state;
		r = insert(m, session, state, stamp, dl);
		if (r != MONGO_E_DUPLICATE)
			return mongodb_result(m, r);
		r = read_state(m, session->id, dl, ret_state);
		if (r || *ret_state >= state)
			return r;
		*ret_state = state;
		r = replace_earlier(m, session, stamp, dl, &n);
		if (r || n)
			return mongodb_result(m, r);
	}
	return mongodb_unsettled(m);
}

int mongodb_make_countable(struct mongodb *m, const struct session *session,
			   struct deadline dl)
{
	int64_t stamp;
	int state, r;

	r = value_make_stamp(&stamp);
	if (r)
		return tier_fail(&m->base, r, "no random numbers");
	r = insert(m, session, STATE_NONE, stamp, dl);
	if (r != MONGO_E_DUPLICATE)
		return mongodb_result(m, r);
	/* A record has come meanwhile, or rot is in the way and goes now. */
	return read_state(m, session->id, dl, &state);
}

int mongodb_put_session(struct tier *t, const struct session *session,
			struct deadline dl)
{
	struct mongodb *m = mongodb_of(t);
	int state, r;

	r = advance(m, session, dl, &state);
	if (!r)
		t->served = "mongodb";
	return r;
}

int mongodb_finish(struct tier *t, const struct session *session,
		   struct deadline dl)
{
	struct mongodb *m = mongodb_of(t);
	int state = 0, r;

	r = advance(m, session, dl, &state);
	if (r)
		return r;
	if (state > (int)session->state)
		return TIER_E_CONFLICT;
	t->served = "mongodb";
	return 0;
}

int mongodb_get_session(struct tier *t, const char *id, enum tier_read read,
			struct deadline dl, struct session *ret_session)
{
	struct mongodb *m = mongodb_of(t);
	struct session session;
	int r;

	(void)read;	/* there is one place to ask */
	r = read_record(m, id, dl, &session);
	if (r)
		return r;
	if (clock_now_ms() >= session_purge_at(&session)) {
		session_done(&session);
		return TIER_E_ABSENT;
	}
	*ret_session = session;
	t->served = "mongodb";
	return 0;
}

int mongodb_drop_session(struct tier *t, const struct session *session,
			 struct deadline dl)
{
	struct mongodb *m = mongodb_of(t);
	bson_t filter = BSON_INITIALIZER;
	int64_t n;
	int r;

	filter_earlier(&filter, session);
	r = command_delete(m->client, MONGODB_SESSIONS, &filter,
			   /* all= */ false, dl, &n);
	bson_destroy(&filter);
	return mongodb_result(m, r);
}
