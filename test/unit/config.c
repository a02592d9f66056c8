/* SPDX-License-Identifier: MIT */

/* The environment: every variable with good values and bad ones. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "common/config.h"

#define VARIABLES_MAX 8

/* An environment for one reading; getenv() has no other way in. */
static struct {
	const char *name;
	const char *value;
} given[VARIABLES_MAX];

static char *get(const char *name)
{
	for (size_t i = 0; i < VARIABLES_MAX && given[i].name; i++)
		if (strcmp(given[i].name, name) == 0)
			return (char *)given[i].value;
	return NULL;
}

static void set(size_t i, const char *name, const char *value)
{
	given[i].name = name;
	given[i].value = value;
}

static void set_nothing(void)
{
	memset(given, 0, sizeof(given));
}

struct outcome {
	int r;
	struct config config;
	struct buf errors;
	struct buf warnings;
};

static void read_it(struct outcome *o)
{
	buf_init(&o->errors, CONFIG_ERRORS_MAX);
	buf_init(&o->warnings, CONFIG_ERRORS_MAX);
	o->r = config_read(get, &o->config, &o->errors, &o->warnings);
}

static void forget(struct outcome *o)
{
	buf_done(&o->errors);
	buf_done(&o->warnings);
}

static void test_defaults_serve_without_any_variable(void **state)
{
	struct outcome o;

	(void)state;
	set_nothing();
	read_it(&o);
	assert_int_equal(o.r, 0);
	assert_int_equal(o.config.n_tiers, 1);
	assert_int_equal(o.config.tiers[0], CONFIG_MEMORY);
	assert_int_equal(o.config.sink, CONFIG_SINK_FILE);
	assert_int_equal(o.config.sink_mode, 0640);
	assert_int_equal(o.config.ttl_ms, 3600 * 1000);
	assert_int_equal(o.config.max_chunk_size, 4 << 20);
	assert_int_equal(o.config.max_size, 1 << 30);
	assert_non_null(strstr(o.config.memory_dir, "/tranche-"));
	assert_null(o.config.redis_url);
	assert_null(o.config.mongodb_uri);
	forget(&o);
}

/* Values that a program must not start with, and what it says of them. */
static const struct {
	const char *name, *value, *says;
} bad[] = {
	{ "REDIS_URL", "rediss://127.0.0.1", "TLS" },
	{ "REDIS_URL", "redis://10.0.0.1:1,10.0.0.2:1", "Cluster" },
	{ "TRANCHE_TIERS", "redis", "REDIS_URL is not set" },
	{ "TRANCHE_TIERS", "mongodb,memory", "MONGODB_URI is not set" },
	{ "TRANCHE_TIERS", "memory,memory", "twice" },
	{ "TRANCHE_TIERS", "memory,", "knows" },
	{ "TRANCHE_TIERS", "disk", "knows" },
	{ "TRANCHE_COPIES", "2", "set both REDIS_URL and MONGODB_URI" },
	{ "TRANCHE_COPIES", "0", "must be 1 or 2" },
	{ "TRANCHE_COPIES", "3", "must be 1 or 2" },
	{ "TRANCHE_COPIES", "2 ", "must be 1 or 2" },
	{ "TRANCHE_SINK", "file:relative", "absolute" },
	{ "TRANCHE_SINK", "file:", "absolute" },
	{ "TRANCHE_SINK", "gridfs:uploads", "not served" },
	{ "TRANCHE_SINK", "https://app.example.org/", "not served" },
	{ "TRANCHE_SINK", "s3:bucket", "must be" },
	{ "TRANCHE_SINK", "mongodb:routes", "MONGODB_URI" },
	{ "TRANCHE_SINK", "mongodb:", "name of a collection" },
	{ "TRANCHE_SINK", "mongodb:a$b", "name of a collection" },
	{ "TRANCHE_SINK_MODE", "0888", "octal" },
	{ "TRANCHE_SINK_MODE", "1777", "at most 0777" },
	{ "TRANCHE_SINK_MODE", "0040", "readable to its owner" },
	{ "TRANCHE_TTL", "0", "from 1 to" },
	{ "TRANCHE_TTL", "1h", "whole number" },
	{ "TRANCHE_TTL", "99999999", "from 1 to" },
	{ "TRANCHE_MAX_CHUNKS", "0", "from 1 to" },
	{ "TRANCHE_MAX_CHUNKS", "1KiB", "whole number" },
	{ "TRANCHE_MAX_CHUNK_SIZE", "-1", "whole number" },
	{ "TRANCHE_MAX_CHUNK_SIZE", "65MiB", "from 1 to" },
	{ "TRANCHE_MAX_CHUNK_SIZE", "4 MiB", "whole number" },
	{ "TRANCHE_MAX_CHUNK_SIZE", "4MB", "KiB, MiB or GiB" },
	{ "TRANCHE_MAX_SIZE", "99999999999999999999", "from 1 to" },
	{ "TRANCHE_MAX_SIZE", "18014398509481985KiB", "from 1 to" },
	{ "TRANCHE_MAX_INFLATED", "0", "from 1 to" },
	{ "TRANCHE_MAX_DOCUMENT", "1.5MiB", "whole number" },
	{ "TRANCHE_MEMORY_DIR", "here", "absolute" },
	{ "TRANCHE_MEMORY_MAX", "all", "whole number" },
	{ "TRANCHE_STATE_DIR", "./state", "absolute" },
	{ "TRANCHE_CORS_ORIGINS", "app.example.org", "origins" },
	{ "TRANCHE_CORS_ORIGINS", "https://a.example,", "origins" },
	{ "TRANCHE_CORS_ORIGINS", "https://a.example/", "without a path" },
	{ "TRANCHE_CORS_ORIGINS", "https://a.example\r\nX: y", "origins" },
	{ "TRANCHE_REQUEST_TIMEOUT", "1", "from 100 to" },
	{ "TRANCHE_COMPLETE_TIMEOUT", "", NULL },
	{ "TRANCHE_REDIS_TIMEOUT", "0", "from 10 to" },
	{ "TRANCHE_MONGODB_TIMEOUT", "3s", "whole number" },
	{ "TRANCHE_COOLDOWN", "+5", "whole number" },
	{ "TRANCHE_MAX_REQUESTS", "4294967296", "from 0 to" },
	{ "TRANCHE_IDLE_TIMEOUT", "0x10", "whole number" },
	{ "TRANCHE_LOG_LEVEL", "verbose", "does not know" },
	{ "TRANCHE_LOG_FORMAT", "xml", "does not know" },
};

