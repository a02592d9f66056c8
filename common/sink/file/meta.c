/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "common/sink/file/meta.h"

/* Levels of JSON that are read: a document in a plan, and one to spare. */
#define DEPTH_MAX 4

/* Where a field belongs. */
enum {
	IN_ANSWER = 1,		/* the client sees it */
	IN_META = 2,
	OR_NULL = 4,		/* "" is null */
};

struct file_field {
	const char *name;
	size_t offset;
	size_t size;		/* bytes of the text, the NUL included */
	unsigned where;
};

#define TEXT(name, member, where)			\
	{ name, offsetof(struct file_meta, member),	\
	  sizeof(((struct file_meta *)NULL)->member), where }

/* In the order in which they are written; of size 0: the size, a number. */
static const struct file_field fields[] = {
	TEXT("persistentId", persistent_id, IN_META | IN_ANSWER),
	TEXT("name", name, IN_META | IN_ANSWER),
	TEXT("type", type, IN_META | IN_ANSWER),
	{ "size", 0, 0, IN_META | IN_ANSWER },
	TEXT("sha256", sha256, IN_META | IN_ANSWER),
	TEXT("session", session, IN_META),
	TEXT("owner", owner, IN_META | OR_NULL),
	TEXT("createdAt", created_at, IN_META | IN_ANSWER),
	TEXT("updatedAt", updated_at, IN_META | IN_ANSWER),
};

static void json_done(struct json_object **json)
{
	json_object_put(*json);
}

void file_meta_init(struct file_meta *meta, const struct session *session,
		    const struct sink_content *content, int64_t now_ms)
{
	const char *type = session->content_type;

	*meta = (struct file_meta){ .size = content->size };
	session_effective_persistent_id(session, meta->persistent_id);
	snprintf(meta->name, sizeof(meta->name), "%s",
		 session->file_name[0] ? session->file_name :
					 meta->persistent_id);
	snprintf(meta->type, sizeof(meta->type), "%s",
		 type[0] ? type : "application/octet-stream");
	memcpy(meta->sha256, content->sha256, sizeof(meta->sha256));
	memcpy(meta->session, session->id, sizeof(meta->session));
	memcpy(meta->owner, session->owner, sizeof(meta->owner));
	clock_iso(now_ms, meta->created_at);
	clock_iso(now_ms, meta->updated_at);
}

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

static int add_field(struct json_object *to, const struct file_field *field,
		     const struct file_meta *meta)
{
	const char *text = (const char *)meta + field->offset;

	if (!field->size)
		return add(to, field->name, json_object_new_uint64(meta->size));
	if (field->where & OR_NULL && !text[0])
		return json_object_object_add(to, field->name, NULL) ?
			       -ENOMEM : 0;
	return add(to, field->name, json_object_new_string(text));
}

/* The fields of @meta that belong @where, as an object. */
static int make_object(const struct file_meta *meta, unsigned where,
		       struct json_object **ret_json)
{
	struct json_object *json = json_object_new_object();
	int r = json ? 0 : -ENOMEM;

	for (size_t i = 0; !r && i < ARRAY_SIZE(fields); i++)
		if (fields[i].where & where)
			r = add_field(json, &fields[i], meta);
	if (r) {
		json_object_put(json);
		return r;
	}
	*ret_json = json;
	return 0;
}

static int append(struct buf *out, struct json_object *json)
{
	size_t size;
	const char *text = json_object_to_json_string_length(json,
			JSON_C_TO_STRING_PLAIN |
			JSON_C_TO_STRING_NOSLASHESCAPE, &size);

	return text ? buf_append(out, text, size) : -ENOMEM;
}

int file_meta_write(struct buf *out, const struct file_meta *meta)
{
	CLEANUP(json_done) struct json_object *json = NULL;
	int r;

	r = make_object(meta, IN_META, &json);
	if (!r)
		r = append(out, json);
	if (!r)
		r = buf_append_string(out, "\n");
	return r;
}

int file_plan_write(struct buf *out, const struct file_plan *plan)
{
	CLEANUP(json_done) struct json_object *json = json_object_new_object();
	struct json_object *document;
	int r;

	if (!json)
		return -ENOMEM;
	r = add(json, "version", json_object_new_int(FILE_PLAN_VERSION));
	if (!r)
		r = add(json, "isUpdate",
			json_object_new_boolean(plan->is_update));
	if (!r)
		r = add(json, "purgeAt", json_object_new_int64(plan->purge_at));
	if (!r)
		r = make_object(&plan->meta, IN_META, &document);
	if (!r)
		r = add(json, "document", document);
	return r ? r : append(out, json);
}

