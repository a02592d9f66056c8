/* SPDX-License-Identifier: MIT */

#include <string.h>

#include "common/hex.h"
#include "common/query.h"

/* The value's encoded text after @from; NULL when the name is not there. */
static const char *find(const char *from, const char *name, size_t *ret_len)
{
	size_t name_len = strlen(name);

	while (from) {
		size_t len = strcspn(from, "&");

		if (len >= name_len && memcmp(from, name, name_len) == 0) {
			if (len == name_len) {
				*ret_len = 0;
				return from + name_len;
			}
			if (from[name_len] == '=') {
				*ret_len = len - name_len - 1;
				return from + name_len + 1;
			}
		}
		from = from[len] ? from + len + 1 : NULL;
	}
	return NULL;
}

static int decode(const char *text, size_t len, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)text[i];

		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			if (len - i < 3 || hex_parse(text + i + 1, 2, &c))
				return QUERY_E_INVALID;
			i += 2;
		}
		if (c == '\0')
			return QUERY_E_INVALID;
		if (n + 1 >= size)
			return QUERY_E_LONG;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return 0;
}

int query_get(const char *query, const char *name, char *ret_value, size_t size)
{
	const char *value, *rest;
	size_t len, other;

	value = find(query, name, &len);
	if (!value)
		return QUERY_E_ABSENT;
	rest = value + strcspn(value, "&");
	if (*rest && find(rest + 1, name, &other))
		return QUERY_E_INVALID;
	return decode(value, len, ret_value, size);
}

bool query_has(const char *query, const char *name)
{
	size_t len;

	return find(query, name, &len) != NULL;
}
