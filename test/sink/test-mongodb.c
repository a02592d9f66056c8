/* SPDX-License-Identifier: MIT */

/*
 * The mongodb sink on a real server, which MONGODB_URI names. Each case has a
 * collection of its own; what is stored is read as a stranger would.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <mongoc/mongoc.h>

#include "common/module.h"
#include "common/sink/mongodb.h"

#define CROWD 8

/* A case's collection, and a stranger who looks into it. */
struct place {
	const char *uri;
	char name[64];
	mongoc_client_t *client;
	mongoc_collection_t *collection;
	struct sink *sink;
};

static struct deadline patience(void)
{
	return deadline_in(20000);
}

static int open_sink(const char *uri, const char *collection,
		     int64_t timeout_ms, struct sink **ret_sink)
{
	const struct sink_mongodb_limits limits = {
		.json_max = MIB(20), .depth_max = 100,
	};
	__typeof__(sink_mongodb_open) *open;
	char why[SINK_ERROR_MAX] = "";
	void *address;
	int r;

	r = module_symbol("mongodb", "sink_mongodb_open", why, &address);
	if (r)
		fail_msg("%s", why);
	memcpy(&open, &address, sizeof(open));
	return open(uri, collection, &limits, timeout_ms, why, ret_sink);
}

static void look_at(struct place *p)
{
	mongoc_uri_t *uri = mongoc_uri_new(p->uri);
	const char *database = mongoc_uri_get_database(uri);

	p->client = mongoc_client_new_from_uri(uri);
	p->collection = mongoc_client_get_collection(p->client,
			database ? database : "tranche", p->name);
	mongoc_uri_destroy(uri);
}

static int set_up(void **state)
{
	static struct place place;
	static unsigned number;

	place = (struct place){ .uri = getenv("MONGODB_URI") };
	if (!place.uri) {
		print_error("MONGODB_URI is not set\n");
		return -1;
	}
	mongoc_init();
	snprintf(place.name, sizeof(place.name), "sink_test_%d_%u_%lld",
		 (int)getpid(), number++, (long long)clock_now_ms());
	look_at(&place);
	*state = &place;
	return open_sink(place.uri, place.name, 10000, &place.sink);
}

static int tear_down(void **state)
{
	struct place *p = *state;
	mongoc_collection_t *origins;
	char name[128];

	p->sink = sink_close(p->sink);
	snprintf(name, sizeof(name), "%s.tranche", p->name);
	origins = mongoc_client_get_collection(p->client,
			mongoc_uri_get_database(mongoc_client_get_uri(
						p->client)), name);
	mongoc_collection_drop(p->collection, NULL);
	mongoc_collection_drop(origins, NULL);
	mongoc_collection_destroy(origins);
	mongoc_collection_destroy(p->collection);
	mongoc_client_destroy(p->client);
	return 0;
}

static struct session session_of(const char *persistent_id, bool is_update)
{
	struct session s = { .total_chunks = 1, .total_size = 1 };

	s.created_at = clock_now_ms();
	s.expires_at = s.created_at + 3600000;
	s.is_update = is_update;
	assert_int_equal(session_id_make(s.created_at, s.id), 0);
	snprintf(s.persistent_id, sizeof(s.persistent_id), "%s",
		 persistent_id);
	return s;
}

/* begin, write in two pieces, commit. */
static int commit_sized(struct sink *sink, const struct session *s,
			const char *json, size_t size, struct answer *answer)
{
	const struct sink_content content = { .size = size };
	int r;

	r = sink_begin(sink, s, patience());
	assert_int_equal(r, 0);
	r = sink_write(sink, json, size / 2, patience());
	if (!r)
		r = sink_write(sink, json + size / 2, size - size / 2,
			       patience());
	if (r) {
		sink_abandon(sink);
		return r;
	}
	r = sink_commit(sink, s, &content, patience(), answer);
	if (r < 0)
		print_error("%s\n", sink->error);
	return r;
}

static int commit(struct sink *sink, const struct session *s, const char *json,
		  struct answer *answer)
{
	return commit_sized(sink, s, json, strlen(json), answer);
}

