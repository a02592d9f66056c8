/* SPDX-License-Identifier: MIT */

/*
 * POST /api/routes/chunked/start
 *
 *	{"totalChunks": integer, "totalSize": integer, "persistentId"?: string,
 *	 "isUpdate"?: bool, "isCompressed"?: bool, "fileName"?: string,
 *	 "contentType"?: string, "sha256"?: string of 64 hex digits}
 *
 *	200	{"sessionId", "expiresAt", "maxChunkSize"}
 *	400	a field is missing, of the wrong type, or can never be right
 *	413	more chunks or bytes than this deployment takes
 *	503	no tier can keep the session (Retry-After)
 *
 * Makes a new session each time.
 */

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "common/fields.h"
#include "common/hex.h"
#include "common/service.h"

struct start {
	struct session session;		/* as far as the client says it */
	uint64_t total_chunks;
};

#define TEXT(member) \
	offsetof(struct start, session.member), \
	sizeof(((struct start *)NULL)->session.member)

static const struct field fields[] = {
	{ "totalChunks", FIELD_UINT, offsetof(struct start, total_chunks), 0,
	  false },
	{ "totalSize", FIELD_UINT, offsetof(struct start, session.total_size),
	  0, false },
	{ "isUpdate", FIELD_BOOL, offsetof(struct start, session.is_update), 0,
	  true },
	{ "isCompressed", FIELD_BOOL,
	  offsetof(struct start, session.is_compressed), 0, true },
	{ "persistentId", FIELD_NAME, TEXT(persistent_id), true },
	{ "fileName", FIELD_STRING, TEXT(file_name), true },
	{ "contentType", FIELD_STRING, TEXT(content_type), true },
	{ "sha256", FIELD_NAME, TEXT(sha256), true },
};

static int check_texts(struct request *req, const struct session *in)
{
	uint8_t digest[SHA256_SIZE];

	if (in->is_update && !in->persistent_id[0])
		return request_invalid(req, "Missing route ID");
	if (in->persistent_id[0] &&
	    !session_persistent_id_is_valid(in->persistent_id,
					    strlen(in->persistent_id)))
		return request_invalid(req, "persistentId must be 1 to %d of "
			"A-Z a-z 0-9 _ . : -, not begin with a dot, and not "
			"end in .json", SESSION_PERSISTENT_ID_MAX);
	if (in->sha256[0] &&
	    (strlen(in->sha256) != SESSION_SHA256_LEN ||
	     hex_parse(in->sha256, SESSION_SHA256_LEN, digest)))
		return request_invalid(req, "sha256 must be %d hex digits",
				       SESSION_SHA256_LEN);
	for (const char *c = in->content_type; *c; c++)
		if (*c < 0x20 || *c > 0x7e)
			return request_invalid(req, "contentType must be "
					       "printable ASCII");
	return 0;
}

static int check_numbers(struct request *req, const struct config *config,
			 const struct start *in)
{
	uint64_t most;

	if (in->total_chunks < 1)
		return request_invalid(req, "totalChunks must be at least 1");
	if (in->total_chunks > config->max_chunks)
		return request_too_large(req, "maxChunks", config->max_chunks);
	if (in->session.total_size > config->max_size)
		return request_too_large(req, "maxSize", config->max_size);
	/* An upload of nothing is one empty chunk. */
	if (in->total_chunks > in->session.total_size && in->total_chunks > 1)
		return request_invalid(req, "totalChunks is more than "
				       "totalSize: no chunk may be empty");
	if (!__builtin_mul_overflow(in->total_chunks, config->max_chunk_size,
				    &most) && in->session.total_size > most)
		return request_invalid(req, "totalSize is more than "
				       "totalChunks chunks can hold");
	return 0;
}

/* What the client does not say. */
static int begin(struct session *session, const struct request *req,
		 const struct config *config)
{
	session->created_at = req->now_ms;
	session->expires_at = req->now_ms + config->ttl_ms;
	/* request_begin() refused an owner that is longer. */
	memcpy(session->owner, req->owner, strlen(req->owner) + 1);
	for (char *c = session->sha256; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return session_id_make(req->now_ms, session->id);
}

static int start(struct service *service, struct request *req,
		 struct reply *reply)
{
	const struct config *config = service->config;
	struct start in = { 0 };
	struct session *session = &in.session;
	int r;

	r = request_fields(req, fields, ARRAY_SIZE(fields), 0, &in);
	if (!r)
		r = check_texts(req, session);
	if (!r)
		r = check_numbers(req, config, &in);
	if (r)
		return request_refuse(req, r, reply);

	session->total_chunks = (uint32_t)in.total_chunks;
	r = begin(session, req, config);
	if (r)
		return r;
	memcpy(service->session_id, session->id, sizeof(session->id));
	r = tier_put_session(service->store, session, req->deadline);
	if (r == TIER_E_FULL) {
		service_reason(service, "no tier has room for the session");
		return -ENOSPC;
	}
	if (r)
		return r;

	reply_open(reply, HTTP_OK);
	reply_string(reply, "sessionId", session->id);
	reply_time(reply, "expiresAt", session->expires_at);
	reply_uint(reply, "maxChunkSize", config->max_chunk_size);
	return reply_close(reply);
}

int main(void)
{
	static const struct endpoint endpoint = {
		.name = "start",
		.methods = HTTP_POST,
		.handle = start,
	};

	return serve(&endpoint);
}
