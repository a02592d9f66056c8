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
 * The steps, whose order matters:
 *	1. read the session, as upload does; completed: that answer
 *	2. take the claim, and only then read the session of every tier
 *	3. ask the sink whether it has this session; if not, assemble, commit
 *	4. record the answer	5. drop the chunks, give the claim back, answer
 * No negative answer is given once the session was read without looking at
 * every tier and the sink again: another complete may have won meanwhile.
 */

#include <errno.h>

#include "common/assemble.h"
#include "common/claim.h"
#include "common/fields.h"
#include "common/outcome.h"
#include "common/refusal.h"
#include "common/service.h"

struct complete {
	char session_id[SESSION_ID_LEN + 1];
};

static const struct field fields[] = {
	{ "sessionId", FIELD_ID, offsetof(struct complete, session_id), 0,
	  false },
};

enum {
	COMPLETE_E_REFUSED = 1,		/* the reply says why */
};

static int refused(int r)
{
	return r < 0 ? r : COMPLETE_E_REFUSED;
}

/* Says which chunks are missing; 0, with nothing said, when none is. */
static int check_chunks(struct service *service, struct request *req,
			struct reply *reply, const struct session *session)
{
	CLEANUP(chunk_list_done) struct chunk_list held = { 0 };
	int r;

	r = tier_list_chunks(service->store, session, req->deadline, &held);
	if (r)
		return r;
	if (held.n >= session->total_chunks)
		return 0;
	return refused(refusal_missing(reply, &held, session));
}

/* The answer to what the assembling said; what was written is abandoned. */
static int not_assembled(struct service *service, struct request *req,
			 struct reply *reply, const struct assembly *assembly,
			 int r)
{
	if (r < 0)
		return r;
	if (r != ASSEMBLE_E_MISSING)
		return refused(refusal_of_assembly(reply, assembly, r));
	/* Rot was taken away: now its index can be named. */
	r = check_chunks(service, req, reply, assembly->session);
	if (r)
		return r;
	service_reason(service, "a chunk went away and came back");
	return -EAGAIN;
}

/* Step 3's work: the chunks become what the sink has. */
static int build(struct service *service, struct request *req,
		 struct reply *reply, struct session *session,
		 struct claim *claim)
{
	struct assembly assembly = {
		.store = service->store,
		.session = session,
		.claim = claim,
		.inflated_max = service->config->max_inflated,
	};
	struct sink_content content;
	int r;

	r = check_chunks(service, req, reply, session);
	if (r)
		return r;
	r = service_sink(service, &assembly.sink);
	if (r)
		return r;
	r = sink_begin(assembly.sink, session, req->deadline);
	if (r)
		return r < 0 ? r : refused(refusal_of_sink(reply,
							   assembly.sink, r));
	r = assemble(&assembly, req->deadline, &content);
	if (r) {
		r = not_assembled(service, req, reply, &assembly, r);
		sink_abandon(assembly.sink);
		return r;
	}
	r = sink_commit(assembly.sink, session, &content, req->deadline,
			&session->answer);
	return r <= 0 ? r : refused(refusal_of_sink(reply, assembly.sink, r));
}

/*
 * Reads it from every tier and asks the sink: 0 when it is open or completed.
 * Aborted or gone, it does not exist.
 */
static int look(struct service *service, struct request *req,
		struct reply *reply, struct session *session)
{
	int r;

	r = outcome_read(service, req, session);
	if (r == TIER_E_ABSENT || (!r && session->state == SESSION_ABORTED))
		return refused(reply_no_session(reply));
	return r;
}

/* Steps 2 to 4. 0: the session is completed, and its answer is there. */
static int attempt(struct service *service, struct request *req,
		   struct reply *reply, struct session *session,
		   struct claim *claim)
{
	int r, said;

	r = claim_take(claim, service->store, session, req->deadline);
	if (r == TIER_E_CONFLICT) {
		r = refused(reply_claimed(reply));
	} else if (!r) {
		r = look(service, req, reply, session);
		if (r || session->state == SESSION_COMPLETED)
			return r;
		r = build(service, req, reply, session, claim);
		if (!r)
			return outcome_record(service, req, session);
	}
	said = r;
	if (said < 0)
		service_reason(service, service_words(service));
	else if (reply->status == HTTP_INSUFFICIENT_STORAGE)
		service_reason(service, "the sink has no room");
	/* Others may have won, and a commit that failed may have been done. */
	r = look(service, req, reply, session);
	return r || session->state == SESSION_COMPLETED ? r : said;
}

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
		r = attempt(service, req, reply, &session, &claim);
	if (r == COMPLETE_E_REFUSED)
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