/* The same, of which only the result counts. */
static int outcome_of(struct sink *sink, const struct session *s,
		      const char *json)
{
	struct answer answer = { 0 };
	int r = commit(sink, s, json, &answer);

	answer_done(&answer);
	return r;
}

/* Commits, finds, commits again: each time the same answer. */
static void commit_thrice(struct place *p, const struct session *s,
			  const char *json, unsigned status,
			  struct answer *ret_answer)
{
	struct answer first = { 0 }, found = { 0 }, again = { 0 };

	assert_int_equal(sink_find(p->sink, s, patience(), &found),
			 SINK_E_ABSENT);
	assert_int_equal(commit(p->sink, s, json, &first), 0);
	assert_int_equal(first.status, status);
	assert_int_equal(first.body_size, strlen(first.body));
	assert_int_equal(sink_find(p->sink, s, patience(), &found), 0);
	assert_int_equal(commit(p->sink, s, json, &again), 0);
	assert_int_equal(found.status, status);
	assert_int_equal(again.status, status);
	assert_string_equal(found.body, first.body);
	assert_string_equal(again.body, first.body);
	assert_string_equal(found.persistent_id, first.persistent_id);
	assert_string_equal(again.persistent_id, first.persistent_id);
	answer_done(&found);
	answer_done(&again);
	*ret_answer = first;
}

static int64_t count(struct place *p, const char *key, const char *value)
{
	bson_t *filter = key ? BCON_NEW(key, BCON_UTF8(value)) : bson_new();
	bson_error_t error;
	int64_t n;

	n = mongoc_collection_count_documents(p->collection, filter, NULL,
					      NULL, NULL, &error);
	bson_destroy(filter);
	assert_true(n >= 0);
	return n;
}

/* The document whose @key is @value, which must be the only one. */
static bson_t *stored(struct place *p, const char *key, const char *value)
{
	bson_t *filter = BCON_NEW(key, BCON_UTF8(value)), *copy;
	const bson_t *document;
	mongoc_cursor_t *cursor;

	cursor = mongoc_collection_find_with_opts(p->collection, filter, NULL,
						  NULL);
	assert_true(mongoc_cursor_next(cursor, &document));
	copy = bson_copy(document);
	assert_false(mongoc_cursor_next(cursor, &document));
	mongoc_cursor_destroy(cursor);
	bson_destroy(filter);
	return copy;
}

static bson_iter_t at(const bson_t *document, const char *path)
{
	bson_iter_t iter, found;

	assert_true(bson_iter_init(&iter, document));
	if (!bson_iter_find_descendant(&iter, path, &found))
		fail_msg("no %s", path);
	return found;
}

static void assert_text_at(const bson_t *document, const char *path,
			   const char *text)
{
	bson_iter_t iter = at(document, path);

	assert_true(BSON_ITER_HOLDS_UTF8(&iter));
	assert_string_equal(bson_iter_utf8(&iter, NULL), text);
}

static void insert(struct place *p, bson_t *document)
{
	bson_error_t error;

	if (!mongoc_collection_insert_one(p->collection, document, NULL, NULL,
					  &error))
		fail_msg("%s", error.message);
	bson_destroy(document);
}

static void create_stores_the_values_and_answers_them(void **state)
{
	static const char json[] =
		"{\"name\":\"N\xc3\xa4he\",\"n\":1,\"big\":9007199254740993,"
		"\"d\":1.5,\"t\":true,\"z\":null,\"a\":[1,{\"$oid\":\"x\","
		"\"a.b\":\"\",\"\":{}}]}";
	struct place *p = *state;
	struct session s = session_of("route-1", false);
	char expected[1024], oid[25], created[CLOCK_ISO_MAX];
	struct answer answer;
	bson_iter_t iter;
	bson_t *document;

	commit_thrice(p, &s, json, 201, &answer);
	assert_string_equal(answer.persistent_id, "route-1");

	document = stored(p, "persistentId", "route-1");
	assert_text_at(document, "name", "N\xc3\xa4he");
	assert_text_at(document, "_tranche.session", s.id);
	iter = at(document, "n");
	assert_true(BSON_ITER_HOLDS_INT32(&iter));
	iter = at(document, "big");
	assert_true(BSON_ITER_HOLDS_INT64(&iter));
	iter = at(document, "d");
	assert_true(BSON_ITER_HOLDS_DOUBLE(&iter));
	iter = at(document, "updatedAt");
	assert_true(BSON_ITER_HOLDS_DATE_TIME(&iter));
	iter = at(document, "createdAt");
	assert_true(BSON_ITER_HOLDS_DATE_TIME(&iter));
	assert_in_range(bson_iter_date_time(&iter), s.created_at,
			clock_now_ms());
	clock_iso(bson_iter_date_time(&iter), created);
	iter = at(document, "_id");
	bson_oid_to_string(bson_iter_oid(&iter), oid);

	snprintf(expected, sizeof(expected), "{\"_id\":\"%s\","
		 "\"persistentId\":\"route-1\",%.*s,\"createdAt\":\"%s\","
		 "\"updatedAt\":\"%s\"}", oid, (int)strlen(json) - 2, json + 1,
		 created, created);
	assert_string_equal(answer.body, expected);
	bson_destroy(document);
	answer_done(&answer);
}

