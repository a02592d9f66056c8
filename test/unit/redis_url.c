/* SPDX-License-Identifier: MIT */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/redis_url.h"

struct good {
	const char *url;
	const char *path, *host;
	unsigned port;
	const char *user, *password;
	unsigned db;
};

static const struct good goods[] = {
	{ "redis://10.1.2.3", "", "10.1.2.3", 6379, "", "", 0 },
	{ "redis://cache.example:6380/", "", "cache.example", 6380, "", "", 0 },
	{ "REDIS://Cache_1", "", "Cache_1", 6379, "", "", 0 },
	{ "redis://", "", "127.0.0.1", 6379, "", "", 0 },
	{ "redis://:65535", "", "127.0.0.1", 65535, "", "", 0 },
	{ "redis:///15", "", "127.0.0.1", 6379, "", "", 15 },
	{ "redis://h/3?timeout=5&x", "", "h", 6379, "", "", 3 },
	{ "redis://h/3?db=4", "", "h", 6379, "", "", 4 },
	{ "redis://h?ssl=false", "", "h", 6379, "", "", 0 },
	{ "redis://:secret@h:1/2", "", "h", 1, "", "secret", 2 },
	{ "redis://ann:secret@h", "", "h", 6379, "ann", "secret", 0 },
	{ "redis://ann@h", "", "h", 6379, "ann", "", 0 },
	{ "redis://a%40b:c%3A%2f%25@h", "", "h", 6379, "a@b", "c:/%", 0 },
	{ "redis://:a@b:c@h", "", "h", 6379, "", "a@b:c", 0 },
	{ "redis://:%E2%82%AC@h", "", "h", 6379, "", "\xe2\x82\xac", 0 },
	{ "redis://h?user=u&password=p%26q", "", "h", 6379, "u", "p&q", 0 },
	{ "redis://[::1]", "", "::1", 6379, "", "", 0 },
	{ "redis://:p@[2001:db8::7]:7000/1", "", "2001:db8::7", 7000, "", "p",
	  1 },
	{ "redis://[fe80::1%25eth0]:7", "", "fe80::1%eth0", 7, "", "", 0 },
	{ "unix:///run/redis.sock", "/run/redis.sock", "", 0, "", "", 0 },
	{ "unix:///run/r%20s?db=2&password=x", "/run/r s", "", 0, "", "x", 2 },
	{ "unix://u:p@/run/r", "/run/r", "", 0, "u", "p", 0 },
};

static void every_form_is_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(goods); i++) {
		const struct good *good = &goods[i];
		char why[REDIS_URL_ERROR_MAX] = "";
		struct redis_url url;

		if (redis_url_parse(good->url, &url, why))
			fail_msg("%s: %s", good->url, why);
		assert_string_equal(url.path, good->path);
		assert_string_equal(url.host, good->host);
		assert_int_equal(url.port, good->port);
		assert_string_equal(url.user, good->user);
		assert_string_equal(url.password, good->password);
		assert_int_equal(url.db, good->db);
	}
}

struct bad {
	const char *url;
	int answer;
	const char *words;	/* which must be among those given */
};

