/* SPDX-License-Identifier: MIT */

/*
 * record - the input is a session as a tier gives it back: the JSON text of
 * the redis and memory tiers, or the document of the mongodb tier. One that is
 * read is within its limits, and is the same when it is written and read again
 * in either form.
 */

#include <bson/bson.h>
#include <string.h>

#include "common/record.h"
#include "common/tier/mongodb/session.h"
#include "test/fuzz/fuzz.h"

static void check_text(const char *text, size_t size)
{
	must(memchr(text, '\0', size), "a text ends within its member");
}

static void check_limits(const struct session *s)
{
	check_text(s->id, sizeof(s->id));
	check_text(s->owner, sizeof(s->owner));
	check_text(s->persistent_id, sizeof(s->persistent_id));
	check_text(s->file_name, sizeof(s->file_name));
	check_text(s->content_type, sizeof(s->content_type));
	check_text(s->sha256, sizeof(s->sha256));
	check_text(s->answer.persistent_id, sizeof(s->answer.persistent_id));
	must(session_id_is_valid(s->id, strlen(s->id)), "the id is one");
	must(s->total_chunks >= 1, "there is a chunk");
	must(s->total_size <= INT64_MAX, "the size is an int64");
	must(s->created_at >= 0 && s->expires_at >= s->created_at &&
	     session_purge_at(s) >= s->expires_at, "times are in order");
	must(s->state <= SESSION_COMPLETED, "the state is one");
	must(s->answer.body_size <= SESSION_ANSWER_MAX, "the body is short");
	must(!s->answer.body || s->answer.body[s->answer.body_size] == '\0',
	     "the body is a C string");
	if (s->state == SESSION_COMPLETED)
		must(s->answer.status >= 200 && s->answer.status <= 299,
		     "the answer was a success");
	else
		must(!s->answer.body && !s->answer.status,
		     "what is not completed has no answer");
}

static void same(const struct session *a, const struct session *b)
{
	must(strcmp(a->id, b->id) == 0, "the id stays");
	must(strcmp(a->owner, b->owner) == 0, "the owner stays");
	must(strcmp(a->persistent_id, b->persistent_id) == 0,
	     "the persistentId stays");
	must(strcmp(a->file_name, b->file_name) == 0, "the name stays");
	must(strcmp(a->content_type, b->content_type) == 0, "the type stays");
	must(strcmp(a->sha256, b->sha256) == 0, "the sha256 stays");
	must(a->total_chunks == b->total_chunks, "the chunks stay");
	must(a->total_size == b->total_size, "the size stays");
	must(a->is_update == b->is_update, "update stays");
	must(a->is_compressed == b->is_compressed, "compressed stays");
	must(a->created_at == b->created_at, "the start stays");
	must(a->expires_at == b->expires_at, "the end stays");
	must(a->state == b->state, "the state stays");
	must(a->answer.status == b->answer.status, "the status stays");
	must(strcmp(a->answer.persistent_id, b->answer.persistent_id) == 0,
	     "the answer's persistentId stays");
	must(!a->answer.body == !b->answer.body, "a body stays one");
	must_equal(b->answer.body, b->answer.body_size, a->answer.body,
		   a->answer.body_size, "the body stays");
}

static void by_text(const struct session *session)
{
	struct session again = { 0 };
	struct buf text;

	buf_init(&text, RECORD_MAX);
	must(record_write(&text, session) == 0, "a record can be written");
	must(record_read(text.data, text.size, &again) == 0,
	     "what was written can be read");
	same(session, &again);
	session_done(&again);
	buf_done(&text);
}

static void by_document(const struct session *session)
{
	bson_t document = BSON_INITIALIZER;
	struct session again = { 0 };

	mongodb_session_append(&document, session);
	BSON_APPEND_INT32(&document, "state", session->state);
	must(bson_validate(&document, BSON_VALIDATE_UTF8 |
			   BSON_VALIDATE_UTF8_ALLOW_NULL, NULL),
	     "a document is valid BSON");
	must(mongodb_session_read(&document, &again) == 0,
	     "what was appended can be read");
	same(session, &again);
	session_done(&again);
	bson_destroy(&document);
}

static void check(struct session *session)
{
	check_limits(session);
	by_text(session);
	by_document(session);
	session_done(session);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct session session;
	bson_t document;

	memset(&session, 0x5a, sizeof(session));
	if (record_read((const char *)data, size, &session) == 0)
		check(&session);
	else
		must((unsigned char)session.id[0] == 0x5a,
		     "what fails leaves the result as it was");
	memset(&session, 0x5a, sizeof(session));
	if (!bson_init_static(&document, data, size))
		return 0;
	if (mongodb_session_read(&document, &session) == 0)
		check(&session);
	else
		must((unsigned char)session.id[0] == 0x5a,
		     "what fails leaves the result as it was");
	return 0;
}
