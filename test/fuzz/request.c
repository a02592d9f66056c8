/* SPDX-License-Identifier: MIT */

/*
 * request - the input is a request: "NAME=value" lines, which are its CGI
 * meta-variables and FUNCTION, then an empty line and the body. Whatever comes
 * in, the functions answer it by the wire's rules; what the tier is given is
 * what the body says when it is read by other means; and the answer is the
 * same again, however the body comes in.
 */

#include <json-c/json.h>
#include <nettle/base64.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/hex.h"
#include "common/json_scan.h"
#include "common/sha256.h"
#include "test/fuzz/json_reference.h"
#include "test/fuzz/request_world.h"

int start_main(void);
int status_main(void);
int upload_main(void);

typedef int main_fn(void);

static const struct json_limits limits = {
	.depth_max = 100,
	.values_max = 10000,
};

static main_fn *function_of(const struct world *world)
{
	const char *name = world_param(world, "FUNCTION");

	if (name && strcmp(name, "start") == 0)
		return start_main;
	if (name && strcmp(name, "status") == 0)
		return status_main;
	return upload_main;
}

/* The value of a header of the answer, or nothing. */
static struct fuzz_input header(struct fuzz_input headers, const char *name)
{
	struct fuzz_input line;

	while ((line = fuzz_until(&headers, '\n')).left > 1)
		if (line.left > strlen(name) + 2 &&
		    memcmp(line.at, name, strlen(name)) == 0 &&
		    line.at[strlen(name)] == ':') {
			line.at += strlen(name) + 2;
			line.left -= strlen(name) + 3;	/* CR at its end */
			return line;
		}
	return (struct fuzz_input){ "", 0 };
}

static bool is(struct fuzz_input got, const char *wanted)
{
	return got.left == strlen(wanted) &&
	       memcmp(got.at, wanted, got.left) == 0;
}

/* Lines of a name and printable ASCII, each with its CR and LF. */
static void check_lines(struct fuzz_input headers)
{
	while (headers.left) {
		struct fuzz_input line = fuzz_until(&headers, '\n');
		const char *colon = memchr(line.at, ':', line.left);

		must(line.left > 3 && line.at[line.left - 1] == '\r',
		     "a header line ends with CR and LF");
		must(colon && colon > line.at && colon[1] == ' ',
		     "a header line has a name and a value");
		for (size_t i = 0; i < line.left - 1; i++)
			must(line.at[i] >= 0x20 && line.at[i] < 0x7f,
			     "a header line is printable ASCII");
	}
}

static bool is_request_id(const char *id)
{
	size_t len = strlen(id);

	for (size_t i = 0; i < len; i++)
		if (!((id[i] >= 'a' && id[i] <= 'z') ||
		      (id[i] >= 'A' && id[i] <= 'Z') ||
		      (id[i] >= '0' && id[i] <= '9') ||
		      strchr("._-", id[i])))
			return false;
	return len >= 1 && len <= 128;
}

static void check_headers(const struct world *world, struct fuzz_input headers)
{
	const char *id = world_param(world, "HTTP_X_REQUEST_ID");
	const char *origin = world_param(world, "HTTP_ORIGIN");
	struct fuzz_input sent = header(headers, "X-Request-Id");
	struct fuzz_input allowed = header(headers,
					   "Access-Control-Allow-Origin");

	check_lines(headers);
	if (id && is_request_id(id))
		must(is(sent, id), "a request keeps its id");
	else
		must(sent.left == 16, "a request gets an id");
	if (origin && (strcmp(origin, WORLD_ORIGIN) == 0 ||
		       strcmp(origin, "https://a.example") == 0))
		must(is(allowed, origin), "an origin on the list may call");
	else
		must(!allowed.left, "no other may");
}

static unsigned check_status(struct fuzz_input headers)
{
	static const unsigned wanted[] = {
		200, 204, 400, 404, 405, 409, 413,
	};
	unsigned status = 0;

	must(sscanf(header(headers, "Status").at, "%3u", &status) == 1,
	     "an answer has a status");
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (status == wanted[i])
			return status;
	must(false, "a healthy server answers by the wire's statuses");
	return 0;
}

