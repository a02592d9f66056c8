/* SPDX-License-Identifier: MIT */

/*
 * POST /api/routes/chunked/complete
 *
 *	{"sessionId": string}
 *
 *	200, 201	the sink's answer, the same each time
 *	400	not all chunks received (missing_chunks: which), or what they
 *		make is not what the sink stores (bad_data)
 *	404	no such session, expired, aborted, or not this user's; or an
 *		update of what is not there (no_route)
 *	409	another complete or abort is at work (claimed, Retry-After), or
 *		another upload has the persistentId (taken)
 *	413	larger than the sink or inflation may be
 *	422	not the size or SHA-256 that start declared (mismatch)
 *	503	a tier or the sink is silent (Retry-After)
 *	507	the sink is full
 *
 * The steps, whose order matters, are completion.h's.
 */

#include "common/completion.h"
#include "common/fields.h"
#include "common/outcome.h"

struct complete {
	char session_id[SESSION_ID_LEN + 1];
};

static const struct field fields[] = {
	{ "sessionId", FIELD_ID, offsetof(struct complete, session_id), 0,
	  false },
};

static int complete(struct service *service, struct request *req,
		    struct reply *reply)
{
	CLEANUP(session_done) struct session session = { 0 };
	CLEANUP(claim_give_back) struct claim claim = { 0 };
	struct complete in = { 0 };
	int r;

	r = request_fields(req, fields, ARRAY_SIZE(fields), 0, &in);
	if (r)
		return request_refuse(req, r, reply);

	r = service_session(service, req, in.session_id, TIER_READ_FIRST,
			    &session);
	if (r == TIER_E_ABSENT)
		return reply_no_session(reply);
	if (!r && session.state != SESSION_COMPLETED)
		r = completion_run(service, req, reply, &session, &claim);
	if (r == COMPLETION_E_REFUSED)
		return 0;
	if (!r)
		r = outcome_answer(service, req, &session);
	return r ? r : reply_answer(reply, &session.answer);
}

int main(void)
{
	static const struct endpoint endpoint = {
		.name = "complete",
		.methods = HTTP_POST,
		.is_long = true,
		.handle = complete,
	};

	return serve(&endpoint);
}
