/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include "common/assemble.h"
#include "common/completion.h"
#include "common/outcome.h"
#include "common/refusal.h"

static int refused(int r)
{
	return r < 0 ? r : COMPLETION_E_REFUSED;
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

/*
 * Whether the session's time has run out meanwhile: what it lacks may have been
 * purged, and nothing would mend it. 409 is about others, and stays true.
 */
static bool is_over(const struct session *session, const struct reply *reply)
{
	return session_is_expired(session, clock_now_ms()) &&
	       reply->status != HTTP_CONFLICT;
}

int completion_run(struct service *service, struct request *req,
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
	if (r || session->state == SESSION_COMPLETED)
		return r;
	return said > 0 && is_over(session, reply) ?
		refused(reply_no_session(reply)) : said;
}