/* The answer as a whole; its status. */
static unsigned check_answer(const struct world *world)
{
	const char *method = world_param(world, "REQUEST_METHOD");
	struct fuzz_input all = { world->answer.data, world->answer.size };
	const char *end = memmem(all.at, all.left, "\r\n\r\n", 4);
	bool is_head = method && strcmp(method, "HEAD") == 0;
	struct json_stats stats;
	struct json_error error;
	struct fuzz_input headers;
	unsigned status;
	char length[24];

	must(end, "the headers end");
	headers = fuzz_take(&all, (size_t)(end + 2 - all.at));
	fuzz_take(&all, 2);
	check_headers(world, headers);
	status = check_status(headers);
	if (is_head || status == 204) {
		must(!all.left, "where no body belongs there is none");
		return status;
	}
	snprintf(length, sizeof(length), "%zu", all.left);
	must(is(header(headers, "Content-Length"), length),
	     "the body is as long as its header says");
	must(json_scan(all.at, all.left, &limits, &stats, &error) == 0,
	     "the body is JSON");
	if (status >= 400)
		must(memcmp(all.at, "{\"error\":\"", 10) == 0,
		     "an error says what it is");
	return status;
}

/* The value of the body's member, by json-c; NULL: none, or null. */
static struct json_object *member(struct fuzz_input body, const char *key,
				  bool *ret_given)
{
	struct json_cut cut = { 0 };
	struct json_tokener *tokener;
	struct json_object *value;
	struct json_error error;

	must(json_scan_cut(body.at, body.left, &limits, key, &cut,
			   &error) == 0, "what was taken is an object");
	*ret_given = cut.found;
	if (!cut.found)
		return NULL;
	tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
	must(tokener, "json-c has memory");
	value = json_tokener_parse_ex(tokener, body.at + cut.start,
				      (int)(cut.end - cut.start));
	if (json_tokener_get_error(tokener) == json_tokener_continue)
		value = json_tokener_parse_ex(tokener, " ", 1);
	json_tokener_free(tokener);
	return value;
}

static void check_number(struct fuzz_input body, const char *key,
			 uint64_t number)
{
	bool given;
	struct json_object *value = member(body, key, &given);

	must(value, "a number that was taken is given");
	must((double)number == json_object_get_double(value),
	     "a number is the one that is given");
	json_object_put(value);
}

/* Not by json-c, which loses a pair that it finds a backslash behind. */
static void check_string(struct fuzz_input body, const char *key,
			 const char *text)
{
	struct json_cut cut = { 0 };
	struct json_error error;
	struct buf wanted;

	must(json_scan_cut(body.at, body.left, &limits, key, &cut,
			   &error) == 0, "what was taken is an object");
	buf_init(&wanted, SIZE_MAX);
	if (cut.found && body.at[cut.start] == '"')
		json_reference_decode(body.at + cut.start + 1,
				      cut.end - cut.start - 2,
				      /* replace= */ true, &wanted);
	/* Its hex may be of either case. */
	if (strcmp(key, "sha256") == 0)
		must(strlen(text) == wanted.size, "a digest is one");
	else
		must_equal(text, strlen(text), wanted.data, wanted.size,
			   "a text is the one that is given");
	buf_done(&wanted);
}

static void check_flag(struct fuzz_input body, const char *key, bool flag)
{
	bool given;
	struct json_object *value = member(body, key, &given);

	must(flag == (value && json_object_get_boolean(value)),
	     "a word is the one that is given");
	json_object_put(value);
}

