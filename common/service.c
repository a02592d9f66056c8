/* SPDX-License-Identifier: MIT */

#include <stdio.h>
#include <string.h>

#include "common/service.h"
#include "common/sink/open.h"

void service_reason(struct service *service, const char *words)
{
	if (!service->reason[0])
		snprintf(service->reason, sizeof(service->reason), "%s", words);
}

const char *service_words(const struct service *service)
{
	if (service->reason[0])
		return service->reason;
	if (service->sink && service->sink->error[0])
		return service->sink->error;
	return service->store->error;
}

int service_sink(struct service *service, struct sink **ret_sink)
{
	int r;

	if (!service->sink) {
		r = sink_open(service->config, &service->sink);
		if (r) {
			service_reason(service, "no memory for the sink");
			return r;
		}
	}
	*ret_sink = service->sink;
	return 0;
}

int service_session(struct service *service, const struct request *req,
		    const char *id, enum tier_read read,
		    struct session *ret_session)
{
	struct session session = { 0 };
	int r;

	if (!*id ||
	    !session_id_is_current(id, req->now_ms, service->config->ttl_ms))
		return TIER_E_ABSENT;
	memcpy(service->session_id, id, SESSION_ID_LEN + 1);
	r = tier_get_session(service->store, id, read, req->deadline, &session);
	if (r)
		return r;
	if (!session_is_owned_by(&session, req->owner) ||
	    session_is_expired(&session, req->now_ms)) {
		session_done(&session);
		/* Nothing tells it from one that does not exist. */
		service->store->served = NULL;
		return TIER_E_ABSENT;
	}
	*ret_session = session;
	return 0;
}
