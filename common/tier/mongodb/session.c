/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/mongo/value.h"
#include "common/tier/mongodb/session.h"

/* The texts of a record, once for the writer and the reader. */
struct text {
	const char *name;
	size_t offset;
	size_t size;		/* bytes of the member, the NUL included */
};

#define TEXT(name, member) \
	{ name, offsetof(struct session, member), \
	  sizeof(((struct session *)NULL)->member) }

static const struct text texts[] = {
	TEXT("persistentId", persistent_id),
	TEXT("owner", owner),
	TEXT("fileName", file_name),
	TEXT("contentType", content_type),
	TEXT("sha256", sha256),
};

static void append_answer(bson_t *to, const struct answer *answer)
{
	bson_t into;

	BSON_APPEND_DOCUMENT_BEGIN(to, "answer", &into);
	BSON_APPEND_INT32(&into, "status", (int32_t)answer->status);
	BSON_APPEND_UTF8(&into, "persistentId", answer->persistent_id);
	if (answer->body && answer->body_size <= SESSION_ANSWER_MAX)
		value_append_text(&into, "body", answer->body,
				  answer->body_size);
	bson_append_document_end(to, &into);
}

void mongodb_session_append(bson_t *to, const struct session *session)
{
	BSON_APPEND_UTF8(to, "sessionId", session->id);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *text = (const char *)session + texts[i].offset;

		if (text[0])
			value_append_text(to, texts[i].name, text,
					  strlen(text));
	}
	value_append_integer(to, "totalChunks", session->total_chunks);
	value_append_integer(to, "totalSize", session->total_size > INT64_MAX ?
			     INT64_MAX : (int64_t)session->total_size);
	BSON_APPEND_BOOL(to, "isUpdate", session->is_update);
	BSON_APPEND_BOOL(to, "isCompressed", session->is_compressed);
	BSON_APPEND_DATE_TIME(to, "createdAt", session->created_at);
	BSON_APPEND_DATE_TIME(to, "expiresAt", session->expires_at);
	BSON_APPEND_DATE_TIME(to, "purgeAt", session_purge_at(session));
	BSON_APPEND_INT32(to, "version", MONGODB_SESSION_VERSION);
	if (session->state == SESSION_COMPLETED)
		append_answer(to, &session->answer);
}

/* A text that is not there is empty. */
static int read_text(const bson_t *from, const char *name, size_t text_size,
		     char *ret_text)
{
	const char *text;
	size_t size;
	int r;

	if (!bson_has_field(from, name)) {
		ret_text[0] = '\0';
		return 0;
	}
	r = value_text(from, name, &text, &size);
	if (r)
		return r;
	if (size >= text_size || memchr(text, '\0', size))
		return -EBADMSG;
	memcpy(ret_text, text, size);
	ret_text[size] = '\0';
	return 0;
}

static int read_number(const bson_t *from, const char *name, int64_t min,
		       int64_t max, int64_t *ret_number)
{
	int64_t number;
	int r;

	r = value_integer(from, name, &number);
	if (r)
		return r;
	if (number < min || number > max)
		return -EBADMSG;
	*ret_number = number;
	return 0;
}

static int read_body(const bson_t *from, struct answer *answer)
{
	const char *text;
	size_t size;
	int r;

	if (!bson_has_field(from, "body"))
		return 0;
	r = value_text(from, "body", &text, &size);
	if (r)
		return r;
	if (size > SESSION_ANSWER_MAX)
		return -EBADMSG;
	answer->body = malloc(size + 1);
	if (!answer->body)
		return -ENOMEM;
	memcpy(answer->body, text, size);
	answer->body[size] = '\0';
	answer->body_size = size;
	return 0;
}

static int read_answer(const bson_t *from, struct answer *answer)
{
	const uint8_t *bytes;
	bson_iter_t iter;
	int64_t status;
	uint32_t size;
	bson_t inner;
	int r;

	if (!bson_iter_init_find(&iter, from, "answer") ||
	    !BSON_ITER_HOLDS_DOCUMENT(&iter))
		return -EBADMSG;
	bson_iter_document(&iter, &size, &bytes);
	if (!bson_init_static(&inner, bytes, size))
		return -EBADMSG;
	r = read_number(&inner, "status", 200, 299, &status);
	if (!r)
		r = read_text(&inner, "persistentId",
			      sizeof(answer->persistent_id),
			      answer->persistent_id);
	if (r)
		return r;
	answer->status = (unsigned)status;
	return read_body(&inner, answer);
}

static int read_times(const bson_t *from, struct session *session)
{
	int r;

	r = value_date(from, "createdAt", &session->created_at);
	if (!r)
		r = value_date(from, "expiresAt", &session->expires_at);
	if (r)
		return r;
	if (session->created_at < 0 || session->created_at > INT64_MAX / 4 ||
	    session->expires_at < session->created_at ||
	    session->expires_at > INT64_MAX / 4)
		return -EBADMSG;
	return 0;
}

static int read_fields(const bson_t *from, struct session *session)
{
	int64_t version, chunks, size, state;
	int r;

	r = read_number(from, "version", MONGODB_SESSION_VERSION,
			MONGODB_SESSION_VERSION, &version);
	if (!r)
		r = read_text(from, "sessionId", sizeof(session->id),
			      session->id);
	if (!r && !session_id_is_valid(session->id, strlen(session->id)))
		r = -EBADMSG;
	for (size_t i = 0; !r && i < ARRAY_SIZE(texts); i++)
		r = read_text(from, texts[i].name, texts[i].size,
			      (char *)session + texts[i].offset);
	if (!r)
		r = read_number(from, "totalChunks", 1, UINT32_MAX, &chunks);
	if (!r)
		r = read_number(from, "totalSize", 0, INT64_MAX, &size);
	if (!r)
		r = value_bool(from, "isUpdate", &session->is_update);
	if (!r)
		r = value_bool(from, "isCompressed", &session->is_compressed);
	if (!r)
		r = read_times(from, session);
	if (!r)
		r = read_number(from, "state", SESSION_OPEN, SESSION_COMPLETED,
				&state);
	if (r)
		return r;
	session->total_chunks = (uint32_t)chunks;
	session->total_size = (uint64_t)size;
	session->state = (enum session_state)state;
	if (session->state == SESSION_COMPLETED)
		return read_answer(from, &session->answer);
	return 0;
}

int mongodb_session_read(const bson_t *from, struct session *ret_session)
{
	struct session session = { 0 };
	int r;

	r = read_fields(from, &session);
	if (r) {
		session_done(&session);
		return r;
	}
	*ret_session = session;
	return 0;
}
