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
	uint64_t total_chunks;
	uint64_t total_size;
	bool is_update;
	bool is_compressed;
	char persistent_id[SESSION_PERSISTENT_ID_MAX + 1];
	char file_name[SESSION_FILE_NAME_MAX + 1];
	char content_type[SESSION_CONTENT_TYPE_MAX + 1];
	char sha256[SESSION_SHA256_LEN + 1];
};

#define MEMBER(member) \
	offsetof(struct start, member), sizeof(((struct start *)NULL)->member)

static const struct field fields[] = {
	{ "totalChunks", FIELD_UINT, MEMBER(total_chunks), false },
	{ "totalSize", FIELD_UINT, MEMBER(total_size), false },
	{ "isUpdate", FIELD_BOOL, MEMBER(is_update), true },
	{ "isCompressed", FIELD_BOOL, MEMBER(is_compressed), true },
	{ "persistentId", FIELD_NAME, MEMBER(persistent_id), true },
	{ "fileName", FIELD_STRING, MEMBER(file_name), true },
	{ "contentType", FIELD_STRING, MEMBER(content_type), true },
	{ "sha256", FIELD_NAME, MEMBER(sha256), true },
};

static int check_texts(struct request *req, const struct start *in)
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
	if (in->total_size > config->max_size)
		return request_too_large(req, "maxSize", config->max_size);
	/* An upload of nothing is one empty chunk. */
	if (in->total_chunks > in->total_size && in->total_chunks > 1)
		return request_invalid(req, "totalChunks is more than "
				       "totalSize: no chunk may be empty");
	if (!__builtin_mul_overflow(in->total_chunks, config->max_chunk_size,
				    &most) && in->total_size > most)
		return request_invalid(req, "totalSize is more than "
				       "totalChunks chunks can hold");
	return 0;
}

static void fill(struct session *session, const struct start *in,
		 const struct request *req, const struct config *config)
{
	session->total_chunks = (uint32_t)in->total_chunks;
	session->total_size = in->total_size;
	session->is_update = in->is_update;
	session->is_compressed = in->is_compressed;
	session->created_at = req->now_ms;
	session->expires_at = req->now_ms + config->ttl_ms;
	strcpy(session->owner, req->owner);
	strcpy(session->persistent_id, in->persistent_id);
	strcpy(session->file_name, in->file_name);
	strcpy(session->content_type, in->content_type);
	for (size_t i = 0; in->sha256[i]; i++)
		session->sha256[i] =
			(char)tolower((unsigned char)in->sha256[i]);
}

static int start(struct service *service, struct request *req,
		 struct reply *reply)
{
	const struct config *config = service->config;
	struct session session = { 0 };
	struct start in = { 0 };
	int r;

	r = request_fields(req, fields, ARRAY_SIZE(fields), 0, &in);
	if (!r)
		r = check_texts(req, &in);
	if (!r)
		r = check_numbers(req, config, &in);
	if (r)
		return request_refuse(req, r, reply);

	r = session_id_make(req->now_ms, session.id);
	if (r)
		return r;
	memcpy(service->session_id, session.id, sizeof(session.id));
	fill(&session, &in, req, config);
	r = tier_put_session(service->store, &session, req->deadline);
	if (r == TIER_E_FULL) {
		service_reason(service, "no tier has room for the session");
		return -ENOSPC;
	}
	if (r)
		return r;

	reply_open(reply, HTTP_OK);
	reply_string(reply, "sessionId", session.id);
	reply_time(reply, "expiresAt", session.expires_at);
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