static const struct bad bads[] = {
	{ "", REDIS_URL_E_INVALID, "redis://" },
	{ "invalid", REDIS_URL_E_INVALID, "redis://" },
	{ "SECRET:6379", REDIS_URL_E_INVALID, "redis://" },
	{ "redis:/SECRET", REDIS_URL_E_INVALID, "redis://" },
	{ "http://SECRET", REDIS_URL_E_INVALID, "redis://" },
	{ "redi://SECRET", REDIS_URL_E_INVALID, "redis://" },
	{ " redis://SECRET", REDIS_URL_E_INVALID, "space" },
	{ "redis://SECRET\n", REDIS_URL_E_INVALID, "control" },
	{ "redis://:SEC#RET@h", REDIS_URL_E_INVALID, "#" },
	{ "redis://:SEC/RET@h", REDIS_URL_E_INVALID, "percent-encoded" },
	{ "redis://:12?SECRET@h", REDIS_URL_E_INVALID, "percent-encoded" },
	{ "redis://:SECRET%4@h", REDIS_URL_E_INVALID, "password" },
	{ "redis://:SECRET%zz@h", REDIS_URL_E_INVALID, "password" },
	{ "redis://:SECRET%00@h", REDIS_URL_E_INVALID, "password" },
	{ "redis://SECRET%@h", REDIS_URL_E_INVALID, "user" },
	{ "redis://SECRET:0", REDIS_URL_E_INVALID, "port" },
	{ "redis://SECRET:65536", REDIS_URL_E_INVALID, "port" },
	{ "redis://SECRET:4294967297", REDIS_URL_E_INVALID, "port" },
	{ "redis://SECRET:-1", REDIS_URL_E_INVALID, "port" },
	{ "redis://SECRET:", REDIS_URL_E_INVALID, "port" },
	{ "redis://SECRET:63x", REDIS_URL_E_INVALID, "port" },
	{ "redis://::1", REDIS_URL_E_INVALID, "port" },
	{ "redis://SECRET/x", REDIS_URL_E_INVALID, "database" },
	{ "redis://SECRET/-1", REDIS_URL_E_INVALID, "database" },
	{ "redis://SECRET/1/", REDIS_URL_E_INVALID, "database" },
	{ "redis://SECRET/9999999999", REDIS_URL_E_INVALID, "database" },
	{ "redis://SECRET?db=", REDIS_URL_E_INVALID, "database" },
	{ "redis://SECRET!", REDIS_URL_E_INVALID, "host" },
	{ "redis://[::1", REDIS_URL_E_INVALID, "host" },
	{ "redis://[::1]7", REDIS_URL_E_INVALID, "host" },
	{ "redis://[SECRET]", REDIS_URL_E_INVALID, "host" },
	{ "redis://[]", REDIS_URL_E_INVALID, "host" },
	{ "unix://SECRET", REDIS_URL_E_INVALID, "unix:///" },
	{ "unix://", REDIS_URL_E_INVALID, "unix:///" },
	{ "unix:///", REDIS_URL_E_INVALID, "unix:///" },
	{ "unix://SECRET/run/redis", REDIS_URL_E_INVALID, "unix:///" },
	{ "rediss://:SECRET@h", REDIS_URL_E_UNSERVED, "TLS" },
	{ "redis://:SECRET@h?ssl=true", REDIS_URL_E_UNSERVED, "TLS" },
	{ "redis+cluster://SECRET:1", REDIS_URL_E_UNSERVED, "Cluster" },
	{ "redis://:p@SECRET:1,h:2", REDIS_URL_E_UNSERVED, "Cluster" },
	{ "redis://SECRET:1,redis://h:2", REDIS_URL_E_UNSERVED, "Cluster" },
	{ "redis+sentinel://SECRET:1/x", REDIS_URL_E_UNSERVED, "Sentinel" },
};

static void what_is_refused_is_said_without_the_url(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bads); i++) {
		const struct bad *bad = &bads[i];
		char why[REDIS_URL_ERROR_MAX] = "";
		struct redis_url url;
		int r = redis_url_parse(bad->url, &url, why);

		if (r != bad->answer || !strstr(why, bad->words))
			fail_msg("%s: %d: %s", bad->url, r, why);
		assert_null(strcasestr(why, "SEC"));
		assert_null(strcasestr(why, "RET"));
	}
}

/* Parses @head, @n characters and @tail. */
static int parse_long(const char *head, size_t n, const char *tail,
		      struct redis_url *ret_url)
{
	char why[REDIS_URL_ERROR_MAX];
	char *url = malloc(strlen(head) + n + strlen(tail) + 1);
	int r;

	if (!url)
		abort();
	sprintf(url, "%s", head);
	memset(url + strlen(head), 'x', n);
	sprintf(url + strlen(head) + n, "%s", tail);
	r = redis_url_parse(url, ret_url, why);
	free(url);
	return r;
}

static void each_length_is_bounded(void **state)
{
	struct redis_url url;

	(void)state;
	assert_int_equal(parse_long("redis://", REDIS_URL_HOST_MAX, ":1",
				    &url), 0);
	assert_int_equal(strlen(url.host), REDIS_URL_HOST_MAX);
	assert_int_equal(parse_long("redis://", REDIS_URL_HOST_MAX + 1, ":1",
				    &url), REDIS_URL_E_INVALID);
	assert_int_equal(parse_long("redis://", REDIS_URL_USER_MAX, ":p@h",
				    &url), 0);
	assert_int_equal(parse_long("redis://", REDIS_URL_USER_MAX + 1, ":p@h",
				    &url), REDIS_URL_E_INVALID);
	assert_int_equal(parse_long("redis://:", REDIS_URL_PASSWORD_MAX, "@h",
				    &url), 0);
	assert_int_equal(parse_long("redis://:", REDIS_URL_PASSWORD_MAX + 1,
				    "@h", &url), REDIS_URL_E_INVALID);
	assert_int_equal(parse_long("unix:///", REDIS_URL_PATH_MAX - 1, "",
				    &url), 0);
	assert_int_equal(parse_long("unix:///", REDIS_URL_PATH_MAX, "", &url),
			 REDIS_URL_E_INVALID);
}

static void a_refused_url_leaves_the_result_alone(void **state)
{
	char why[REDIS_URL_ERROR_MAX];
	struct redis_url url = { .port = 7, .db = 8 };

	(void)state;
	assert_int_equal(redis_url_parse("redis://h:1/x", &url, why),
			 REDIS_URL_E_INVALID);
	assert_int_equal(url.port, 7);
	assert_int_equal(url.db, 8);
	assert_string_equal(url.host, "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_is_understood),
		cmocka_unit_test(what_is_refused_is_said_without_the_url),
		cmocka_unit_test(each_length_is_bounded),
		cmocka_unit_test(a_refused_url_leaves_the_result_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
