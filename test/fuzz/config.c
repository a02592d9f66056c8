/* SPDX-License-Identifier: MIT */

/*
 * config - the input is an environment of "NAME=value" lines. What is taken is
 * within the limits that the rest relies on; every mistake is said in a line
 * that begins with the name of a variable, and in none that repeats a URL.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/config.h"
#include "test/fuzz/fuzz.h"

#define VARIABLES_MAX 40

static struct {
	char *name, *value;
} variables[VARIABLES_MAX];
static size_t n_variables;

static char *get(const char *name)
{
	for (size_t i = 0; i < n_variables; i++)
		if (strcmp(variables[i].name, name) == 0)
			return variables[i].value;
	return NULL;
}

static void read_variables(struct fuzz_input in)
{
	n_variables = 0;
	while (in.left && n_variables < VARIABLES_MAX) {
		struct fuzz_input line = fuzz_until(&in, '\n');
		struct fuzz_input name = fuzz_until(&line, '=');

		variables[n_variables].name = fuzz_string(name);
		variables[n_variables++].value = fuzz_string(line);
	}
}

static void forget_variables(void)
{
	for (size_t i = 0; i < n_variables; i++) {
		free(variables[i].name);
		free(variables[i].value);
	}
	n_variables = 0;
}

static bool is_variable(struct fuzz_input name)
{
	const struct config_variable *variable;

	for (size_t i = 0; (variable = config_variable(i)); i++)
		if (strlen(variable->name) == name.left &&
		    memcmp(variable->name, name.at, name.left) == 0)
			return true;
	return false;
}

static void check_lines(const struct buf *lines)
{
	static const char *const urls[] = { "REDIS_URL", "MONGODB_URI" };
	struct fuzz_input rest = { lines->data, lines->size };

	for (size_t i = 0; lines->size && i < ARRAY_SIZE(urls); i++) {
		const char *url = get(urls[i]);

		/* A short one may be a word that is there anyway. */
		must(!url || strlen(url) < 16 || strcspn(url, "\n ") !=
		     strlen(url) || !strstr(lines->data, url),
		     "no line repeats a URL");
	}
	while (rest.left) {
		struct fuzz_input line = fuzz_until(&rest, '\n');

		must(is_variable(fuzz_until(&line, ' ')) && line.left,
		     "a line names its variable and says something");
	}
}

static void check_taken(const struct config *c)
{
	must(c->n_tiers <= CONFIG_TIERS_MAX, "there are three tiers");
	for (size_t i = 0; i < c->n_tiers; i++) {
		must(c->tiers[i] != CONFIG_REDIS || c->redis_url,
		     "redis has its URL");
		must(c->tiers[i] != CONFIG_MONGODB || c->mongodb_uri,
		     "mongodb has its URI");
		for (size_t j = 0; j < i; j++)
			must(c->tiers[i] != c->tiers[j],
			     "a tier is named once");
	}
	must(c->copies >= 1 && c->copies <= 2, "copies are 1 or 2");
	must(c->sink_target && c->sink_target[0], "the sink has a target");
	must(c->sink != CONFIG_SINK_MONGODB || c->mongodb_uri,
	     "the mongodb sink has its URI");
	must((c->sink_mode & 0400) && c->sink_mode <= 0777,
	     "stored files can be read");
	must(c->ttl_ms >= 1000 && c->ttl_ms < INT64_MAX / 1000,
	     "a session lives for a time");
	must(c->max_chunks >= 1 && c->max_chunks <= UINT32_MAX,
	     "chunks fit their index");
	must(c->max_chunk_size >= 1 && c->max_chunk_size <= MIB(64) &&
	     6 * c->max_chunk_size + KIB(4) <= INT32_MAX,
	     "a body fits json-c's int");
	must(c->max_document >= 1 && c->max_document <= INT32_MAX,
	     "a document fits an int32");
	must(c->max_size >= 1 && c->max_inflated >= 1 && c->memory_max >= 1,
	     "sizes are not 0");
	must(c->memory_dir && c->memory_dir[0] == '/', "memory has a folder");
	must(!c->state_dir || c->state_dir[0] == '/', "state has a folder");
	must(c->cors_origins, "origins are a text");
	must(c->request_timeout_ms >= 100 && c->complete_timeout_ms >= 100 &&
	     c->redis_timeout_ms >= 10 && c->mongodb_timeout_ms >= 10 &&
	     c->cooldown_ms >= 0 && c->idle_timeout_ms >= 0,
	     "times are not negative");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf errors, warnings;
	struct config config;
	int r;

	read_variables((struct fuzz_input){ (const char *)data, size });
	buf_init(&errors, CONFIG_ERRORS_MAX);
	buf_init(&warnings, CONFIG_ERRORS_MAX);
	r = config_read(get, &config, &errors, &warnings);
	must(r == 0 || r == -EINVAL, "it is taken or not");
	must((r == -EINVAL) == (errors.size > 0), "a refusal has its errors");
	check_lines(&errors);
	check_lines(&warnings);
	if (r == 0)
		check_taken(&config);
	buf_done(&errors);
	buf_done(&warnings);
	forget_variables();
	return 0;
}