static void reserved_members_are_the_sinks(void **state)
{
	struct place *p = *state;
	struct session s = session_of("mine", false);
	struct answer answer;
	bson_t *document;
	bson_iter_t iter;

	commit_thrice(p, &s, "{\"_id\":5,\"_tranche\":{\"session\":\"x\"},"
		      "\"createdAt\":1,\"updatedAt\":2,\"name\":\"a\","
		      "\"persistentId\":\"other\"}", 201, &answer);
	document = stored(p, "persistentId", "mine");
	assert_text_at(document, "_tranche.session", s.id);
	iter = at(document, "_id");
	assert_true(BSON_ITER_HOLDS_OID(&iter));
	iter = at(document, "createdAt");
	assert_true(BSON_ITER_HOLDS_DATE_TIME(&iter));
	assert_null(strstr(answer.body, "_tranche"));
	bson_destroy(document);
	answer_done(&answer);
}

static void persistent_id_is_the_documents_where_start_gave_none(void **state)
{
	struct place *p = *state;
	struct session s = session_of("", false);
	struct answer answer, found = { 0 };
	struct sink *other;

	commit_thrice(p, &s, "{\"name\":\"a\",\"persistentId\":\"own:1\"}", 201,
		      &answer);
	assert_string_equal(answer.persistent_id, "own:1");
	assert_int_equal(count(p, "persistentId", "own:1"), 1);
	/* Another process, which has not seen the document. */
	assert_int_equal(open_sink(p->uri, p->name, 5000, &other), 0);
	assert_int_equal(sink_find(other, &s, patience(), &found), 0);
	assert_string_equal(found.body, answer.body);
	sink_close(other);
	answer_done(&found);
	answer_done(&answer);
}

static void persistent_id_is_made_where_there_is_none(void **state)
{
	static const char *const bodies[] = {
		"{\"name\":\"a\"}", "{\"name\":\"a\",\"persistentId\":null}",
	};
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_SIZE(bodies); i++) {
		char derived[SESSION_PERSISTENT_ID_MAX + 1];
		struct session s = session_of("", false);
		struct answer answer;

		session_derive_persistent_id(s.id, derived);
		commit_thrice(p, &s, bodies[i], 201, &answer);
		assert_string_equal(answer.persistent_id, derived);
		assert_int_equal(count(p, "persistentId", derived), 1);
		answer_done(&answer);
	}
}

static void persistent_id_of_another_upload_is_taken(void **state)
{
	struct place *p = *state;
	struct session first = session_of("here", false);
	struct session second = session_of("here", false);
	struct session third = session_of("", false);
	struct answer answer;

	assert_int_equal(outcome_of(p->sink, &first, "{\"name\":\"1\"}"), 0);
	assert_int_equal(outcome_of(p->sink, &second, "{\"name\":\"2\"}"),
			 SINK_E_TAKEN);
	assert_int_equal(outcome_of(p->sink, &third, "{\"name\":\"3\","
				    "\"persistentId\":\"here\"}"),
			 SINK_E_TAKEN);
	assert_int_equal(sink_find(p->sink, &second, patience(), &answer),
			 SINK_E_ABSENT);
	assert_int_equal(sink_find(p->sink, &third, patience(), &answer),
			 SINK_E_ABSENT);
	assert_int_equal(count(p, NULL, NULL), 1);
	assert_int_equal(count(p, "name", "1"), 1);
}

