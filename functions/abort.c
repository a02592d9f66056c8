/* SPDX-License-Identifier: MIT */

/*
 * POST /api/routes/chunked/abort
 *
 *	{"sessionId": string}
 *
 * DELETE /api/routes/chunked/abort?sessionId=
 *
 *	200	{"success": true}, also the second time
 *	404	no such session, expired, or not this user's
 *	409	completed already, or complete or another abort is at work
 *		(claimed, Retry-After)
 *	503	no tier can record it (Retry-After)
 *
 * The order of the steps is what keeps an abort and a complete of one session
 * from both being done: see completion.h.
 */

#include <errno.h>

#include "common/claim.h"
#include "common/fields.h"
#include "common/outcome.h"
#include "common/service.h"

struct abort {
	char session_id[SESSION_ID_LEN + 1];
};

static const struct field fields[] = {
	{ "sessionId", FIELD_ID, offsetof(struct abort, session_id), 0, false },
};

static int completed(struct reply *reply)
{
	return reply_error(reply, HTTP_CONFLICT, "completed",
			   "Upload is completed already");
}

static int abort_claimed(struct service *service, struct request *req,
			 struct reply *reply, struct session *session,
			 struct claim *claim)
{
	int r;

	r = outcome_read(service, req, session);
	if (r == TIER_E_ABSENT)
		return reply_no_session(reply);
	if (r)
		return r;
	if (session->state == SESSION_COMPLETED)
		return completed(reply);

	/* One whose claim is lost must not get between a complete's steps. */
	r = claim_keep(claim, req->deadline);
	if (r == TIER_E_CONFLICT)
		return reply_claimed(reply);
	if (r)
		return r;
	session->state = SESSION_ABORTED;
	r = tier_finish(service->store, session, req->deadline);
	if (r == TIER_E_CONFLICT)
		return completed(reply);
	if (r == TIER_E_FULL) {
		service_reason(service, "no tier has room for the record");
		return -ENOSPC;
	}
	if (r)
		return r;
	/* What stays where a tier is away expires. */
	(void)tier_drop_chunks(service->store, session, req->deadline);

	reply_open(reply, HTTP_OK);
	reply_bool(reply, "success", true);
	return reply_close(reply);
}

static int abort_upload(struct service *service, struct request *req,
			struct reply *reply)
{
	CLEANUP(session_done) struct session session = { 0 };
	CLEANUP(claim_give_back) struct claim claim = { 0 };
	struct abort in = { 0 };
	int r;

	r = request_fields(req, fields, ARRAY_SIZE(fields), 0, &in);
	if (r)
		return request_refuse(req, r, reply);

	r = service_session(service, req, in.session_id, TIER_READ_FIRST,
			    &session);
	if (r == TIER_E_ABSENT)
		return reply_no_session(reply);
	if (r)
		return r;
	if (session.state == SESSION_COMPLETED)
		return completed(reply);

	r = claim_take(&claim, service->store, &session, req->deadline);
	if (r == TIER_E_CONFLICT)
		return reply_claimed(reply);
	if (r)
		return r;
	return abort_claimed(service, req, reply, &session, &claim);
}

int main(void)
{
	static const struct endpoint endpoint = {
		.name = "abort",
		.methods = HTTP_POST | HTTP_DELETE,
		.handle = abort_upload,
	};

	return serve(&endpoint);
}