static int parse(const char *text, size_t size, struct json_object **ret_json)
{
	struct json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
	struct json_object *json;
	bool whole;

	if (!tokener)
		return -ENOMEM;
	if (size > FILE_META_MAX) {
		json_tokener_free(tokener);
		return -EBADMSG;
	}
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	json = json_tokener_parse_ex(tokener, text, (int)size);
	whole = json_tokener_get_error(tokener) == json_tokener_success &&
		json_object_is_type(json, json_type_object);
	json_tokener_free(tokener);
	if (!whole) {
		json_object_put(json);
		return -EBADMSG;
	}
	*ret_json = json;
	return 0;
}

static int read_text(struct json_object *value, const struct file_field *field,
		     struct file_meta *meta)
{
	char *text = (char *)meta + field->offset;
	size_t len;

	if (!value && field->where & OR_NULL) {
		text[0] = '\0';
		return 0;
	}
	if (!json_object_is_type(value, json_type_string))
		return -EBADMSG;
	len = (size_t)json_object_get_string_len(value);
	if (len >= field->size ||
	    strlen(json_object_get_string(value)) != len)
		return -EBADMSG;
	memcpy(text, json_object_get_string(value), len + 1);
	return 0;
}

static int read_object(struct json_object *json, struct file_meta *ret_meta)
{
	struct file_meta meta = { 0 };
	struct json_object *value;
	int r = 0;

	for (size_t i = 0; !r && i < ARRAY_SIZE(fields); i++) {
		if (!json_object_object_get_ex(json, fields[i].name, &value))
			return -EBADMSG;
		if (fields[i].size)
			r = read_text(value, &fields[i], &meta);
		else if (json_object_is_type(value, json_type_int))
			meta.size = json_object_get_uint64(value);
		else
			r = -EBADMSG;
	}
	if (!r)
		*ret_meta = meta;
	return r;
}

int file_meta_read(const char *json, size_t size, struct file_meta *ret_meta)
{
	CLEANUP(json_done) struct json_object *object = NULL;
	int r;

	r = parse(json, size, &object);
	return r ? r : read_object(object, ret_meta);
}

int file_plan_read(const char *json, size_t size, struct file_plan *ret_plan)
{
	CLEANUP(json_done) struct json_object *object = NULL;
	struct json_object *version, *is_update, *purge_at, *document;
	struct file_plan plan;
	int r;

	r = parse(json, size, &object);
	if (r)
		return r;
	if (!json_object_object_get_ex(object, "version", &version) ||
	    json_object_get_int(version) != FILE_PLAN_VERSION ||
	    !json_object_object_get_ex(object, "isUpdate", &is_update) ||
	    !json_object_is_type(is_update, json_type_boolean) ||
	    !json_object_object_get_ex(object, "purgeAt", &purge_at) ||
	    !json_object_is_type(purge_at, json_type_int) ||
	    !json_object_object_get_ex(object, "document", &document) ||
	    !json_object_is_type(document, json_type_object))
		return -EBADMSG;
	plan.is_update = json_object_get_boolean(is_update);
	plan.purge_at = json_object_get_int64(purge_at);
	r = read_object(document, &plan.meta);
	if (!r)
		*ret_plan = plan;
	return r;
}

int file_plan_answer(const struct file_plan *plan, struct answer *ret_answer)
{
	CLEANUP(json_done) struct json_object *json = NULL;
	struct answer answer = { .status = plan->is_update ? 200 : 201 };
	struct buf body;
	int r;

	buf_init(&body, FILE_META_MAX);
	r = make_object(&plan->meta, IN_ANSWER, &json);
	if (!r)
		r = append(&body, json);
	if (r) {
		buf_done(&body);
		return r;
	}
	memcpy(answer.persistent_id, plan->meta.persistent_id,
	       sizeof(answer.persistent_id));
	answer.body = body.data;	/* the answer's now */
	answer.body_size = body.size;
	*ret_answer = answer;
	return 0;
}
