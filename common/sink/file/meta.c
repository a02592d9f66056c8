/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/json_out.h"
#include "common/json_scan.h"
#include "common/json_value.h"
#include "common/sink/file/meta.h"
#include "common/text.h"

/* Bounds of what is read: names that others added, too. */
static const struct json_limits limits = {
	.depth_max = 16,
	.values_max = 10000,
};

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

static void put_field(struct json_out *out, const struct file_field *field,
		      const struct file_meta *meta)
{
	const char *text = (const char *)meta + field->offset;

	if (!field->size)
		json_out_uint(out, field->name, meta->size);
	else if (field->where & OR_NULL && !text[0])
		json_out_null(out, field->name);
	else
		json_out_text(out, field->name, text, strlen(text));
}

/* The fields of @meta that belong @where. */
static void put_fields(struct json_out *out, const struct file_meta *meta,
		       unsigned where)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (fields[i].where & where)
			put_field(out, &fields[i], meta);
}

int file_meta_write(struct buf *out, const struct file_meta *meta)
{
	struct json_out json;
	int r;

	json_out_begin(&json, out);
	put_fields(&json, meta, IN_META);
	r = json_out_end(&json);
	return r ? r : buf_append_string(out, "\n");
}

int file_plan_write(struct buf *out, const struct file_plan *plan)
{
	struct json_out json;

	json_out_begin(&json, out);
	json_out_int(&json, "version", FILE_PLAN_VERSION);
	json_out_bool(&json, "isUpdate", plan->is_update);
	json_out_int(&json, "purgeAt", plan->purge_at);
	json_out_open(&json, "document");
	put_fields(&json, &plan->meta, IN_META);
	json_out_close(&json);
	return json_out_end(&json);
}

/* The object that @text is, checked. */
static int parse(const char *text, size_t size, struct json_value *ret_object)
{
	struct json_stats stats;
	struct json_error error;

	if (size > FILE_META_MAX ||
	    json_scan_bytes(text, size, &limits, &stats, &error))
		return -EBADMSG;
	*ret_object = json_value_of(text, size);
	return 0;
}

static int read_field(struct json_value value, const struct file_field *field,
		      struct file_meta *meta)
{
	char *text = (char *)meta + field->offset;
	int64_t number;
	size_t len;

	if (!field->size) {
		if (json_int(value, &number) || number < 0)
			return -EBADMSG;
		meta->size = (uint64_t)number;
		return 0;
	}
	if (field->where & OR_NULL && json_is_null(value)) {
		text[0] = '\0';
		return 0;
	}
	if (json_text(value, text, field->size, &len) || strlen(text) != len)
		return -EBADMSG;
	/* An owner is whatever the web server says; the rest is answered. */
	if (field->where & IN_ANSWER && !text_is_utf8(text, len))
		return -EBADMSG;
	return 0;
}

static int read_fields(struct json_value object, struct file_meta *ret_meta)
{
	struct file_meta meta = { 0 };
	struct json_value value;
	int r = 0;

	for (size_t i = 0; !r && i < ARRAY_SIZE(fields); i++)
		r = json_member(object, fields[i].name, &value) ?
			    read_field(value, &fields[i], &meta) : -EBADMSG;
	if (!r)
		*ret_meta = meta;
	return r;
}

int file_meta_read(const char *json, size_t size, struct file_meta *ret_meta)
{
	struct json_value object;
	int r;

	r = parse(json, size, &object);
	return r ? r : read_fields(object, ret_meta);
}

int file_plan_read(const char *json, size_t size, struct file_plan *ret_plan)
{
	struct json_value object, value, document;
	struct file_plan plan;
	int64_t version;
	int r;

	r = parse(json, size, &object);
	if (r)
		return r;
	if (!json_member(object, "version", &value) ||
	    json_int(value, &version) || version != FILE_PLAN_VERSION ||
	    !json_member(object, "isUpdate", &value) ||
	    json_bool(value, &plan.is_update) ||
	    !json_member(object, "purgeAt", &value) ||
	    json_int(value, &plan.purge_at) ||
	    !json_member(object, "document", &document))
		return -EBADMSG;
	r = read_fields(document, &plan.meta);
	if (!r)
		*ret_plan = plan;
	return r;
}

int file_plan_answer(const struct file_plan *plan, struct answer *ret_answer)
{
	struct answer answer = { .status = plan->is_update ? 200 : 201 };
	struct json_out json;
	struct buf body;
	int r;

	buf_init(&body, FILE_META_MAX);
	json_out_begin(&json, &body);
	put_fields(&json, &plan->meta, IN_ANSWER);
	r = json_out_end(&json);
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
