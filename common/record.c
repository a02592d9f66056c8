/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_out.h"
#include "common/json_scan.h"
#include "common/json_value.h"
#include "common/record.h"

/* Bounds of what is read: names that a newer program added, too. */
static const struct json_limits limits = {
	.depth_max = 16,
	.values_max = 1000,
};

#define STATE_MAX 16	/* bytes of a state's name, the NUL included */

/* The texts of a record, once for the writer and the reader. */
struct record_text {
	const char *name;
	size_t offset;
	size_t size;		/* bytes of the member, the NUL included */
};

static const struct record_text texts[] = {
	{ "sessionId", offsetof(struct session, id),
	  sizeof(((struct session *)NULL)->id) },
	{ "owner", offsetof(struct session, owner),
	  sizeof(((struct session *)NULL)->owner) },
	{ "persistentId", offsetof(struct session, persistent_id),
	  sizeof(((struct session *)NULL)->persistent_id) },
	{ "fileName", offsetof(struct session, file_name),
	  sizeof(((struct session *)NULL)->file_name) },
	{ "contentType", offsetof(struct session, content_type),
	  sizeof(((struct session *)NULL)->content_type) },
	{ "sha256", offsetof(struct session, sha256),
	  sizeof(((struct session *)NULL)->sha256) },
};

static void put_text(struct json_out *out, const char *name, const char *text)
{
	json_out_text(out, name, text, strlen(text));
}

static void put_answer(struct json_out *out, const struct answer *answer)
{
	json_out_open(out, "answer");
	json_out_uint(out, "status", answer->status);
	put_text(out, "persistentId", answer->persistent_id);
	if (answer->body && answer->body_size <= SESSION_ANSWER_MAX)
		json_out_text(out, "body", answer->body, answer->body_size);
	json_out_close(out);
}

int record_write(struct buf *out, const struct session *session)
{
	struct json_out json;

	json_out_begin(&json, out);
	json_out_int(&json, "version", RECORD_VERSION);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		put_text(&json, texts[i].name,
			 (const char *)session + texts[i].offset);
	json_out_uint(&json, "totalChunks", session->total_chunks);
	json_out_uint(&json, "totalSize", session->total_size);
	json_out_bool(&json, "isUpdate", session->is_update);
	json_out_bool(&json, "isCompressed", session->is_compressed);
	json_out_int(&json, "createdAt", session->created_at);
	json_out_int(&json, "expiresAt", session->expires_at);
	put_text(&json, "state", session_state_name(session->state));
	if (session->state == SESSION_COMPLETED)
		put_answer(&json, &session->answer);
	return json_out_end(&json);
}

static int get_text(struct json_value from, const char *name, size_t size,
		    char *ret_text)
{
	struct json_value value;
	size_t len;

	if (!json_member(from, name, &value) ||
	    json_text(value, ret_text, size, &len) || strlen(ret_text) != len)
		return -EBADMSG;
	return 0;
}

static int get_integer(struct json_value from, const char *name,
		       int64_t min, int64_t max, int64_t *ret_value)
{
	struct json_value value;
	int64_t number;

	if (!json_member(from, name, &value) || json_int(value, &number) ||
	    number < min || number > max)
		return -EBADMSG;
	*ret_value = number;
	return 0;
}

static int get_bool(struct json_value from, const char *name, bool *ret_value)
{
	struct json_value value;

	return json_member(from, name, &value) ? json_bool(value, ret_value) :
						 -EBADMSG;
}

static int get_state(struct json_value from, enum session_state *ret_state)
{
	char text[STATE_MAX];
	int r;

	r = get_text(from, "state", sizeof(text), text);
	return r ? r : session_state_parse(text, strlen(text), ret_state);
}

/* Room for what it may be, not for what its escapes take. */
static int get_body(struct json_value value, struct answer *answer)
{
	size_t room = (size_t)(value.end - value.at);
	int r;

	if (room > SESSION_ANSWER_MAX + 1)
		room = SESSION_ANSWER_MAX + 1;
	answer->body = malloc(room);
	if (!answer->body)
		return -ENOMEM;
	r = json_text(value, answer->body, room, &answer->body_size);
	return r ? -EBADMSG : 0;
}

static int get_answer(struct json_value root, struct answer *answer)
{
	struct json_value from, body;
	int64_t status;
	int r;

	if (!json_member(root, "answer", &from))
		return -EBADMSG;
	r = get_integer(from, "status", 200, 299, &status);
	if (!r)
		r = get_text(from, "persistentId",
			     sizeof(answer->persistent_id),
			     answer->persistent_id);
	if (r)
		return r;
	answer->status = (unsigned)status;
	return json_member(from, "body", &body) ? get_body(body, answer) : 0;
}

static int read_fields(struct json_value root, struct session *session)
{
	int64_t version, chunks, size;
	int r;

	r = get_integer(root, "version", RECORD_VERSION, RECORD_VERSION,
			&version);
	for (size_t i = 0; !r && i < ARRAY_SIZE(texts); i++)
		r = get_text(root, texts[i].name, texts[i].size,
			     (char *)session + texts[i].offset);
	if (!r && !session_id_is_valid(session->id, strlen(session->id)))
		r = -EBADMSG;
	if (!r)
		r = get_integer(root, "totalChunks", 1, UINT32_MAX, &chunks);
	if (!r)
		r = get_integer(root, "totalSize", 0, INT64_MAX, &size);
	if (!r)
		r = get_bool(root, "isUpdate", &session->is_update);
	if (!r)
		r = get_bool(root, "isCompressed", &session->is_compressed);
	if (!r)
		r = get_integer(root, "createdAt", 0, INT64_MAX / 4,
				&session->created_at);
	if (!r)
		r = get_integer(root, "expiresAt", session->created_at,
				INT64_MAX / 4, &session->expires_at);
	if (!r)
		r = get_state(root, &session->state);
	if (r)
		return r;
	session->total_chunks = (uint32_t)chunks;
	session->total_size = (uint64_t)size;
	if (session->state == SESSION_COMPLETED)
		return get_answer(root, &session->answer);
	return 0;
}

int record_read(const char *json, size_t size, struct session *ret_session)
{
	struct session session = { 0 };
	struct json_stats stats;
	struct json_error error;
	int r;

	if (size > RECORD_MAX ||
	    json_scan_bytes(json, size, &limits, &stats, &error))
		return -EBADMSG;
	r = read_fields(json_value_of(json, size), &session);
	if (r) {
		session_done(&session);
		return r;
	}
	*ret_session = session;
	return 0;
}
