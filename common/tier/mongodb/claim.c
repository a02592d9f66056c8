/* SPDX-License-Identifier: MIT */

#include "common/mongo/value.h"
#include "common/tier/mongodb/parts.h"

/* Of a claim that is not to be had: once more, or it may have been lost. */
#define TRIES_MAX 2

/*
 * A claim's time is told by the server ($$NOW), which plain inserts cannot
 * ask: so a claim that nobody has, long over, is put there first, and all
 * who want it change that one document.
 */
static int insert_free(struct mongodb *m, const struct session *session,
		       struct deadline dl)
{
	bson_t document = BSON_INITIALIZER;
	int r;

	mongodb_append_session_id(&document, session->id);
	BSON_APPEND_UTF8(&document, "sessionId", session->id);
	BSON_APPEND_UTF8(&document, "token", "");
	BSON_APPEND_DATE_TIME(&document, "until", 0);
	BSON_APPEND_DATE_TIME(&document, "purgeAt",
			      session_purge_at(session));
	r = command_insert(m->client, MONGODB_CLAIMS, &document, dl);
	bson_destroy(&document);
	return r == MONGO_E_DUPLICATE ? 0 : r;
}

static bson_t *ours_or_over(const struct session *session,
			    const struct tier_token *token)
{
	bson_t *filter = bson_new();

	mongodb_append_session_id(filter, session->id);
	BCON_APPEND(filter, "$or", "[",
		    "{", "token", BCON_UTF8(token->text), "}",
		    "{", "$expr", "{", "$lte", "[", BCON_UTF8("$until"),
		    BCON_UTF8("$$NOW"), "]", "}", "}", "]");
	return filter;
}

/* A pipeline: the lease begins now, and is kept past the session's time. */
static bson_t *take(const struct session *session,
		    const struct tier_token *token)
{
	return BCON_NEW("0", "{", "$set", "{",
		"token", BCON_UTF8(token->text),
		"until", "{", "$add", "[", BCON_UTF8("$$NOW"),
			BCON_INT32(TIER_CLAIM_LEASE_MS), "]", "}",
		"purgeAt", "{", "$max", "[",
			BCON_DATE_TIME(session_purge_at(session)),
			"{", "$add", "[", BCON_UTF8("$$NOW"),
			BCON_INT32(TIER_CLAIM_LEASE_MS), "]", "}", "]", "}",
		"}", "}");
}

/* *ret_n is 1 when it is ours now. */
static int try_claim(struct mongodb *m, const struct session *session,
		     const struct tier_token *token, struct deadline dl,
		     int64_t *ret_n)
{
	bson_t *filter, *change;
	int r;

	r = insert_free(m, session, dl);
	if (r)
		return r;
	filter = ours_or_over(session, token);
	change = take(session, token);
	r = command_update(m->client, MONGODB_CLAIMS, filter, change,
			   /* is_pipeline= */ true, dl, ret_n);
	bson_destroy(filter);
	bson_destroy(change);
	return r;
}

int mongodb_claim(struct tier *t, const struct session *session,
		  const struct tier_token *token, struct deadline dl)
{
	struct mongodb *m = mongodb_of(t);
	int64_t n = 0;
	int r;

	r = mongodb_ensure_indexes(m, dl);
	/* Deleted in between, by whoever, it is nobody's and not another's. */
	for (int i = 0; !r && !n && i < TRIES_MAX; i++)
		r = mongodb_result(m, try_claim(m, session, token, dl, &n));
	return r || n ? r : TIER_E_CONFLICT;
}

int mongodb_release(struct tier *t, const struct session *session,
		    const struct tier_token *token, struct deadline dl)
{
	struct mongodb *m = mongodb_of(t);
	bson_t filter = BSON_INITIALIZER, *change;
	int64_t n;
	int r;

	mongodb_append_session_id(&filter, session->id);
	BSON_APPEND_UTF8(&filter, "token", token->text);
	/* Not deleted: who is just about to take it must find it. */
	change = BCON_NEW("$set", "{", "token", BCON_UTF8(""),
			  "until", BCON_DATE_TIME(0), "}");
	r = command_update(m->client, MONGODB_CLAIMS, &filter, change,
			   /* is_pipeline= */ false, dl, &n);
	bson_destroy(&filter);
	bson_destroy(change);
	return mongodb_result(m, r);
}

int mongodb_is_claimed(struct tier *t, const struct session *session,
		       struct deadline dl, bool *ret_held)
{
	struct mongodb *m = mongodb_of(t);
	bson_t filter = BSON_INITIALIZER, *projection;
	struct found found;
	int r;

	mongodb_append_session_id(&filter, session->id);
	BCON_APPEND(&filter, "$expr", "{", "$gt", "[", BCON_UTF8("$until"),
		    BCON_UTF8("$$NOW"), "]", "}");
	projection = BCON_NEW("_id", BCON_INT32(1));
	r = command_find(m->client, MONGODB_CLAIMS, &filter, projection, dl,
			 &found);
	bson_destroy(&filter);
	bson_destroy(projection);
	if (r && r != MONGO_E_ABSENT)
		return mongodb_result(m, r);
	*ret_held = r == 0;
	if (!r)
		found_done(&found);
	return 0;
}
