/* SPDX-License-Identifier: MIT */

/*
 * POST /api/routes/chunked/upload
 *
 *	{"sessionId": string, "chunkIndex": integer, "data": string}
 *
 * PUT or POST /api/routes/chunked/upload?sessionId=&chunkIndex=
 *
 *	the bytes
 *
 * Either with Content-Digest: sha-256=:<base64>: of the body, if one likes.
 *
 *	200	{"success": true, "receivedChunks": n, "totalChunks": m}
 *	400	malformed body or digest, the digest differs, chunkIndex not
 *		below totalChunks, an empty chunk
 *	404	no such session, expired, aborted, or not this user's
 *	409	other bytes at that index (conflict), or completed
 *	413	chunk too large, or more held than 3 x totalSize
 *	503	no tier answered (Retry-After)
 *	507	no tier has room for it
 *
 * Chunks come in any order, many at once, and again after a lost answer.
 */

#include "common/fields.h"
#include "common/service.h"

struct upload {
	char session_id[SESSION_ID_LEN + 1];
	uint64_t index;
	struct chunk chunk;
};

static const struct field fields[] = {
	{ "sessionId", FIELD_ID, offsetof(struct upload, session_id), 0,
	  false },
	{ "chunkIndex", FIELD_UINT, offsetof(struct upload, index), 0, false },
	{ "data", FIELD_DATA, offsetof(struct upload, chunk), 0, false },
};

/* JSON may need six bytes for one, \u0000, and its other fields. */
static struct body_limit body_max(const struct config *config,
				  const struct request *req)
{
	struct body_limit limit = {
		.max = config->max_chunk_size,
		.name = "maxChunkSize",
		.value = config->max_chunk_size,
	};

	if (!request_is_raw(req))
		limit.max = 6 * config->max_chunk_size + KIB(4);
	return limit;
}

static int put(struct service *service, struct request *req,
	       struct reply *reply, const struct session *session,
	       struct chunk *chunk)
{
	struct chunk_count held = { 0 };
	int r;

	chunk->info.digest = digest_of(chunk->data, chunk->info.size);
	r = tier_put_chunk(service->store, session, chunk, req->deadline,
			   &held);
	if (r == TIER_E_CONFLICT)
		return reply_error(reply, HTTP_CONFLICT, "conflict",
				   "Chunk already stored with other data");
	if (r == TIER_E_LIMIT)
		return reply_too_large(reply, "More held than 3 x totalSize",
				       "totalSize", session_bytes_max(session));
	if (r == TIER_E_FULL) {
		service_reason(service, "no tier has room for the chunk");
		return reply_error(reply, HTTP_INSUFFICIENT_STORAGE, "full",
				   "No room for this chunk");
	}
	if (r)
		return r;
	reply_open(reply, HTTP_OK);
	reply_bool(reply, "success", true);
	reply_uint(reply, "receivedChunks", held.chunks);
	reply_uint(reply, "totalChunks", session->total_chunks);
	return reply_close(reply);
}

static int upload(struct service *service, struct request *req,
		  struct reply *reply)
{
	CLEANUP(session_done) struct session session = { 0 };
	struct upload in = { 0 };
	bool digest_fits;
	int r;

	r = request_check_digest(req, &digest_fits);
	if (!r)
		r = request_fields(req, fields, ARRAY_SIZE(fields),
				   service->config->max_chunk_size, &in);
	if (r)
		return request_refuse(req, r, reply);

	r = service_session(service, req, in.session_id, TIER_READ_FIRST,
			    &session);
	if (r == TIER_E_ABSENT || (!r && session.state == SESSION_ABORTED))
		return reply_no_session(reply);
	if (r)
		return r;
	if (session.state == SESSION_COMPLETED)
		return reply_error(reply, HTTP_CONFLICT, "completed",
				   "Upload is completed already");

	if (in.index >= session.total_chunks)
		return reply_error(reply, HTTP_BAD_REQUEST, "bad_request",
				   "chunkIndex is not below totalChunks");
	if (in.chunk.info.size == 0 && session.total_size != 0)
		return reply_error(reply, HTTP_BAD_REQUEST, "bad_request",
				   "data is empty");
	if (!digest_fits)
		return reply_error(reply, HTTP_BAD_REQUEST, "bad_request",
				   "Content-Digest differs from the body");
	in.chunk.info.index = (uint32_t)in.index;
	return put(service, req, reply, &session, &in.chunk);
}

int main(void)
{
	static const struct endpoint endpoint = {
		.name = "upload",
		.methods = HTTP_POST | HTTP_PUT,
		.body_max = body_max,
		.handle = upload,
	};

	return serve(&endpoint);
}
