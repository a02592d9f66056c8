/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include "common/refusal.h"

static int bad_data(struct reply *reply, const char *text, const char *details)
{
	reply_open_error(reply, HTTP_BAD_REQUEST, "bad_data", text);
	if (details && *details)
		reply_string(reply, "details", details);
	return reply_close(reply);
}

int refusal_missing(struct reply *reply, const struct chunk_list *held,
		    const struct session *session)
{
	reply_open_error(reply, HTTP_BAD_REQUEST, "missing_chunks",
			 "Not all chunks received");
	reply_uint(reply, "receivedChunks", held->n);
	reply_uint(reply, "totalChunks", session->total_chunks);
	reply_missing(reply, held, session->total_chunks);
	if (held->silent)
		reply->retry_after = REPLY_RETRY_SICK;
	return reply_close(reply);
}

int refusal_of_sink(struct reply *reply, const struct sink *sink, int r)
{
	switch (r) {
	case SINK_E_TAKEN:
		return reply_error(reply, HTTP_CONFLICT, "taken",
				   "persistentId is taken by another upload");
	case SINK_E_NO_ROUTE:
		return reply_error(reply, HTTP_NOT_FOUND, "no_route",
				   "Route not found");
	case SINK_E_BAD_DATA:
		return bad_data(reply, "Failed to parse reassembled data",
				sink->reason);
	case SINK_E_BAD_FIELDS:
		return bad_data(reply, "Missing required fields",
				sink->reason);
	case SINK_E_TOO_LARGE:
		return reply_too_large(reply, sink->reason[0] ? sink->reason :
				       "The upload is too large to be stored",
				       sink->limit, sink->limit_max);
	case SINK_E_FULL:
		return reply_error(reply, HTTP_INSUFFICIENT_STORAGE, "full",
				   "No room to store the upload");
	default:
		return -EPROTO;
	}
}

int refusal_of_assembly(struct reply *reply, const struct assembly *assembly,
			int r)
{
	switch (r) {
	case ASSEMBLE_E_MISMATCH:
		return reply_error(reply, HTTP_UNPROCESSABLE_CONTENT,
				   "mismatch", assembly->reason);
	case ASSEMBLE_E_COMPRESSED:
		return bad_data(reply, "Failed to decompress data",
				assembly->reason);
	case ASSEMBLE_E_INFLATED:
		return reply_too_large(reply, "The upload inflates to more "
				       "than may be stored", "maxInflated",
				       assembly->inflated_max);
	case ASSEMBLE_E_SINK:
		return refusal_of_sink(reply, assembly->sink,
				       assembly->sink_answer);
	case ASSEMBLE_E_CLAIM:
		return reply_claimed(reply);
	default:
		return -EPROTO;
	}
}
