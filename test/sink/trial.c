/* SPDX-License-Identifier: MIT */

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/deadline.h"
#include "common/hex.h"
#include "common/sha256.h"
#include "common/sink/file.h"
#include "test/sink/trial.h"

void trial_init(struct trial *trial)
{
	const char *parent = getenv("TMPDIR");

	if (!access("/dev/shm", W_OK))
		parent = "/dev/shm";
	snprintf(trial->dir, sizeof(trial->dir), "%s/tranche-sink-XXXXXX",
		 parent ? parent : "/tmp");
	assert_non_null(mkdtemp(trial->dir));
}

static int remove_one(const char *path, const struct stat *status, int type,
		      struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

void trial_done(struct trial *trial)
{
	assert_int_equal(nftw(trial->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS),
			 0);
}

const char *trial_path(const struct trial *trial, const char *name,
		       char path[static PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", trial->dir, name);
	return path;
}

bool trial_has(const struct trial *trial, const char *name)
{
	char path[PATH_MAX];
	struct stat status;

	return !lstat(trial_path(trial, name, path), &status);
}

void trial_put(const struct trial *trial, const char *name, const char *text)
{
	char path[PATH_MAX];
	FILE *f = fopen(trial_path(trial, name, path), "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

unsigned trial_count(const struct trial *trial, const char *name,
		     const char *prefix)
{
	char path[PATH_MAX];
	DIR *dir = opendir(trial_path(trial, name, path));
	struct dirent *entry;
	unsigned n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..") &&
		    !strncmp(entry->d_name, prefix, strlen(prefix)))
			n++;
	closedir(dir);
	return n;
}

void trial_session(struct session *session, const char *name, bool is_update)
{
	int64_t now = clock_now_ms();

	*session = (struct session){
		.owner = "olga",
		.total_chunks = 1,
		.total_size = TRIAL_BYTES,
		.is_update = is_update,
		.created_at = now,
		.expires_at = now + 3600 * 1000,
	};
	assert_int_equal(session_id_make(now, session->id), 0);
	snprintf(session->persistent_id, sizeof(session->persistent_id), "%s",
		 name);
}

void trial_bytes(const struct session *session, char bytes[static TRIAL_BYTES],
		 struct sink_content *content)
{
	uint8_t digest[SHA256_SIZE];

	for (size_t i = 0; i < TRIAL_BYTES; i++)
		bytes[i] = session->id[i % SESSION_ID_LEN];
	sha256_of(bytes, TRIAL_BYTES, digest);
	hex_format(digest, sizeof(digest), content->sha256);
	content->size = TRIAL_BYTES;
}

struct sink *trial_sink(const struct trial *trial)
{
	struct sink *sink = NULL;

	if (sink_file_open(trial->dir, TRIAL_MODE, &sink))
		abort();
	return sink;
}

/* Moves @answer into @outcome. */
static void end(struct outcome *outcome, int r, const struct sink *sink,
		struct answer *answer)
{
	outcome->r = r;
	snprintf(outcome->error, sizeof(outcome->error), "%s", sink->error);
	if (!r) {
		outcome->status = answer->status;
		memcpy(outcome->persistent_id, answer->persistent_id,
		       sizeof(outcome->persistent_id));
		snprintf(outcome->body, sizeof(outcome->body), "%s",
			 answer->body);
		answer_done(answer);
	}
	outcome->ended = true;
}

static int commit(struct sink *sink, const struct session *session,
		  struct answer *answer)
{
	struct deadline dl = deadline_in(20000);
	struct sink_content content;
	char bytes[TRIAL_BYTES];
	int r;

	trial_bytes(session, bytes, &content);
	r = sink_begin(sink, session, dl);
	if (r)
		return r;
	r = sink_write(sink, bytes, 1, dl);
	if (!r)
		r = sink_write(sink, bytes + 1, TRIAL_BYTES - 1, dl);
	if (r) {
		sink_abandon(sink);
		return r;
	}
	return sink_commit(sink, session, &content, dl, answer);
}

void trial_find(const struct trial *trial, const struct session *session,
		struct outcome *outcome)
{
	struct sink *sink = trial_sink(trial);
	struct answer answer = { 0 };

	*outcome = (struct outcome){ 0 };
	end(outcome, sink_find(sink, session, deadline_in(20000), &answer),
	    sink, &answer);
	sink_close(sink);
}

void trial_commit(const struct trial *trial, const struct session *session,
		  struct outcome *outcome)
{
	struct sink *sink = trial_sink(trial);
	struct answer answer = { 0 };

	*outcome = (struct outcome){ 0 };
	end(outcome, commit(sink, session, &answer), sink, &answer);
	sink_close(sink);
}

void trial_complete(const struct trial *trial, const struct session *session,
		    struct outcome *outcome)
{
	struct sink *sink = trial_sink(trial);
	struct answer answer = { 0 };
	int r;

	*outcome = (struct outcome){ 0 };
	r = sink_find(sink, session, deadline_in(20000), &answer);
	if (r == SINK_E_ABSENT)
		r = commit(sink, session, &answer);
	end(outcome, r, sink, &answer);
	sink_close(sink);
}

void trial_expect(const struct outcome *outcome, int r)
{
	if (outcome->r != r)
		print_error("ended with %d, not %d: %s\n", outcome->r, r,
			    outcome->error);
	assert_true(outcome->ended);
	assert_int_equal(outcome->r, r);
}

void trial_expect_same(const struct outcome *a, const struct outcome *b)
{
	trial_expect(a, 0);
	trial_expect(b, 0);
	assert_int_equal(a->status, b->status);
	assert_string_equal(a->persistent_id, b->persistent_id);
	assert_string_equal(a->body, b->body);
}

static void take(struct json_object *json, const char *name, char ret[256])
{
	struct json_object *value;

	ret[0] = '\0';
	if (json_object_object_get_ex(json, name, &value) && value)
		snprintf(ret, 256, "%s", json_object_get_string(value));
}

void trial_describe(const char *json, struct described *ret)
{
	struct json_object *object = json_tokener_parse(json);
	struct json_object *size;

	assert_non_null(object);
	take(object, "persistentId", ret->persistent_id);
	take(object, "name", ret->name);
	take(object, "type", ret->type);
	take(object, "sha256", ret->sha256);
	take(object, "session", ret->session);
	take(object, "owner", ret->owner);
	take(object, "createdAt", ret->created_at);
	take(object, "updatedAt", ret->updated_at);
	assert_true(json_object_object_get_ex(object, "size", &size));
	ret->size = json_object_get_int64(size);
	ret->members = json_object_object_length(object);
	json_object_put(object);
}

void trial_read(const struct trial *trial, const char *name, char *ret_text,
		size_t max)
{
	char path[PATH_MAX];
	FILE *f = fopen(trial_path(trial, name, path), "r");
	size_t n;

	assert_non_null(f);
	n = fread(ret_text, 1, max, f);
	assert_true(n < max);
	ret_text[n] = '\0';
	fclose(f);
}

static void expect_mode(const struct trial *trial, const char *name)
{
	char path[PATH_MAX];
	struct stat status;

	assert_int_equal(lstat(trial_path(trial, name, path), &status), 0);
	assert_true(S_ISREG(status.st_mode));
	assert_int_equal(status.st_mode & 07777, TRIAL_MODE);
}

void trial_expect_document(const struct trial *trial,
			   const struct session *session,
			   struct described *ret_doc)
{
	char name[SESSION_PERSISTENT_ID_MAX + 1], doc[256], json[8192];
	char bytes[TRIAL_BYTES], stored[TRIAL_BYTES + 1];
	struct sink_content content;
	struct described said;

	session_effective_persistent_id(session, name);
	snprintf(doc, sizeof(doc), "%s.json", name);
	trial_bytes(session, bytes, &content);

	trial_read(trial, name, stored, sizeof(stored));
	assert_memory_equal(stored, bytes, TRIAL_BYTES);
	trial_read(trial, doc, json, sizeof(json));
	trial_describe(json, &said);
	assert_string_equal(said.session, session->id);
	assert_string_equal(said.persistent_id, name);
	assert_string_equal(said.sha256, content.sha256);
	assert_int_equal(said.size, TRIAL_BYTES);
	expect_mode(trial, name);
	expect_mode(trial, doc);
	if (ret_doc)
		*ret_doc = said;
}

void trial_expect_nothing(const struct trial *trial, const char *name)
{
	char doc[256];

	snprintf(doc, sizeof(doc), "%s.json", name);
	assert_false(trial_has(trial, name));
	assert_false(trial_has(trial, doc));
}

void trial_expect_clean(const struct trial *trial)
{
	struct sink *sink = trial_sink(trial);
	struct session other;

	trial_session(&other, "", false);
	assert_int_equal(sink_begin(sink, &other, deadline_in(20000)), 0);
	sink_abandon(sink);
	sink_close(sink);
	assert_int_equal(trial_count(trial, ".tranche", ""),
			 trial_count(trial, ".tranche", "lock-") +
			 trial_count(trial, ".tranche", "done-"));
}
