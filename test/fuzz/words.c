/* SPDX-License-Identifier: MIT */

/*
 * words - the input is any of the short texts that come from outside: an id, a
 * persistentId, a digest, a Content-Digest, a state, a parameter of a query.
 * What is taken is what its pattern says, and is the same when it is written
 * again.
 */

#include <nettle/base64.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "common/content_digest.h"
#include "common/digest.h"
#include "common/hex.h"
#include "common/query.h"
#include "common/session.h"
#include "test/fuzz/fuzz.h"

/* Whether all of @text is what @pattern (POSIX, extended) says. */
static bool is_like(const char *text, regex_t *compiled, const char *pattern)
{
	if (!compiled->re_nsub && !compiled->buffer)
		must(regcomp(compiled, pattern, REG_EXTENDED) == 0, pattern);
	return regexec(compiled, text, 0, NULL, 0) == 0;
}

static void check_id(const char *text, size_t size)
{
	static regex_t pattern;
	bool is_id = session_id_is_valid(text, size);

	must(is_id == (strlen(text) == size &&
		       is_like(text, &pattern, "^[0-9]{13}-"
			       "[0-9A-HJKMNP-TV-Z]{26}$")),
	     "an id is what its pattern says");
	if (!is_id)
		return;
	must(session_id_time(text) >= 0 &&
	     session_id_time(text) < INT64_C(10000000000000),
	     "an id's time has 13 digits");
	must(session_id_is_current(text, session_id_time(text), 1000),
	     "an id is current at its time");
	must(!session_id_is_current(text, session_id_time(text) + 1251, 1000),
	     "an id is over after its time");
}

static void check_persistent_id(const char *text, size_t size)
{
	static regex_t pattern, json;

	must(session_persistent_id_is_valid(text, size) ==
	     (strlen(text) == size &&
	      is_like(text, &pattern,
		      "^[A-Za-z0-9_:-][A-Za-z0-9_.:-]{0,127}$") &&
	      !is_like(text, &json, "[.][Jj][Ss][Oo][Nn]$")),
	     "a persistentId is what its pattern says");
}

static void check_digest(const char *text, size_t size)
{
	static regex_t pattern;
	char again[DIGEST_TEXT_LEN + 1];
	struct digest digest;
	bool is_digest = digest_parse(text, size, &digest) == 0;

	must(is_digest == (strlen(text) == size &&
			   is_like(text, &pattern,
				   "^xxh3-128:[0-9a-fA-F]{32}$")),
	     "a digest is what its pattern says");
	if (!is_digest)
		return;
	digest_format(&digest, again);
	must(strcasecmp(text, again) == 0, "a digest is written as it was");
}

static void check_content_digest(const char *text)
{
	char encoded[BASE64_ENCODE_RAW_LENGTH(SHA256_SIZE) + 1] = "";
	uint8_t digest[SHA256_SIZE];

	if (content_digest_parse(text, digest))
		return;
	base64_encode_raw(encoded, sizeof(digest), digest);
	/* The last symbol has bits too many, which may be anything. */
	encoded[sizeof(encoded) - 3] = '\0';
	must(strstr(text, "sha-256=:") && strstr(text, encoded),
	     "a digest that is found is there");
}

/* The input as a value among others, encoded in full, is found as it is. */
static void check_query(const char *text)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t len = strlen(text);
	char *value = malloc(len + 1);
	struct buf query;

	must(value, "there is memory for a value");
	buf_init(&query, SIZE_MAX);
	must(buf_append_string(&query, "a=1&name=") == 0, "there is memory");
	for (size_t i = 0; i < len; i++)
		must(buf_printf(&query, "%%%c%c", hex[(uint8_t)text[i] >> 4],
				hex[text[i] & 15]) == 0, "there is memory");
	must(buf_append_string(&query, "&names=2") == 0, "there is memory");
	must(query_get(query.data, "name", value, len + 1) == 0 &&
	     strcmp(value, text) == 0, "a value is what was encoded");
	must(len == 0 || query_get(query.data, "name", value, len) ==
	     QUERY_E_LONG, "a value is not over its size");
	must(buf_append_string(&query, "&name") == 0, "there is memory");
	must(query_get(query.data, "name", value, len + 1) == QUERY_E_INVALID,
	     "a name that is there twice is refused");
	buf_done(&query);
	free(value);
}

/* The input as a query. */
static void check_any_query(const char *text)
{
	char value[16];
	int r;

	memset(value, 'x', sizeof(value));
	r = query_get(text, "name", value, sizeof(value));
	must((r == QUERY_E_ABSENT) == !query_has(text, "name"),
	     "a name is there or not");
	if (!r)
		must(memchr(value, '\0', sizeof(value)), "a value ends");
	if (r != QUERY_E_ABSENT)
		must(strstr(text, "name"), "a name that is found is there");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { (const char *)data, size };
	char *text = fuzz_string(in);
	enum session_state state;
	uint8_t bytes[64];

	check_id(text, strlen(text));
	check_persistent_id(text, strlen(text));
	check_digest(text, strlen(text));
	check_content_digest(text);
	check_query(text);
	check_any_query(text);
	/* With what is behind a NUL. */
	if (strlen(text) != size) {
		must(!session_id_is_valid(in.at, size), "no id has a NUL");
		must(!session_persistent_id_is_valid(in.at, size),
		     "no persistentId has a NUL");
	}
	if (session_state_parse(in.at, size, &state) == 0)
		must_equal(in.at, size, session_state_name(state),
			   strlen(session_state_name(state)),
			   "a state has its name");
	if (size <= 2 * sizeof(bytes) &&
	    hex_parse(in.at, size, bytes) == 0) {
		char again[2 * sizeof(bytes) + 1];

		hex_format(bytes, size / 2, again);
		must(strcasecmp(again, text) == 0, "hex is written as it was");
	}
	free(text);
	return 0;
}
