/* SPDX-License-Identifier: MIT */

/*
 * mongodb - the input is what a MongoDB server answers, behind a line of
 * letters: operations of the tier (tier_ops.h), and of the sink F find,
 * C create, U update. Each answer is a digit for a refusal (client.h), "e" for
 * a lost connection, or "d" and a document as it is on the wire. Whatever
 * comes, operations give what they may, and what is sent is valid BSON.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_scan.h"
#include "common/mongo/client.h"
#include "common/mongo/verdict.h"
#include "common/sink/mongodb.h"
#include "common/tier/mongodb.h"
#include "test/fuzz/tier_ops.h"

#define WORDS_MAX 256

/* What client.c is to its callers. */
struct client {
	char words[WORDS_MAX];
};

static struct fuzz_input answers;

int client_open(const char *uri, int64_t timeout_ms, char *ret_why,
		size_t why_size, struct client **ret_client)
{
	(void)uri;
	(void)timeout_ms;
	(void)ret_why;
	(void)why_size;
	*ret_client = calloc(1, sizeof(**ret_client));
	must(*ret_client, "there is memory for a client");
	return 0;
}

void client_close(struct client *c)
{
	free(c);
}

void client_disconnect(struct client *c)
{
	(void)c;
}

const char *client_error(const struct client *c)
{
	return c->words;
}

uint64_t client_hash(const struct client *c)
{
	(void)c;
	return 1;
}

int client_fail(struct client *c, int r, const char *words)
{
	must(strlen(words) < sizeof(c->words), "words are few");
	strcpy(c->words, words);
	return r;
}

int64_t client_patience(const struct client *c, struct deadline dl)
{
	(void)c;
	(void)dl;
	return 1000;
}

/* The next document of the input; false: there is none that is whole. */
static bool take_document(bson_t *ret_document)
{
	struct fuzz_input bytes;
	uint32_t size;

	if (answers.left < sizeof(size))
		return false;
	memcpy(&size, answers.at, sizeof(size));
	bytes = fuzz_take(&answers, BSON_UINT32_FROM_LE(size));
	return bson_init_static(ret_document, (const uint8_t *)bytes.at,
				bytes.left);
}

int client_run(struct client *c, const bson_t *command, bool may_repeat,
	       struct deadline dl, bson_t *ret_reply)
{
	uint8_t kind = fuzz_byte(&answers);
	bson_t reply;
	int r;

	(void)may_repeat;
	(void)dl;
	must(bson_validate(command, BSON_VALIDATE_UTF8 |
			   BSON_VALIDATE_UTF8_ALLOW_NULL, NULL),
	     "a command is valid BSON");
	if (kind >= '1' && kind <= '5')
		return kind - '0';
	if (kind != 'd' || !take_document(&reply))
		return client_fail(c, -ECONNRESET, "the connection is lost");
	r = verdict_of_reply(&reply, c->words, sizeof(c->words));
	if (r)
		return r;
	bson_copy_to(&reply, ret_reply);
	return 0;
}

int client_ping(struct client *c, struct deadline dl)
{
	bson_t command = BSON_INITIALIZER, reply;
	int r;

	r = client_run(c, &command, true, dl, &reply);
	if (!r)
		bson_destroy(&reply);
	return r;
}

/* What the sink answers is JSON, and nothing of ours is in it. */
static void check_answer(struct answer *answer)
{
	const struct json_limits limits = {
		.depth_max = JSON_DEPTH_MAX,
		.values_max = SIZE_MAX,
	};
	struct json_stats stats;
	struct json_error error;

	must(answer->status == 200 || answer->status == 201,
	     "an answer is a success");
	must(answer->body && json_scan(answer->body, answer->body_size,
				       &limits, &stats, &error) == 0,
	     "an answer is JSON");
	answer_done(answer);
}

static int commit(struct sink *sink, const struct session *session,
		  struct deadline dl, struct answer *answer)
{
	static const char json[] = "{\"name\":\"n\",\"persistentId\":\"p\"}";
	const struct sink_content content = { .size = sizeof(json) - 1 };
	int r;

	r = sink_begin(sink, session, dl);
	if (!r)
		r = sink_write(sink, json, sizeof(json) - 1, dl);
	return r ? r : sink_commit(sink, session, &content, dl, answer);
}

static void run_sink(struct sink *sink, struct fuzz_input letters)
{
	struct session session = {
		.id = OPS_ID,
		.total_chunks = 1,
		.created_at = OPS_NOW_MS,
		.expires_at = OPS_NOW_MS + 3600000,
	};
	struct deadline dl = deadline_in(10000);

	for (size_t i = 0; i < letters.left && i < OPS_MAX; i++) {
		struct answer answer = { 0 };
		char op = letters.at[i];
		int r = -1;

		session.is_update = op == 'U';
		strcpy(session.persistent_id, op == 'U' ? "my-id" : "");
		if (op == 'F')
			r = sink_find(sink, &session, dl, &answer);
		else if (op == 'C' || op == 'U')
			r = commit(sink, &session, dl, &answer);
		else
			continue;
		must(r >= 0 || sink->error[0], "a failure has its words");
		if (!r)
			check_answer(&answer);
		else
			must(!answer.body, "what fails has no answer");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sink_mongodb_limits limits = {
		.json_max = MIB(1),
		.depth_max = 100,
	};
	struct fuzz_input in = { (const char *)data, size };
	struct fuzz_input line = fuzz_until(&in, '\n');
	char why[TIER_ERROR_MAX + SINK_ERROR_MAX];
	struct tier *tier;
	struct sink *sink;

	answers = in;
	must(tier_mongodb_open("mongodb://h", 1000, NULL, why, &tier) == 0,
	     "a tier opens");
	ops_run(tier, line, /* may_fail= */ true);
	tier_close(tier);
	must(sink_mongodb_open("mongodb://h", "routes", &limits, 1000, why,
			       &sink) == 0, "a sink opens");
	run_sink(sink, line);
	sink_close(sink);
	return 0;
}
