/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "common/service.h"
#include "common/sink/open.h"

int service_sink(struct service *service, struct sink **ret_sink)
{
	int r;

	if (!service->sink) {
		r = sink_open(service->config, &service->sink);
		if (r) {
			service->reason = "the sink cannot be opened";
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
		return TIER_E_ABSENT;
	}
	*ret_session = session;
	return 0;
}
