/* SPDX-License-Identifier: MIT */

/*
 * What the contract does not say of the mongodb tier: its indexes, and what a
 * stranger sees in its collections. Each case has a database of its own, on
 * the server that MONGODB_URI names.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <mongoc/mongoc.h>

#include "common/module.h"
#include "common/tier/mongodb.h"

#define SESSIONS "chunkeduploadsessions"
#define CHUNKS "chunkeduploadchunks"
#define CLAIMS "chunkeduploadclaims"

struct place {
	char uri[512];
	char database[64];
	char state_dir[256];
	mongoc_client_t *client;
};

static struct deadline patience(void)
{
	return deadline_in(20000);
}

static struct tier *open_tier(const struct place *p, const char *state_dir)
{
	__typeof__(tier_mongodb_open) *open;
	char why[TIER_ERROR_MAX] = "";
	struct tier *tier;
	void *address;

	if (module_symbol("mongodb", "tier_mongodb_open", why, &address))
		fail_msg("%s", why);
	memcpy(&open, &address, sizeof(open));
	if (open(p->uri, 10000, state_dir, why, &tier))
		fail_msg("%s", why);
	return tier;
}

static int set_up(void **state)
{
	const char *uri = getenv("MONGODB_URI"), *path;
	static struct place place;
	static unsigned number;

	if (!uri || strncmp(uri, "mongodb://", 10) != 0) {
		print_error("MONGODB_URI is not set\n");
		return -1;
	}
	place = (struct place){ 0 };
	snprintf(place.database, sizeof(place.database), "tier_test_%d_%u",
		 (int)getpid(), number++);
	path = strchr(uri + 10, '/');
	snprintf(place.uri, sizeof(place.uri), "%.*s/%s",
		 path ? (int)(path - uri) : (int)strlen(uri), uri,
		 place.database);
	snprintf(place.state_dir, sizeof(place.state_dir),
		 "%s/tranche-test-XXXXXX",
		 getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
	mongoc_init();
	place.client = mongoc_client_new(place.uri);
	*state = &place;
	return place.client && mkdtemp(place.state_dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	char command[512];
	struct place *p = *state;
	mongoc_database_t *database;

	database = mongoc_client_get_database(p->client, p->database);
	mongoc_database_drop(database, NULL);
	mongoc_database_destroy(database);
	mongoc_client_destroy(p->client);
	snprintf(command, sizeof(command), "rm -r %s", p->state_dir);
	return system(command);
}

static struct session session_of(uint32_t total_chunks)
{
	struct session s = { .total_chunks = total_chunks,
			     .total_size = 1000 };

	s.created_at = clock_now_ms();
	s.expires_at = s.created_at + 4000000;
	assert_int_equal(session_id_make(s.created_at, s.id), 0);
	return s;
}

static int put_text(struct tier *tier, const struct session *s, uint32_t index,
		    enum chunk_kind kind, const char *text)
{
	struct chunk chunk = { .data = text };
	struct chunk_count count;

	chunk.info.index = index;
	chunk.info.kind = kind;
	chunk.info.size = strlen(text);
	chunk.info.digest = digest_of(text, strlen(text));
	return tier_put_chunk(tier, s, &chunk, patience(), &count);
}

static void run(const struct place *p, bson_t *command)
{
	bson_error_t error;

	if (!mongoc_client_command_simple(p->client, p->database, command,
					  NULL, NULL, &error))
		fail_msg("%s", error.message);
	bson_destroy(command);
}

/* The index of that name as listIndexes tells it, or NULL. */
static bson_t *index_of(const struct place *p, const char *collection,
			const char *name)
{
	mongoc_collection_t *from;
	mongoc_cursor_t *cursor;
	const bson_t *document;
	bson_t *found = NULL;
	bson_iter_t iter;

	from = mongoc_client_get_collection(p->client, p->database,
					    collection);
	cursor = mongoc_collection_find_indexes_with_opts(from, NULL);
	while (!found && mongoc_cursor_next(cursor, &document))
		if (bson_iter_init_find(&iter, document, "name") &&
		    strcmp(bson_iter_utf8(&iter, NULL), name) == 0)
			found = bson_copy(document);
	mongoc_cursor_destroy(cursor);
	mongoc_collection_destroy(from);
	return found;
}

static bool has_index(const struct place *p, const char *collection,
		      const char *name)
{
	bson_t *index = index_of(p, collection, name);

	if (index)
		bson_destroy(index);
	return index;
}

