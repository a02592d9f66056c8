/* SPDX-License-Identifier: MIT */

/*
 * service - what a function works with, and the program around it.
 *
 * An endpoint is a file in functions/ whose main() is serve(&endpoint). serve()
 * owns the loop: takes a request, bounds its time and body, refuses wrong
 * methods, calls handle, turns a negative result into 503, writes one line of
 * log, sends. Nothing of a session stays in the process between two requests;
 * connections do.
 */

#pragma once

#include "common/base.h"
#include "common/config.h"
#include "common/reply.h"
#include "common/request.h"
#include "common/sink/sink.h"
#include "common/tier/tier.h"

#define SERVICE_REASON_MAX 256	/* bytes, the NUL included */

struct service {
	const struct config *config;
	struct tier *store;	/* all tiers behind one face */
	struct sink *sink;	/* NULL until service_sink() */
	/* For the log line: the session's id once it is known; "". */
	char session_id[SESSION_ID_LEN + 1];
	/* For the log line: why it failed, when later words hide it; "". */
	char reason[SERVICE_REASON_MAX];
};

/*
 * Answers @req into @reply. 0 when it has, also with an error; a negative
 * -errno is answered 503 by serve(), whatever is in @reply.
 */
typedef int endpoint_fn(struct service *service, struct request *req,
			struct reply *reply);

/* The largest body, by what the request is. */
typedef struct body_limit endpoint_body_fn(const struct config *config,
					   const struct request *req);

struct endpoint {
	const char *name;		/* as in its path and in the log */
	unsigned methods;		/* enum http_method, or-ed */
	bool is_long;			/* may take TRANCHE_COMPLETE_TIMEOUT */
	endpoint_body_fn *body_max;	/* NULL: ENDPOINT_BODY_MAX, "maxBody" */
	endpoint_fn *handle;
};

#define ENDPOINT_BODY_MAX KIB(64)	/* bytes of a body that is parameters */

/* Runs the program to its end; what main() returns. */
int serve(const struct endpoint *endpoint);

/* Notes why the request fails, for the log, unless that was noted before. */
void service_reason(struct service *service, const char *words);

/*
 * Why it failed: what was noted, else the words of the sink or the store; ""
 * when there are none. The store has words also of a tier that was passed over.
 */
const char *service_words(const struct service *service);

/* The sink, which is opened when it is first needed. -errno as its open. */
int service_sink(struct service *service, struct sink **ret_sink);

/*
 * The caller's session @id, for whatever a function does with it: an id that
 * cannot be current, another owner's session and one whose time is over are
 * TIER_E_ABSENT. session_done() the result. An aborted one is given: the
 * functions say 404 for it, but for abort.
 */
int service_session(struct service *service, const struct request *req,
		    const char *id, enum tier_read read,
		    struct session *ret_session);