static void persistent_id_of_an_applications_document_is_taken(void **state)
{
	struct place *p = *state;
	struct session s = session_of("app", false);

	insert(p, BCON_NEW("persistentId", BCON_UTF8("app"),
			   "name", BCON_UTF8("theirs")));
	assert_int_equal(outcome_of(p->sink, &s, "{\"name\":\"a\"}"),
			 SINK_E_TAKEN);
	assert_int_equal(count(p, NULL, NULL), 1);
}

static void update_sets_the_given_fields_alone(void **state)
{
	struct place *p = *state;
	struct session create = session_of("u", false);
	struct session update = session_of("u", true);
	struct answer answer;
	bson_t *before, *after;
	bson_iter_t a, b;

	assert_int_equal(outcome_of(p->sink, &create, "{\"name\":\"a\","
				    "\"x\":{\"y\":1,\"z\":2},\"keep\":1}"), 0);
	before = stored(p, "persistentId", "u");
	commit_thrice(p, &update, "{\"x\":{\"y\":3},\"new\":[],\"_id\":1,"
		      "\"persistentId\":\"v\",\"createdAt\":0}", 200, &answer);
	assert_string_equal(answer.persistent_id, "u");
	after = stored(p, "persistentId", "u");
	assert_text_at(after, "name", "a");
	assert_text_at(after, "_tranche.session", create.id);
	assert_text_at(after, "_tranche.updates.0", update.id);
	a = at(after, "x.y");
	assert_int_equal(bson_iter_int32(&a), 3);
	assert_true(bson_iter_init(&a, after));
	assert_false(bson_iter_find_descendant(&a, "x.z", &b));
	at(after, "new");
	a = at(after, "createdAt");
	b = at(before, "createdAt");
	assert_int_equal(bson_iter_date_time(&a), bson_iter_date_time(&b));
	a = at(after, "updatedAt");
	b = at(before, "updatedAt");
	assert_true(bson_iter_date_time(&a) >= bson_iter_date_time(&b));
	assert_non_null(strstr(answer.body, "\"keep\":1"));
	assert_null(strstr(answer.body, "_tranche"));
	bson_destroy(before);
	bson_destroy(after);
	answer_done(&answer);
}

static void update_needs_no_name_and_a_document(void **state)
{
	struct place *p = *state;
	struct session update = session_of("nowhere", true);
	struct answer answer;

	assert_int_equal(sink_find(p->sink, &update, patience(), &answer),
			 SINK_E_ABSENT);
	assert_int_equal(outcome_of(p->sink, &update, "{\"x\":1}"),
			 SINK_E_NO_ROUTE);
	insert(p, BCON_NEW("persistentId", BCON_UTF8("nowhere"),
			   "name", BCON_UTF8("theirs")));
	/* An application's own document has no _tranche. */
	commit_thrice(p, &update, "{}", 200, &answer);
	assert_non_null(strstr(answer.body, "\"name\":\"theirs\""));
	answer_done(&answer);
}

static void update_is_applied_once_also_after_another(void **state)
{
	struct place *p = *state;
	struct session create = session_of("o", false);
	struct session first = session_of("o", true);
	struct session second = session_of("o", true);
	struct answer answer;
	bson_t *document;

	assert_int_equal(outcome_of(p->sink, &create, "{\"name\":\"0\"}"), 0);
	assert_int_equal(outcome_of(p->sink, &first, "{\"name\":\"1\"}"), 0);
	assert_int_equal(outcome_of(p->sink, &second, "{\"name\":\"2\"}"), 0);
	assert_int_equal(commit(p->sink, &first, "{\"name\":\"1\"}", &answer),
			 0);
	assert_int_equal(answer.status, 200);
	answer_done(&answer);
	document = stored(p, "persistentId", "o");
	assert_text_at(document, "name", "2");
	bson_destroy(document);
	/* And the create is still found. */
	assert_int_equal(sink_find(p->sink, &create, patience(), &answer), 0);
	assert_int_equal(answer.status, 201);
	answer_done(&answer);
}

