/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "common/record.h"

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

/* Adds @value, which it takes even when it fails. */
static int add(struct json_object *to, const char *name,
	       struct json_object *value)
{
	if (!value)
		return -ENOMEM;
	if (json_object_object_add(to, name, value)) {
		json_object_put(value);
		return -ENOMEM;
	}
	return 0;
}

static int add_answer(struct json_object *root, const struct answer *answer)
{
	struct json_object *to = json_object_new_object();
	int r;

	r = add(root, "answer", to);
	if (r)
		return r;
	r = add(to, "status", json_object_new_int64(answer->status));
	if (!r)
		r = add(to, "persistentId",
			json_object_new_string(answer->persistent_id));
	if (!r && answer->body && answer->body_size <= SESSION_ANSWER_MAX)
		r = add(to, "body", json_object_new_string_len(answer->body,
						(int)answer->body_size));
	return r;
}

static int fill(struct json_object *root, const struct session *session)
{
	int r;

	r = add(root, "version", json_object_new_int64(RECORD_VERSION));
	for (size_t i = 0; !r && i < ARRAY_SIZE(texts); i++) {
		const char *text = (const char *)session + texts[i].offset;

		r = add(root, texts[i].name, json_object_new_string(text));
	}
	if (!r)
		r = add(root, "totalChunks",
			json_object_new_int64(session->total_chunks));
	if (!r)
		r = add(root, "totalSize",
			json_object_new_uint64(session->total_size));
	if (!r)
		r = add(root, "isUpdate",
			json_object_new_boolean(session->is_update));
	if (!r)
		r = add(root, "isCompressed",
			json_object_new_boolean(session->is_compressed));
	if (!r)
		r = add(root, "createdAt",
			json_object_new_int64(session->created_at));
	if (!r)
		r = add(root, "expiresAt",
			json_object_new_int64(session->expires_at));
	if (!r)
		r = add(root, "state", json_object_new_string(
					session_state_name(session->state)));
	if (!r && session->state == SESSION_COMPLETED)
		r = add_answer(root, &session->answer);
	return r;
}

int record_write(struct buf *out, const struct session *session)
{
	struct json_object *root = json_object_new_object();
	const char *text;
	size_t size;
	int r;

	if (!root)
		return -ENOMEM;
	r = fill(root, session);
	if (!r) {
		text = json_object_to_json_string_length(root,
						JSON_C_TO_STRING_PLAIN, &size);
		r = text ? buf_append(out, text, size) : -ENOMEM;
	}
	json_object_put(root);
	return r;
}

static int get(struct json_object *from, const char *name, json_type type,
	       struct json_object **ret_value)
{
	struct json_object *value;

	if (!json_object_object_get_ex(from, name, &value) ||
	    !json_object_is_type(value, type))
		return -EBADMSG;
	*ret_value = value;
	return 0;
}

static int get_text(struct json_object *from, const char *name, size_t size,
		    char *ret_text)
{
	struct json_object *value;
	size_t len;
	int r;

	r = get(from, name, json_type_string, &value);
	if (r)
		return r;
	len = (size_t)json_object_get_string_len(value);
	if (len >= size || strlen(json_object_get_string(value)) != len)
		return -EBADMSG;
	memcpy(ret_text, json_object_get_string(value), len + 1);
	return 0;
}

static int get_integer(struct json_object *from, const char *name,
		       int64_t min, int64_t max, int64_t *ret_value)
{
	struct json_object *value;
	int64_t number;
	int r;

	r = get(from, name, json_type_int, &value);
	if (r)
		return r;
	number = json_object_get_int64(value);
	if (number < min || number > max)
		return -EBADMSG;
	*ret_value = number;
	return 0;
}

static int get_bool(struct json_object *from, const char *name, bool *ret_value)
{
	struct json_object *value;
	int r;

	r = get(from, name, json_type_boolean, &value);
	if (!r)
		*ret_value = json_object_get_boolean(value);
	return r;
}

static int get_state(struct json_object *from, enum session_state *ret_state)
{
	struct json_object *value;
	int r;

	r = get(from, "state", json_type_string, &value);
	if (r)
		return r;
	return session_state_parse(json_object_get_string(value),
				   (size_t)json_object_get_string_len(value),
				   ret_state);
}

static int get_answer(struct json_object *root, struct answer *answer)
{
	struct json_object *from, *body;
	int64_t status;
	size_t size;
	int r;

	r = get(root, "answer", json_type_object, &from);
	if (!r)
		r = get_integer(from, "status", 200, 299, &status);
	if (!r)
		r = get_text(from, "persistentId",
			     sizeof(answer->persistent_id),
			     answer->persistent_id);
	if (r)
		return r;
	answer->status = (unsigned)status;
	if (!json_object_object_get_ex(from, "body", &body))
		return 0;
	if (!json_object_is_type(body, json_type_string))
		return -EBADMSG;
	size = (size_t)json_object_get_string_len(body);
	if (size > SESSION_ANSWER_MAX)
		return -EBADMSG;
	answer->body = malloc(size + 1);
	if (!answer->body)
		return -ENOMEM;
	memcpy(answer->body, json_object_get_string(body), size + 1);
	answer->body_size = size;
	return 0;
}

static int read_fields(struct json_object *root, struct session *session)
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
	struct json_tokener *tokener;
	struct json_object *root;
	int r;

	if (size > RECORD_MAX)
		return -EBADMSG;
	tokener = json_tokener_new();
	if (!tokener)
		return -ENOMEM;
	root = json_tokener_parse_ex(tokener, json, (int)size);
	if (root && json_tokener_get_parse_end(tokener) != size) {
		json_object_put(root);
		root = NULL;
	}
	json_tokener_free(tokener);
	if (!json_object_is_type(root, json_type_object)) {
		json_object_put(root);
		return -EBADMSG;
	}
	r = read_fields(root, &session);
	json_object_put(root);
	if (r) {
		session_done(&session);
		return r;
	}
	*ret_session = session;
	return 0;
}