static void check_session(const struct world *world)
{
	const char *owner = world_param(world, "REMOTE_USER");
	const struct session *s = &world->session;
	struct fuzz_input body = world->body;

	body.left = world->read;
	check_number(body, "totalChunks", s->total_chunks);
	check_number(body, "totalSize", s->total_size);
	check_string(body, "persistentId", s->persistent_id);
	check_string(body, "fileName", s->file_name);
	check_string(body, "contentType", s->content_type);
	check_string(body, "sha256", s->sha256);
	check_flag(body, "isUpdate", s->is_update);
	check_flag(body, "isCompressed", s->is_compressed);
	must(strcmp(s->owner, owner ? owner : "") == 0, "the owner is kept");
	must(session_id_is_valid(s->id, strlen(s->id)), "an id is made");
	must(s->total_chunks >= 1 && s->total_chunks <= WORLD_MAX_CHUNKS &&
	     s->total_size <= WORLD_MAX_SIZE &&
	     s->total_size <= (uint64_t)s->total_chunks * WORLD_MAX_CHUNK_SIZE,
	     "no limit is passed");
	must(!s->persistent_id[0] ||
	     session_persistent_id_is_valid(s->persistent_id,
					    strlen(s->persistent_id)),
	     "a persistentId that is kept is one");
	must(!s->is_update || s->persistent_id[0], "an update has its id");
}

static void check_text_chunk(const struct world *world)
{
	struct fuzz_input body = { world->body.at, world->read };
	struct json_cut cut = { 0 };
	struct json_error error;
	struct buf data;

	must(json_scan_cut(body.at, body.left, &limits, "data", &cut,
			   &error) == 0 && cut.found && body.at[cut.start] ==
	     '"', "data that was taken is a string");
	buf_init(&data, SIZE_MAX);
	json_reference_decode(body.at + cut.start + 1,
			      cut.end - cut.start - 2, false, &data);
	must_equal(world->data.data, world->data.size, data.data, data.size,
		   "data is what its escapes stand for");
	buf_done(&data);
	check_number(body, "chunkIndex", world->chunk.index);
	check_string(body, "sessionId", WORLD_ID);
}

/* Whether the body's own Content-Digest, in its usual form, is in @header. */
static bool has_digest(struct fuzz_input body, const char *header)
{
	char text[BASE64_ENCODE_RAW_LENGTH(SHA256_SIZE) + 1] = "";
	uint8_t digest[SHA256_SIZE];

	sha256_of(body.at, body.left, digest);
	base64_encode_raw(text, sizeof(digest), digest);
	/* The last symbol has bits too many, which may be anything. */
	text[sizeof(text) - 3] = '\0';
	return strstr(header, text);
}

static void check_chunk(const struct world *world)
{
	const char *query = world_param(world, "QUERY_STRING");
	const char *given = world_param(world, "HTTP_CONTENT_DIGEST");
	struct fuzz_input body = { world->body.at, world->read };
	struct digest digest;

	digest = digest_of(world->data.data, world->data.size);
	must(digest_equal(&digest, &world->chunk.digest),
	     "a chunk has its digest");
	must(world->chunk.index < 3, "an index is below totalChunks");
	must(world->chunk.size > 0 &&
	     world->chunk.size <= WORLD_MAX_CHUNK_SIZE, "no limit is passed");
	if (given && strstr(given, "sha-256=:"))
		must(has_digest(body, given),
		     "a chunk that is taken has the digest that was claimed");
	if (world->chunk.kind == CHUNK_TEXT) {
		check_text_chunk(world);
		return;
	}
	must(query && strstr(query, "sessionId="), "raw is said in the query");
	must_equal(world->data.data, world->data.size, body.at, body.left,
		   "raw bytes are the body");
}

static unsigned run(struct world *world, main_fn *function, size_t piece)
{
	unsigned status;

	world->piece = piece;
	world_run(world, function);
	status = check_answer(world);
	must(world->has_session == (status == 200 && function == start_main),
	     "a session is made when start says so");
	must(world->has_chunk == (status == 200 && function == upload_main),
	     "a chunk is kept when upload says so");
	if (world->has_session)
		check_session(world);
	if (world->has_chunk)
		check_chunk(world);
	session_done(&world->session);
	return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world world;
	unsigned status;

	world_init(&world, (struct fuzz_input){ (const char *)data, size });
	status = run(&world, function_of(&world), 0);
	must(run(&world, function_of(&world), 3) == status,
	     "a request is answered the same again");
	world_done(&world);
	return 0;
}