static void the_last_64_updates_are_remembered(void **state)
{
	struct place *p = *state;
	struct session create = session_of("m", false);
	struct session updates[65];
	struct answer answer;
	bson_t *document;
	bson_iter_t iter, list;
	int n = 0;

	assert_int_equal(outcome_of(p->sink, &create, "{\"name\":\"0\"}"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(updates); i++) {
		updates[i] = session_of("m", true);
		assert_int_equal(outcome_of(p->sink, &updates[i], "{}"), 0);
	}
	assert_int_equal(sink_find(p->sink, &updates[0], patience(), &answer),
			 SINK_E_ABSENT);
	for (size_t i = 1; i < ARRAY_SIZE(updates); i++) {
		assert_int_equal(sink_find(p->sink, &updates[i], patience(),
					   &answer), 0);
		answer_done(&answer);
	}
	document = stored(p, "persistentId", "m");
	iter = at(document, "_tranche.updates");
	assert_true(bson_iter_recurse(&iter, &list));
	while (bson_iter_next(&list))
		n++;
	assert_int_equal(n, 64);
	bson_destroy(document);
}

static void of_several_documents_an_update_changes_one(void **state)
{
	struct place *p = *state;
	struct session update = session_of("twin", true);

	for (int i = 0; i < 3; i++)
		insert(p, BCON_NEW("persistentId", BCON_UTF8("twin"),
				   "name", BCON_UTF8("theirs")));
	for (int i = 0; i < 3; i++)
		assert_int_equal(outcome_of(p->sink, &update,
					    "{\"name\":\"ours\"}"), 0);
	assert_int_equal(count(p, "name", "ours"), 1);
}

static void data_is_refused_in_its_order_and_nothing_is_stored(void **state)
{
	static const struct {
		const char *json;
		int created, updated;
		const char *reason;
	} table[] = {
		{ "", SINK_E_BAD_DATA, SINK_E_BAD_DATA, "at byte 0" },
		{ "{\"name\":\"a\"", SINK_E_BAD_DATA, SINK_E_BAD_DATA,
		  "at byte 11" },
		{ "{\"$a\":1}", SINK_E_BAD_DATA, SINK_E_BAD_DATA,
		  "a key that begins with" },
		{ "{\"a\":{\"b\\u0000\":1}}", SINK_E_BAD_DATA,
		  SINK_E_BAD_DATA, "a key with a NUL" },
		{ "{\"name\":\"a\",\"x\":1e999}", SINK_E_BAD_DATA,
		  SINK_E_BAD_DATA, "out of range" },
		{ "[]", SINK_E_BAD_FIELDS, SINK_E_BAD_FIELDS, "object" },
		{ "\"name\"", SINK_E_BAD_FIELDS, SINK_E_BAD_FIELDS,
		  "object" },
		{ "{}", SINK_E_BAD_FIELDS, SINK_E_NO_ROUTE, "name" },
		{ "{\"name\":1}", SINK_E_BAD_FIELDS, SINK_E_NO_ROUTE, "name" },
		{ "{\"name\":\"a\",\"persistentId\":1}", SINK_E_BAD_DATA,
		  SINK_E_NO_ROUTE, "persistentId" },
		{ "{\"name\":\"a\",\"persistentId\":\"../x\"}",
		  SINK_E_BAD_DATA, SINK_E_NO_ROUTE, "persistentId" },
	};
	struct place *p = *state;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct session create = session_of("", false);
		struct session update = session_of("none", true);

		assert_int_equal(outcome_of(p->sink, &create, table[i].json),
				 table[i].created);
		if (!strstr(p->sink->reason, table[i].reason))
			fail_msg("%s: %s", table[i].json, p->sink->reason);
		assert_int_equal(outcome_of(p->sink, &update, table[i].json),
				 table[i].updated);
	}
	assert_int_equal(count(p, NULL, NULL), 0);
}

/* {"name":"xxx...", of @size bytes in all; free() it. */
static char *json_of_size(size_t size)
{
	char *json = malloc(size + 1);

	assert_non_null(json);
	memset(json, 'x', size);
	memcpy(json, "{\"name\":\"", 9);
	memcpy(json + size - 2, "\"}", 3);
	return json;
}

