/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include "common/outcome.h"

/* SINK_E_ABSENT, when it has nothing of the session. */
static int ask_sink(struct service *service, const struct request *req,
		    const struct session *session, struct answer *ret_answer)
{
	struct sink *sink;
	int r;

	r = service_sink(service, &sink);
	return r ? r : sink_find(sink, session, req->deadline, ret_answer);
}

int outcome_read(struct service *service, const struct request *req,
		 struct session *session)
{
	struct session now = { 0 };
	struct answer answer = { 0 };
	bool known;
	int r;

	r = tier_get_session(service->store, session->id, TIER_READ_ALL,
			     req->deadline, &now);
	if (r < 0)
		return r;
	known = r == 0;
	if (known) {
		session_done(session);
		*session = now;
		if (session->state == SESSION_COMPLETED)
			return 0;
	}
	r = ask_sink(service, req, session, &answer);
	if (r == SINK_E_ABSENT)
		return known ? 0 : TIER_E_ABSENT;
	if (r < 0)
		return r;
	if (r > 0) {
		service_reason(service, "the sink cannot say what it has");
		return -EIO;
	}
	answer_done(&session->answer);
	session->answer = answer;
	return outcome_record(service, req, session);
}

int outcome_record(struct service *service, const struct request *req,
		   struct session *session)
{
	int r;

	session->state = SESSION_COMPLETED;
	r = tier_finish(service->store, session, req->deadline);
	if (r < 0)
		return r;
	if (r > 0) {
		service_reason(service, "no tier has room for the record");
		return -ENOSPC;
	}
	/* What stays where a tier is away expires. */
	(void)tier_drop_chunks(service->store, session, req->deadline);
	return 0;
}

int outcome_answer(struct service *service, const struct request *req,
		   struct session *session)
{
	struct answer answer = { 0 };
	int r;

	if (session->answer.body)
		return 0;
	r = ask_sink(service, req, session, &answer);
	if (r < 0)
		return r;
	if (r == 0) {
		/* The first status is what every repetition says. */
		answer.status = session->answer.status;
		answer_done(&session->answer);
		session->answer = answer;
	}
	return 0;
}