static void test_bad_values_are_refused_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct outcome o;

		set_nothing();
		set(0, bad[i].name, bad[i].value);
		read_it(&o);
		if (!bad[i].says) {
			/* Set to nothing is not set. */
			assert_int_equal(o.r, 0);
		} else {
			print_message("%s=%s\n", bad[i].name, bad[i].value);
			assert_int_equal(o.r, -22);
			assert_memory_equal(o.errors.data, bad[i].name,
					    strlen(bad[i].name));
			assert_non_null(strstr(o.errors.data, bad[i].says));
		}
		forget(&o);
	}
}

static void test_good_values_are_taken(void **state)
{
	struct outcome o;

	(void)state;
	set_nothing();
	set(0, "REDIS_URL", "redis://user:secret@127.0.0.1:7000/3");
	set(1, "MONGODB_URI", "mongodb://127.0.0.1/routes");
	set(2, "TRANCHE_TIERS", "mongodb,redis");
	set(3, "TRANCHE_SINK", "mongodb:routes");
	set(4, "TRANCHE_MAX_CHUNK_SIZE", "15MiB");
	set(5, "TRANCHE_CORS_ORIGINS", "https://a.example,http://b.example:81");
	set(6, "TRANCHE_TTL", "2");
	set(7, "TRANCHE_LOG_FORMAT", "json");
	read_it(&o);
	assert_int_equal(o.r, 0);
	assert_int_equal(o.config.n_tiers, 2);
	assert_int_equal(o.config.tiers[0], CONFIG_MONGODB);
	assert_int_equal(o.config.tiers[1], CONFIG_REDIS);
	assert_int_equal(o.config.sink, CONFIG_SINK_MONGODB);
	assert_string_equal(o.config.sink_target, "routes");
	assert_int_equal(o.config.max_chunk_size, 15 << 20);
	assert_int_equal(o.config.ttl_ms, 2000);
	assert_int_equal(o.config.log_format, CONFIG_LOG_JSON);
	forget(&o);
}