static void over_a_limit_is_said_with_its_name(void **state)
{
	struct place *p = *state;
	struct session s = session_of("", false);
	char deep[300], *json;

	json = json_of_size(MIB(20) + 1);
	assert_int_equal(outcome_of(p->sink, &s, json), SINK_E_TOO_LARGE);
	assert_string_equal(p->sink->limit, "maxDocument");
	assert_int_equal(p->sink->limit_max, MIB(20));
	free(json);

	json = json_of_size(MIB(16) + 1000);
	assert_int_equal(outcome_of(p->sink, &s, json), SINK_E_TOO_LARGE);
	assert_string_equal(p->sink->limit, "maxBson");
	assert_int_equal(p->sink->limit_max, MIB(16));
	assert_non_null(strstr(p->sink->reason, "gridfs"));
	free(json);

	snprintf(deep, sizeof(deep), "{\"name\":\"a\",\"x\":%0100d%0100d}", 0,
		 0);
	for (char *c = deep, *half = strchr(deep, '0') + 100; *c; c++)
		if (*c == '0')
			*c = c < half ? '[' : ']';
	assert_int_equal(outcome_of(p->sink, &s, deep), SINK_E_TOO_LARGE);
	assert_string_equal(p->sink->limit, "maxDepth");
	assert_int_equal(p->sink->limit_max, 100);
	assert_int_equal(count(p, NULL, NULL), 0);
}

static void a_document_of_nearly_16_mib_is_stored_and_answered(void **state)
{
	struct place *p = *state;
	struct session s = session_of("large", false);
	struct session update = session_of("large", true);
	char *json = json_of_size(MIB(16) - 1000), *more;
	struct answer answer;

	assert_int_equal(commit(p->sink, &s, json, &answer), 0);
	assert_true(answer.body_size > strlen(json));
	answer_done(&answer);
	assert_int_equal(sink_find(p->sink, &s, patience(), &answer), 0);
	answer_done(&answer);
	/* With this it would be more. */
	more = json_of_size(5000);
	memcpy(more + 2, "more", 4);
	assert_int_equal(outcome_of(p->sink, &update, more), SINK_E_TOO_LARGE);
	assert_string_equal(p->sink->limit, "maxBson");
	free(more);
	free(json);
}

static void a_document_100_levels_deep_is_stored_and_answered(void **state)
{
	struct place *p = *state;
	struct session s = session_of("deep", false);
	struct session update = session_of("deep", true);
	struct answer answer;
	char deep[300];

	snprintf(deep, sizeof(deep), "{\"name\":\"a\",\"x\":%099d%099d}", 0, 0);
	for (char *c = deep, *half = strchr(deep, '0') + 99; *c; c++)
		if (*c == '0')
			*c = c < half ? '[' : ']';
	commit_thrice(p, &s, deep, 201, &answer);
	answer_done(&answer);
	commit_thrice(p, &update, deep, 200, &answer);
	*strchr(deep, '}') = '\0';
	assert_non_null(strstr(answer.body, strchr(deep, '[')));
	answer_done(&answer);
}

static void a_rule_of_the_collection_is_the_datas_fault(void **state)
{
	struct place *p = *state;
	struct session first = session_of("", false);
	struct session second = session_of("", false);
	bson_t *command = BCON_NEW("createIndexes", BCON_UTF8(p->name),
		"indexes", "[", "{", "key", "{", "name", BCON_INT32(1), "}",
		"name", BCON_UTF8("name_1"), "unique", BCON_BOOL(true), "}",
		"]");
	bson_error_t error;

	if (!mongoc_client_command_simple(p->client,
			mongoc_uri_get_database(mongoc_client_get_uri(
							p->client)),
			command, NULL, NULL, &error))
		fail_msg("%s", error.message);
	bson_destroy(command);
	assert_int_equal(outcome_of(p->sink, &first, "{\"name\":\"a\"}"), 0);
	assert_int_equal(outcome_of(p->sink, &second, "{\"name\":\"a\"}"),
			 SINK_E_BAD_DATA);
	assert_non_null(strstr(p->sink->reason, "unique"));
}

/* What a crowd's members were answered, shared by all. */
struct crowd {
	struct session sessions[CROWD];
	int r[CROWD];
	uint64_t bodies[CROWD];		/* hashes */
};

