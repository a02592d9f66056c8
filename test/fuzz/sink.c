/* SPDX-License-Identifier: MIT */

/*
 * sink - the input is what a folder of the file sink holds (folder.h): data
 * and doc of a name, and in the sink's own folder intent, json, work (the
 * data), plan and done; behind a line of letters: F find, C create, U update.
 * Whatever is there, an operation gives what it may, nothing is written beside
 * the folder's own names, a commit that says so has its bytes, and find says
 * the same as it did.
 */

#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/hex.h"
#include "common/json_scan.h"
#include "common/sha256.h"
#include "common/sink/file.h"
#include "common/sink/file/meta.h"
#include "test/fuzz/folder.h"
#include "test/fuzz/tier_ops.h"

#define NAME "my-id"
#define WORK ".tranche/"

static const char bytes[] = "the bytes of the upload";

static struct session make_session(bool is_update)
{
	return (struct session){
		.id = OPS_ID,
		.persistent_id = NAME,
		.total_chunks = 1,
		.total_size = sizeof(bytes) - 1,
		.created_at = OPS_NOW_MS - 500,
		.expires_at = OPS_NOW_MS + 3599500,
		.is_update = is_update,
	};
}

/* done-<hour>/<digest of the session's id>, as folder.h has it. */
static const char *done_path(void)
{
	static char path[160];
	struct session session = make_session(false);
	char digest[SHA256_HEX_LEN + 1];
	uint8_t sum[SHA256_SIZE];

	sha256_of(OPS_ID, strlen(OPS_ID), sum);
	hex_format(sum, sizeof(sum), digest);
	snprintf(path, sizeof(path), WORK "done-%lld/%s",
		 (long long)(session_purge_at(&session) / 3600000), digest);
	return path;
}

static const char *place(const char *name)
{
	static const struct {
		const char *name, *path;
	} places[] = {
		{ "data", NAME },
		{ "doc", NAME ".json" },
		{ "intent", WORK "intent-" NAME },
		{ "json", WORK "json-" NAME },
		{ "work", WORK "data-" NAME },
		{ "plan", WORK "plan-" NAME },
		{ "aside", WORK "aside-0123456789abcdef" },
	};

	if (strcmp(name, "done") == 0)
		return done_path();
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (strcmp(places[i].name, name) == 0)
			return places[i].path;
	return NULL;
}

static void make_folder(const char *name)
{
	char path[512];
	int n = snprintf(path, sizeof(path), "%s/%s", folder_path(), name);

	must(n > 0 && (size_t)n < sizeof(path), "a path is not long");
	must(mkdir(path, 0700) == 0, "a folder can be made");
}

static void make_folders(void)
{
	const char *done = done_path();
	char room[160];

	make_folder(WORK);
	snprintf(room, sizeof(room), "%.*s",
		 (int)(strrchr(done, '/') - done), done);
	make_folder(room);
}

/* Nothing but the name, its .json and the work folder. */
static void check_names(void)
{
	DIR *dir = opendir(folder_path());
	struct dirent *entry;

	must(dir, "the folder is there");
	while ((entry = readdir(dir)))
		must(strcmp(entry->d_name, NAME) == 0 ||
		     strcmp(entry->d_name, NAME ".json") == 0 ||
		     strcmp(entry->d_name, ".tranche") == 0 ||
		     strcmp(entry->d_name, ".") == 0 ||
		     strcmp(entry->d_name, "..") == 0,
		     "nothing is written beside");
	closedir(dir);
}

static void check_answer(const struct answer *answer)
{
	const struct json_limits limits = {
		.depth_max = 4,
		.values_max = 100,
	};
	struct json_stats stats;
	struct json_error error;

	must(answer->status == 200 || answer->status == 201,
	     "an answer is a success");
	must(answer->body && json_scan(answer->body, answer->body_size,
				       &limits, &stats, &error) == 0,
	     "an answer is JSON");
}