/* The only document of the collection. */
static bson_t *only(const struct place *p, const char *collection)
{
	bson_t filter = BSON_INITIALIZER, *copy;
	mongoc_collection_t *from;
	mongoc_cursor_t *cursor;
	const bson_t *document;

	from = mongoc_client_get_collection(p->client, p->database,
					    collection);
	cursor = mongoc_collection_find_with_opts(from, &filter, NULL, NULL);
	assert_true(mongoc_cursor_next(cursor, &document));
	copy = bson_copy(document);
	assert_false(mongoc_cursor_next(cursor, &document));
	mongoc_cursor_destroy(cursor);
	mongoc_collection_destroy(from);
	bson_destroy(&filter);
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

static void first_write_makes_the_indexes(void **state)
{
	struct place *p = *state;
	struct session s = session_of(1);
	struct tier *tier = open_tier(p, NULL);
	bson_iter_t iter;
	bson_t *index;

	assert_int_equal(tier_put_session(tier, &s, patience()), 0);
	index = index_of(p, SESSIONS, "sessionId_1");
	assert_non_null(index);
	iter = at(index, "unique");
	assert_true(bson_iter_bool(&iter));
	bson_destroy(index);
	index = index_of(p, CHUNKS, "sessionId_1_chunkIndex_1");
	assert_non_null(index);
	iter = at(index, "unique");
	assert_true(bson_iter_bool(&iter));
	bson_destroy(index);
	for (size_t i = 0; i < 3; i++) {
		index = index_of(p, (const char *[]){ SESSIONS, CHUNKS,
						      CLAIMS }[i],
				 "purgeAt_1");
		assert_non_null(index);
		iter = at(index, "expireAfterSeconds");
		assert_int_equal(bson_iter_as_int64(&iter), 0);
		bson_destroy(index);
	}
	tier_close(tier);
}

static void a_mark_of_today_saves_making_them_again(void **state)
{
	struct place *p = *state;
	struct session s = session_of(1);
	struct tier *tier;

	tier = open_tier(p, p->state_dir);
	assert_int_equal(tier_put_session(tier, &s, patience()), 0);
	tier_close(tier);
	run(p, BCON_NEW("dropIndexes", BCON_UTF8(SESSIONS),
			"index", BCON_UTF8("purgeAt_1")));
	s = session_of(1);
	tier = open_tier(p, p->state_dir);
	assert_int_equal(tier_put_session(tier, &s, patience()), 0);
	tier_close(tier);
	assert_false(has_index(p, SESSIONS, "purgeAt_1"));
	/* Without the mark they are made. */
	s = session_of(1);
	tier = open_tier(p, NULL);
	assert_int_equal(tier_put_session(tier, &s, patience()), 0);
	tier_close(tier);
	assert_true(has_index(p, SESSIONS, "purgeAt_1"));
}

static void a_state_folder_that_is_not_there_is_no_failure(void **state)
{
	struct place *p = *state;
	struct session s = session_of(1);
	struct tier *tier = open_tier(p, "/nowhere/at/all");

	assert_int_equal(tier_put_session(tier, &s, patience()), 0);
	assert_true(has_index(p, SESSIONS, "purgeAt_1"));
	tier_close(tier);
}

static void an_applications_own_indexes_do_not_stand_in_the_way(void **state)
{
	struct place *p = *state;
	struct session s = session_of(1);
	struct tier *tier;

	/* The original's: not unique here, and a time of its own. */
	run(p, BCON_NEW("createIndexes", BCON_UTF8(SESSIONS), "indexes", "[",
			"{", "key", "{", "sessionId", BCON_INT32(1), "}",
			"name", BCON_UTF8("sessionId_1"), "}",
			"{", "key", "{", "createdAt", BCON_INT32(1), "}",
			"name", BCON_UTF8("createdAt_1"),
			"expireAfterSeconds", BCON_INT32(3600), "}", "]"));
	tier = open_tier(p, NULL);
	assert_int_equal(tier_put_session(tier, &s, patience()), 0);
	assert_int_equal(put_text(tier, &s, 0, CHUNK_TEXT, "a"), 0);
	assert_true(has_index(p, SESSIONS, "purgeAt_1"));
	assert_true(has_index(p, CHUNKS, "purgeAt_1"));
	tier_close(tier);
}

static void a_stranger_sees_the_originals_fields(void **state)
{
	struct place *p = *state;
	struct session s = session_of(2);
	struct tier *tier = open_tier(p, NULL);
	bson_t *document;
	bson_iter_t iter;

	assert_int_equal(tier_put_session(tier, &s, patience()), 0);
	assert_int_equal(put_text(tier, &s, 1, CHUNK_TEXT, "\xc3\xa4"), 0);
	document = only(p, SESSIONS);
	iter = at(document, "_id");
	assert_true(BSON_ITER_HOLDS_OID(&iter));
	iter = at(document, "sessionId");
	assert_string_equal(bson_iter_utf8(&iter, NULL), s.id);
	iter = at(document, "totalChunks");
	assert_int_equal(bson_iter_as_int64(&iter), 2);
	iter = at(document, "receivedChunks");
	assert_int_equal(bson_iter_as_int64(&iter), 1);
	iter = at(document, "chunks.1");
	assert_true(BSON_ITER_HOLDS_BOOL(&iter) && bson_iter_bool(&iter));
	iter = at(document, "createdAt");
	assert_int_equal(bson_iter_date_time(&iter), s.created_at);
	iter = at(document, "purgeAt");
	assert_int_equal(bson_iter_date_time(&iter), session_purge_at(&s));
	bson_destroy(document);
	document = only(p, CHUNKS);
	iter = at(document, "data");
	assert_true(BSON_ITER_HOLDS_UTF8(&iter));
	assert_string_equal(bson_iter_utf8(&iter, NULL), "\xc3\xa4");
	iter = at(document, "chunkIndex");
	assert_int_equal(bson_iter_as_int64(&iter), 1);
	iter = at(document, "purgeAt");
	assert_int_equal(bson_iter_date_time(&iter), session_purge_at(&s));
	bson_destroy(document);
	tier_close(tier);
}

static void what_is_no_unicode_text_is_a_binary(void **state)
{
	static const struct {
		enum chunk_kind kind;
		const char *text;
	} table[] = {
		{ CHUNK_RAW, "plain" },
		{ CHUNK_TEXT, "half \xed\xa0\xbd" },
	};
	struct place *p = *state;
	struct tier *tier = open_tier(p, NULL);

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		struct session s = session_of(1);
		bson_t *document;
		bson_iter_t iter;

		assert_int_equal(put_text(tier, &s, 0, table[i].kind,
					  table[i].text), 0);
		document = only(p, CHUNKS);
		iter = at(document, "data");
		assert_true(BSON_ITER_HOLDS_BINARY(&iter));
		bson_destroy(document);
		assert_int_equal(tier_drop_chunks(tier, &s, patience()), 0);
	}
	tier_close(tier);
}