static uint64_t hash_of(const char *text)
{
	uint64_t hash = 14695981039346656037u;

	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * 1099511628211u;
	return hash;
}

static void member(struct place *p, struct crowd *crowd, int i,
		   const char *json)
{
	struct answer answer = { 0 };
	struct sink *sink;

	if (open_sink(p->uri, p->name, 15000, &sink))
		_exit(1);
	crowd->r[i] = commit(sink, &crowd->sessions[i], json, &answer);
	if (!crowd->r[i])
		crowd->bodies[i] = hash_of(answer.body);
	answer_done(&answer);
	sink_close(sink);
	_exit(0);
}

/* All commit at once, each in a process of its own. */
static void commit_at_once(struct place *p, struct crowd *crowd,
			   const char *json)
{
	int status;

	for (int i = 0; i < CROWD; i++)
		if (fork() == 0)
			member(p, crowd, i, json);
	for (int i = 0; i < CROWD; i++) {
		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
}

static struct crowd *crowd_new(void)
{
	struct crowd *crowd = mmap(NULL, sizeof(*crowd),
				   PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(crowd != MAP_FAILED);
	return crowd;
}

static void one_session_at_once_is_stored_once(void **state)
{
	static const char *const ids[] = { "", "same", "own" };
	struct place *p = *state;

	for (int round = 0; round < 6; round++) {
		const char *id = ids[round % 3];
		bool is_own = strcmp(id, "own") == 0;
		struct session s = session_of("", false);
		struct crowd *crowd = crowd_new();
		char json[128];

		if (id[0] && !is_own)
			snprintf(s.persistent_id, sizeof(s.persistent_id),
				 "%s-%d", id, round);
		if (is_own)
			snprintf(json, sizeof(json), "{\"name\":\"r%d\","
				 "\"persistentId\":\"own-%d\"}", round, round);
		else
			snprintf(json, sizeof(json), "{\"name\":\"r%d\"}",
				 round);
		for (int i = 0; i < CROWD; i++)
			crowd->sessions[i] = s;
		commit_at_once(p, crowd, json);
		for (int i = 0; i < CROWD; i++) {
			assert_int_equal(crowd->r[i], 0);
			assert_true(crowd->bodies[i] == crowd->bodies[0]);
		}
		assert_int_equal(count(p, NULL, NULL), round + 1);
		munmap(crowd, sizeof(*crowd));
	}
}

static void of_sessions_for_one_name_at_once_one_gets_it(void **state)
{
	struct place *p = *state;

	for (int round = 0; round < 4; round++) {
		struct crowd *crowd = crowd_new();
		int done = 0, taken = 0;
		char json[128], id[32];

		snprintf(id, sizeof(id), "one-%d", round);
		snprintf(json, sizeof(json), "{\"name\":\"a\","
			 "\"persistentId\":\"%s\"}", id);
		for (int i = 0; i < CROWD; i++)
			crowd->sessions[i] = session_of(i % 2 ? id : "",
							false);
		commit_at_once(p, crowd, json);
		for (int i = 0; i < CROWD; i++) {
			done += crowd->r[i] == 0;
			taken += crowd->r[i] == SINK_E_TAKEN;
		}
		assert_int_equal(done, 1);
		assert_int_equal(taken, CROWD - 1);
		assert_int_equal(count(p, "persistentId", id), 1);
		munmap(crowd, sizeof(*crowd));
	}
}

static void one_update_at_once_is_applied_once(void **state)
{
	struct place *p = *state;
	struct session create = session_of("up", false);
	struct crowd *crowd = crowd_new();
	bson_t *document;
	bson_iter_t iter, found;

	assert_int_equal(outcome_of(p->sink, &create, "{\"name\":\"0\"}"), 0);
	crowd->sessions[0] = session_of("up", true);
	for (int i = 1; i < CROWD; i++)
		crowd->sessions[i] = crowd->sessions[0];
	commit_at_once(p, crowd, "{\"name\":\"1\"}");
	for (int i = 0; i < CROWD; i++) {
		assert_int_equal(crowd->r[i], 0);
		assert_true(crowd->bodies[i] == crowd->bodies[0]);
	}
	document = stored(p, "persistentId", "up");
	assert_text_at(document, "name", "1");
	assert_text_at(document, "_tranche.updates.0", crowd->sessions[0].id);
	assert_true(bson_iter_init(&iter, document));
	assert_false(bson_iter_find_descendant(&iter, "_tranche.updates.1",
					       &found));
	bson_destroy(document);
	munmap(crowd, sizeof(*crowd));
}

/* A socket of loopback; with it listening, whoever connects waits in vain. */
static int silent_port(bool is_listening, char *ret_uri, size_t size)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t length = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, length), 0);
	if (is_listening)
		assert_int_equal(listen(fd, 16), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &length),
			 0);
	snprintf(ret_uri, size, "mongodb://127.0.0.1:%u/secret",
		 ntohs(address.sin_port));
	return fd;
}