/* A commit that was not done before has just stored the bytes. */
static void check_stored(void)
{
	struct file_meta meta;
	struct buf text;

	buf_init(&text, MIB(1));
	must(folder_read(NAME, &text), "the bytes are there");
	must_equal(text.data, text.size, bytes, sizeof(bytes) - 1,
		   "the bytes are those of the upload");
	buf_reset(&text);
	must(folder_read(NAME ".json", &text), "the .json is there");
	must(file_meta_read(text.data, text.size, &meta) == 0,
	     "the .json can be read");
	must(strcmp(meta.session, OPS_ID) == 0 &&
	     meta.size == sizeof(bytes) - 1, "the .json is of the upload");
	buf_done(&text);
}

static int commit(struct sink *sink, const struct session *session,
		  struct deadline dl, struct answer *answer)
{
	struct sink_content content = { .size = sizeof(bytes) - 1 };
	uint8_t digest[SHA256_SIZE];
	int r;

	sha256_of(bytes, sizeof(bytes) - 1, digest);
	hex_format(digest, sizeof(digest), content.sha256);
	r = sink_begin(sink, session, dl);
	if (!r)
		r = sink_write(sink, bytes, sizeof(bytes) - 1, dl);
	return r ? r : sink_commit(sink, session, &content, dl, answer);
}

/* What find says; the answer, if any, is JSON. */
static int find(struct sink *sink, const struct session *session,
		struct deadline dl, struct answer *answer)
{
	int r = sink_find(sink, session, dl, answer);

	must(r <= SINK_E_ABSENT, "find finds it or not");
	if (!r)
		check_answer(answer);
	return r;
}

static void run(struct sink *sink, char op)
{
	struct session session = make_session(op == 'U');
	struct deadline dl = deadline_in(10000);
	struct answer before = { 0 }, answer = { 0 }, after = { 0 };
	int found, r;

	found = find(sink, &session, dl, &before);
	if (op == 'F')
		r = find(sink, &session, dl, &answer);
	else
		r = commit(sink, &session, dl, &answer);
	must(r <= 0 || r == SINK_E_ABSENT || r == SINK_E_TAKEN ||
	     r == SINK_E_NO_ROUTE, "an operation answers what it may");
	must(r >= 0 || sink->error[0], "a failure has its words");
	must((found < 0) == (r < 0), "what cannot be read stays so");
	if (found == 0)
		must(r == 0, "what was committed is found");
	if (r == 0 && found == SINK_E_ABSENT)
		check_stored();
	if (r == 0) {
		check_answer(&answer);
		must(find(sink, &session, dl, &after) == 0,
		     "what was committed is found");
		must_equal(after.body, after.body_size, answer.body,
			   answer.body_size, "it is answered the same");
	}
	check_names();
	answer_done(&before);
	answer_done(&answer);
	answer_done(&after);
}

static void check_meta(const char *data, size_t size)
{
	struct file_meta meta, again;
	struct buf text;

	if (file_meta_read(data, size, &meta))
		return;
	buf_init(&text, FILE_META_MAX);
	must(file_meta_write(&text, &meta) == 0, "a .json can be written");
	must(file_meta_read(text.data, text.size, &again) == 0 &&
	     strcmp(meta.name, again.name) == 0 &&
	     strcmp(meta.owner, again.owner) == 0 &&
	     strcmp(meta.type, again.type) == 0 && meta.size == again.size,
	     "a .json that was written is the same");
	buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { (const char *)data, size };
	struct fuzz_input line;
	struct sink *sink;

	check_meta(in.at, size);
	line = fuzz_until(&in, '\n');
	folder_empty();
	make_folders();
	folder_fill(in, place);
	must(sink_file_open(folder_path(), 0640, &sink) == 0, "a sink opens");
	for (size_t i = 0; i < line.left && i < 4; i++)
		if (line.at[i] == 'F' || line.at[i] == 'C' ||
		    line.at[i] == 'U')
			run(sink, line.at[i]);
	sink_close(sink);
	return 0;
}