static void past_1000_chunks_the_session_has_no_map(void **state)
{
	struct place *p = *state;
	struct session s = session_of(1001);
	struct tier *tier = open_tier(p, NULL);
	bson_t *document;

	assert_int_equal(tier_put_session(tier, &s, patience()), 0);
	assert_int_equal(put_text(tier, &s, 1000, CHUNK_RAW, "a"), 0);
	document = only(p, SESSIONS);
	assert_false(bson_has_field(document, "chunks"));
	bson_destroy(document);
	tier_close(tier);
}

static void chunks_counted_before_the_record_stay_counted(void **state)
{
	struct place *p = *state;
	struct session s = session_of(3), got;
	struct tier *tier = open_tier(p, NULL);
	bson_t *document;
	bson_iter_t iter;

	assert_int_equal(put_text(tier, &s, 0, CHUNK_RAW, "a"), 0);
	assert_int_equal(put_text(tier, &s, 1, CHUNK_RAW, "b"), 0);
	assert_int_equal(tier_get_session(tier, s.id, TIER_READ_FIRST,
					  patience(), &got), TIER_E_ABSENT);
	assert_int_equal(tier_put_session(tier, &s, patience()), 0);
	assert_int_equal(tier_get_session(tier, s.id, TIER_READ_FIRST,
					  patience(), &got), 0);
	session_done(&got);
	document = only(p, SESSIONS);
	iter = at(document, "receivedChunks");
	assert_int_equal(bson_iter_as_int64(&iter), 2);
	bson_destroy(document);
	tier_close(tier);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		CASE(first_write_makes_the_indexes),
		CASE(a_mark_of_today_saves_making_them_again),
		CASE(a_state_folder_that_is_not_there_is_no_failure),
		CASE(an_applications_own_indexes_do_not_stand_in_the_way),
		CASE(a_stranger_sees_the_originals_fields),
		CASE(what_is_no_unicode_text_is_a_binary),
		CASE(past_1000_chunks_the_session_has_no_map),
		CASE(chunks_counted_before_the_record_stay_counted),
	};

	return cmocka_run_group_tests_name("tier-mongodb", tests, NULL, NULL);
}
