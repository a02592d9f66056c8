/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "common/cors.h"

static bool is_listed(const char *allowed, const char *origin)
{
	size_t origin_len = strlen(origin);

	while (*allowed) {
		size_t len = strcspn(allowed, ",");

		if (len == origin_len && memcmp(allowed, origin, len) == 0)
			return true;
		allowed += len + (allowed[len] == ',');
	}
	return false;
}

int cors_headers(const char *allowed, const char *origin, bool preflight,
		 struct buf *out)
{
	bool any = strcmp(allowed, "*") == 0;
	int r;

	if (!*allowed)
		return 0;
	/* Caches must not give one origin's answer to another. */
	r = any ? 0 : buf_append_string(out, "Vary: Origin\r\n");
	if (r || !origin || (!any && !is_listed(allowed, origin)))
		return r;
	if (any)
		r = buf_append_string(out,
				      "Access-Control-Allow-Origin: *\r\n");
	else
		r = buf_printf(out,
			       "Access-Control-Allow-Origin: %s\r\n"
			       "Access-Control-Allow-Credentials: true\r\n",
			       origin);
	if (!r)
		r = buf_append_string(out, "Access-Control-Expose-Headers: "
				"Retry-After, Tranche-Tier, X-Request-Id\r\n");
	if (!r && preflight)
		r = buf_append_string(out,
			"Access-Control-Allow-Methods: "
			"GET, HEAD, POST, PUT, DELETE, OPTIONS\r\n"
			"Access-Control-Allow-Headers: Authorization, "
			"Content-Digest, Content-Type, X-Request-Id\r\n"
			"Access-Control-Max-Age: 86400\r\n");
	return r;
}