static void a_silent_server_costs_its_time_and_no_more(void **state)
{
	struct session s = session_of("", false);
	struct answer answer;
	struct sink *sink;
	int64_t begun, spent;
	char uri[128];
	int fd;

	(void)state;
	for (int is_listening = 0; is_listening < 2; is_listening++) {
		fd = silent_port(is_listening, uri, sizeof(uri));
		assert_int_equal(open_sink(uri, "c", 60000, &sink), 0);
		for (int i = 0; i < 2; i++) {
			begun = clock_monotonic_ms();
			assert_true(sink_find(sink, &s, deadline_in(600),
					      &answer) < 0);
			spent = clock_monotonic_ms() - begun;
			assert_true(spent < 5000);
			assert_true(sink->error[0] != '\0');
			assert_null(strstr(sink->error, "127"));
			assert_null(strstr(sink->error, "secret"));
		}
		sink_close(sink);
		close(fd);
	}
}

static void a_uri_that_is_none_is_refused_without_its_words(void **state)
{
	static const char *const uris[] = {
		"", "http://secret/", "mongodb://", "mongodb://u:secret",
		"mongodb://u:se:cret@h/", "mongodb://h:99999999/secret",
		"mongodb+srv://a,secret/",
	};
	const struct sink_mongodb_limits limits = { 1000, 100 };
	__typeof__(sink_mongodb_open) *open;
	char why[SINK_ERROR_MAX];
	struct sink *sink = NULL;
	void *address;
	int r;

	(void)state;
	assert_int_equal(module_symbol("mongodb", "sink_mongodb_open", why,
				       &address), 0);
	memcpy(&open, &address, sizeof(open));
	for (size_t i = 0; i < ARRAY_SIZE(uris); i++) {
		why[0] = '\0';
		r = open(uris[i], "c", &limits, 1000, why, &sink);
		if (r == 0) {
			sink = sink_close(sink);
			if (i != 3)
				fail_msg("%s was taken", uris[i]);
			continue;
		}
		assert_int_equal(r, -EINVAL);
		assert_true(why[0] != '\0');
		assert_null(strstr(why, "secret"));
	}
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(create_stores_the_values_and_answers_them),
		CASE(reserved_members_are_the_sinks),
		CASE(persistent_id_is_the_documents_where_start_gave_none),
		CASE(persistent_id_is_made_where_there_is_none),
		CASE(persistent_id_of_another_upload_is_taken),
		CASE(persistent_id_of_an_applications_document_is_taken),
		CASE(update_sets_the_given_fields_alone),
		CASE(update_needs_no_name_and_a_document),
		CASE(update_is_applied_once_also_after_another),
		CASE(the_last_64_updates_are_remembered),
		CASE(of_several_documents_an_update_changes_one),
		CASE(data_is_refused_in_its_order_and_nothing_is_stored),
		CASE(over_a_limit_is_said_with_its_name),
		CASE(a_document_of_nearly_16_mib_is_stored_and_answered),
		CASE(a_document_100_levels_deep_is_stored_and_answered),
		CASE(a_rule_of_the_collection_is_the_datas_fault),
		CASE(one_session_at_once_is_stored_once),
		CASE(of_sessions_for_one_name_at_once_one_gets_it),
		CASE(one_update_at_once_is_applied_once),
		cmocka_unit_test(a_silent_server_costs_its_time_and_no_more),
		cmocka_unit_test(
			a_uri_that_is_none_is_refused_without_its_words),
	};

	return cmocka_run_group_tests_name("sink-mongodb", tests, NULL, NULL);
}
