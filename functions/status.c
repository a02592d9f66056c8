/* SPDX-License-Identifier: MIT */

/*
 * GET /api/routes/chunked/status?sessionId=
 *
 *	200	{"sessionId", "state", "totalChunks", "receivedChunks",
 *		 "receivedBytes", "missing", "expiresAt", "result"?}
 *		state is open, completing (complete or abort is at work) or
 *		completed; result is then complete's body. Retry-After while a
 *		tier that may hold more is silent.
 *	404	no such session, expired, aborted, or not this user's
 *	503	a tier is silent and the others have not the session
 *
 * GET /api/routes/chunked/status
 *
 *	200	{"maxChunkSize", "maxChunks", "maxSize", "ttl"}; asks no tier
 */

#include "common/fields.h"
#include "common/outcome.h"
#include "common/query.h"
#include "common/service.h"

struct status {
	char session_id[SESSION_ID_LEN + 1];
};

static const struct field fields[] = {
	{ "sessionId", FIELD_ID, offsetof(struct status, session_id), 0,
	  false },
};

static int limits(const struct config *config, struct reply *reply)
{
	reply_open(reply, HTTP_OK);
	reply_uint(reply, "maxChunkSize", config->max_chunk_size);
	reply_uint(reply, "maxChunks", config->max_chunks);
	reply_uint(reply, "maxSize", config->max_size);
	reply_uint(reply, "ttl", (uint64_t)config->ttl_ms / 1000);
	return reply_close(reply);
}

static void describe(struct reply *reply, const struct session *session,
		     const char *state, uint64_t chunks, uint64_t bytes)
{
	reply_open(reply, HTTP_OK);
	reply_string(reply, "sessionId", session->id);
	reply_string(reply, "state", state);
	reply_uint(reply, "totalChunks", session->total_chunks);
	reply_uint(reply, "receivedChunks", chunks);
	reply_uint(reply, "receivedBytes", bytes);
	reply_time(reply, "expiresAt", session->expires_at);
}

static int completed(struct service *service, struct request *req,
		     struct reply *reply, struct session *session)
{
	const struct chunk_list none = { 0 };
	int r;

	r = outcome_answer(service, req, session);
	if (r)
		return r;
	describe(reply, session, "completed", session->total_chunks,
		 session->total_size);
	reply_missing(reply, &none, 0);
	reply_result(reply, "result", &session->answer);
	return reply_close(reply);
}

static int at_work(struct service *service, struct request *req,
		   struct reply *reply, const struct session *session)
{
	CLEANUP(chunk_list_done) struct chunk_list held = { 0 };
	bool claimed = false;
	int r;

	r = tier_list_chunks(service->store, session, req->deadline, &held);
	if (!r)
		r = tier_is_claimed(service->store, session, req->deadline,
				    &claimed);
	if (r)
		return r;
	describe(reply, session, claimed ? "completing" : "open", held.n,
		 chunk_list_bytes(&held));
	reply_missing(reply, &held, session->total_chunks);
	if (held.silent)
		reply->retry_after = REPLY_RETRY_SICK;
	return reply_close(reply);
}

static int status(struct service *service, struct request *req,
		  struct reply *reply)
{
	CLEANUP(session_done) struct session session = { 0 };
	struct status in = { 0 };
	int r;

	if (!query_has(req->query, "sessionId"))
		return limits(service->config, reply);
	r = request_fields(req, fields, ARRAY_SIZE(fields), 0, &in);
	if (r)
		return request_refuse(req, r, reply);

	r = service_session(service, req, in.session_id, TIER_READ_ALL,
			    &session);
	if (r == TIER_E_ABSENT || (!r && session.state == SESSION_ABORTED))
		return reply_no_session(reply);
	if (r)
		return r;
	if (session.state == SESSION_COMPLETED)
		return completed(service, req, reply, &session);
	return at_work(service, req, reply, &session);
}

int main(void)
{
	static const struct endpoint endpoint = {
		.name = "status",
		.methods = HTTP_GET,
		.handle = status,
	};

	return serve(&endpoint);
}
