/* SPDX-License-Identifier: MIT */

/*
 * url - the input is a REDIS_URL. What is taken is within its limits and reads
 * as itself when it is written in full; what is refused is said in words that
 * have no part of it.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/redis_url.h"
#include "test/fuzz/fuzz.h"

static void encode(const char *text, struct buf *out)
{
	for (; *text; text++)
		must(buf_printf(out, "%%%02x", (uint8_t)*text) == 0,
		     "there is memory for a URL");
}

static void write_url(const struct redis_url *url, struct buf *out)
{
	bool is_address = strchr(url->host, ':');

	must(buf_append_string(out, url->path[0] ? "unix://" : "redis://") ==
	     0, "there is memory for a URL");
	encode(url->user, out);
	must(buf_append_string(out, ":") == 0, "there is memory for a URL");
	encode(url->password, out);
	must(buf_append_string(out, "@") == 0, "there is memory for a URL");
	if (url->path[0]) {
		/* Its first / as it is: the authority ends there. */
		must(buf_append_string(out, "/") == 0, "there is memory");
		encode(url->path + 1, out);
		must(buf_printf(out, "?db=%u", url->db) == 0,
		     "there is memory for a URL");
		return;
	}
	/* Of an address all may be encoded, and a zone's % must be. */
	must(buf_append_string(out, is_address ? "[" : "") == 0,
	     "there is memory for a URL");
	if (is_address)
		encode(url->host, out);
	must(buf_printf(out, "%s:%u/%u", is_address ? "]" : url->host,
			url->port, url->db) == 0, "there is memory for a URL");
}

static void check_taken(const struct redis_url *url)
{
	char why[REDIS_URL_ERROR_MAX];
	struct redis_url again;
	struct buf text;

	must(memchr(url->path, '\0', sizeof(url->path)) &&
	     memchr(url->host, '\0', sizeof(url->host)) &&
	     memchr(url->user, '\0', sizeof(url->user)) &&
	     memchr(url->password, '\0', sizeof(url->password)),
	     "texts end within their members");
	must(!url->path[0] != !url->host[0], "it is a socket or a host");
	must(url->path[0] || url->port, "a host has a port");
	must(url->db <= REDIS_URL_DB_MAX, "the database is within its limit");
	buf_init(&text, SIZE_MAX);
	write_url(url, &text);
	must(redis_url_parse(text.data, &again, why) == 0,
	     "a URL that is written in full is taken");
	must(strcmp(again.path, url->path) == 0 &&
	     strcmp(again.host, url->host) == 0 && again.port == url->port &&
	     strcmp(again.user, url->user) == 0 &&
	     strcmp(again.password, url->password) == 0 &&
	     again.db == url->db, "and is the same");
	buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string((struct fuzz_input){ (const char *)data,
						      size });
	char why[REDIS_URL_ERROR_MAX], other[REDIS_URL_ERROR_MAX];
	struct redis_url url;
	int r;

	memset(&url, 0x5a, sizeof(url));
	memset(why, 'x', sizeof(why));
	r = redis_url_parse(text, &url, why);
	if (r == 0) {
		check_taken(&url);
	} else {
		must(r > 0, "nothing is left to fail");
		must(memchr(why, '\0', sizeof(why)), "the words end");
		must((unsigned char)url.host[0] == 0x5a,
		     "what fails leaves the result as it was");
		/* The words are some few, whatever the URL. */
		must(redis_url_parse(text, &url, other) == r &&
		     strcmp(why, other) == 0, "the words depend on nothing");
	}
	free(text);
	return 0;
}