static void test_all_mistakes_are_said_at_once(void **state)
{
	struct outcome o;

	(void)state;
	set_nothing();
	set(0, "TRANCHE_TTL", "x");
	set(1, "TRANCHE_SINK", "y");
	set(2, "TRANCHE_COOLDOWN", "z");
	read_it(&o);
	assert_int_equal(o.r, -22);
	assert_non_null(strstr(o.errors.data, "TRANCHE_TTL "));
	assert_non_null(strstr(o.errors.data, "TRANCHE_SINK "));
	assert_non_null(strstr(o.errors.data, "TRANCHE_COOLDOWN "));
	forget(&o);
}

static void test_a_list_is_complained_of_once(void **state)
{
	static char commas[1000];
	struct outcome o;

	(void)state;
	memset(commas, ',', sizeof(commas) - 1);
	set_nothing();
	set(0, "TRANCHE_TIERS", commas);
	set(1, "TRANCHE_TTL", "x");
	read_it(&o);
	assert_int_equal(o.r, -22);
	assert_memory_equal(o.errors.data, "TRANCHE_TIERS ", 14);
	assert_null(strstr(o.errors.data + 14, "TRANCHE_TIERS "));
	assert_non_null(strstr(o.errors.data, "TRANCHE_TTL "));
	forget(&o);
}

static void test_an_invalid_url_is_a_tier_that_is_not_there(void **state)
{
	struct outcome o;

	(void)state;
	set_nothing();
	set(0, "REDIS_URL", "http://user:secret@host");
	set(1, "MONGODB_URI", "secret");
	set(2, "TRANCHE_TIERS", "redis,mongodb,memory");
	read_it(&o);
	assert_int_equal(o.r, 0);
	assert_int_equal(o.config.n_tiers, 1);
	assert_int_equal(o.config.tiers[0], CONFIG_MEMORY);
	assert_non_null(strstr(o.warnings.data, "REDIS_URL is invalid"));
	assert_non_null(strstr(o.warnings.data, "MONGODB_URI is invalid"));
	assert_null(strstr(o.warnings.data, "secret"));
	forget(&o);
}

static void test_two_copies_need_two_shared_tiers(void **state)
{
	static const struct {
		const char *redis, *mongodb, *tiers;
		int r;
	} rows[] = {
		{ "redis://127.0.0.1", "mongodb://127.0.0.1", NULL, 0 },
		{ "redis://127.0.0.1", "mongodb://127.0.0.1",
		  "mongodb,memory,redis", 0 },
		/* One that is invalid is waited for, as one that is silent. */
		{ "invalid", "mongodb://127.0.0.1", NULL, 0 },
		{ "invalid", "invalid", "redis,mongodb", 0 },
		{ "redis://127.0.0.1", NULL, NULL, -22 },
		{ NULL, "mongodb://127.0.0.1", NULL, -22 },
		{ "redis://127.0.0.1", "mongodb://127.0.0.1", "redis,memory",
		  -22 },
		{ "redis://127.0.0.1", "mongodb://127.0.0.1", "memory", -22 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct outcome o;

		set_nothing();
		set(0, "TRANCHE_COPIES", "2");
		set(1, "REDIS_URL", rows[i].redis);
		set(2, "MONGODB_URI", rows[i].mongodb);
		set(3, "TRANCHE_TIERS", rows[i].tiers);
		read_it(&o);
		assert_int_equal(o.r, rows[i].r);
		if (!o.r)
			assert_int_equal(o.config.copies, 2);
		else
			assert_non_null(strstr(o.errors.data,
					       "TRANCHE_COPIES is 2, but"));
		forget(&o);
	}
}

static void test_chunks_over_15_mib_do_not_fit_mongodb(void **state)
{
	struct outcome o;

	(void)state;
	set_nothing();
	set(0, "MONGODB_URI", "mongodb://127.0.0.1");
	set(1, "TRANCHE_MAX_CHUNK_SIZE", "15728641");
	read_it(&o);
	assert_int_equal(o.r, -22);
	assert_non_null(strstr(o.errors.data, "TRANCHE_MAX_CHUNK_SIZE"));
	forget(&o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_serve_without_any_variable),
		cmocka_unit_test(test_bad_values_are_refused_by_name),
		cmocka_unit_test(test_good_values_are_taken),
		cmocka_unit_test(test_all_mistakes_are_said_at_once),
		cmocka_unit_test(test_a_list_is_complained_of_once),
		cmocka_unit_test(test_an_invalid_url_is_a_tier_that_is_not_there),
		cmocka_unit_test(test_two_copies_need_two_shared_tiers),
		cmocka_unit_test(test_chunks_over_15_mib_do_not_fit_mongodb),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
