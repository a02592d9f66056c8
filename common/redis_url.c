/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "common/hex.h"
#include "common/redis_url.h"

#define NO_TLS "TLS is not served by this version: use redis:// on a " \
	"trusted network"
#define NO_CLUSTER "Redis Cluster is not served by this version"
#define NO_SENTINEL "Redis Sentinel is not served by this version"

/* A stretch of the URL. */
struct part {
	const char *start;
	size_t len;
};

/* Words are literals, so that nothing of the URL can get into them. */
static int refuse(int answer, const char **why, const char *words)
{
	*why = words;
	return answer;
}

static int invalid(const char **why, const char *words)
{
	return refuse(REDIS_URL_E_INVALID, why, words);
}

static int unserved(const char **why, const char *words)
{
	return refuse(REDIS_URL_E_UNSERVED, why, words);
}

/* Takes what stands before the first of @any off @rest, which keeps it. */
static struct part take_until(struct part *rest, const char *any)
{
	struct part taken = { rest->start, 0 };

	while (taken.len < rest->len && !strchr(any, rest->start[taken.len]))
		taken.len++;
	rest->start += taken.len;
	rest->len -= taken.len;
	return taken;
}

/* Takes @c off the front of @rest, if it is there. */
static bool take(struct part *rest, char c)
{
	if (rest->len == 0 || rest->start[0] != c)
		return false;
	rest->start++;
	rest->len--;
	return true;
}

static bool part_is(struct part part, const char *word)
{
	return part.len == strlen(word) &&
	       strncasecmp(part.start, word, part.len) == 0;
}

static bool part_has(struct part part, char c)
{
	return memchr(part.start, c, part.len) != NULL;
}

/* Decodes @part into @size bytes; false when it is malformed or too long. */
static bool decode(struct part part, size_t size, char *ret_text)
{
	size_t n = 0;

	while (part.len > 0) {
		uint8_t byte = (uint8_t)part.start[0];
		size_t used = 1;

		if (byte == '%') {
			used = 3;
			if (part.len < used ||
			    hex_parse(part.start + 1, 2, &byte) || byte == 0)
				return false;
		}
		if (n + 1 >= size)
			return false;
		ret_text[n++] = (char)byte;
		part.start += used;
		part.len -= used;
	}
	ret_text[n] = '\0';
	return true;
}

static bool parse_number(struct part part, unsigned max, unsigned *ret_number)
{
	unsigned number = 0;

	if (part.len < 1 || part.len > 9)
		return false;
	for (size_t i = 0; i < part.len; i++) {
		if (part.start[i] < '0' || part.start[i] > '9')
			return false;
		number = number * 10 + (unsigned)(part.start[i] - '0');
	}
	if (number > max)
		return false;
	*ret_number = number;
	return true;
}

static int parse_user(struct part user, struct redis_url *url,
		      const char **why)
{
	if (!decode(user, sizeof(url->user), url->user))
		return invalid(why, "the user is too long or not "
			       "percent-encoded as it should be");
	return 0;
}

static int parse_password(struct part password, struct redis_url *url,
			  const char **why)
{
	if (!decode(password, sizeof(url->password), url->password))
		return invalid(why, "the password is too long or not "
			       "percent-encoded as it should be");
	return 0;
}

static int parse_db(struct part db, struct redis_url *url, const char **why)
{
	if (!parse_number(db, REDIS_URL_DB_MAX, &url->db))
		return invalid(why, "the database is not a number");
	return 0;
}

/* "[user][:password]@", up to the last @ of @rest, if it has one. */
static int parse_userinfo(struct part *rest, struct redis_url *url,
			  const char **why)
{
	const char *at = memrchr(rest->start, '@', rest->len);
	struct part info = *rest, user;
	int r;

	if (!at)
		return 0;
	info.len = (size_t)(at - rest->start);
	rest->len -= info.len + 1;
	rest->start = at + 1;
	user = take_until(&info, ":");
	r = parse_user(user, url, why);
	if (!r && take(&info, ':'))
		r = parse_password(info, url, why);
	return r;
}

/* "::1", with a zone "%25eth0" (RFC 6874) behind it where one is needed. */
static bool parse_ipv6(struct part part, char *ret_host)
{
	struct in6_addr ignored;
	char *zone;
	bool valid;

	if (!decode(part, REDIS_URL_HOST_MAX + 1, ret_host))
		return false;
	zone = strchr(ret_host, '%');
	if (zone)
		*zone = '\0';
	valid = inet_pton(AF_INET6, ret_host, &ignored) == 1;
	if (zone)
		*zone = '%';
	return valid;
}

static bool parse_name(struct part part, char *ret_host)
{
	for (size_t i = 0; i < part.len; i++) {
		char c = part.start[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		      (c >= '0' && c <= '9') || c == '.' || c == '-' ||
		      c == '_'))
			return false;
	}
	if (part.len == 0)
		part = (struct part){ "127.0.0.1", strlen("127.0.0.1") };
	return decode(part, REDIS_URL_HOST_MAX + 1, ret_host);
}

/* "host[:port]", "[ipv6][:port]" or nothing. */
static int parse_host(struct part rest, struct redis_url *url,
		      const char **why)
{
	unsigned port = REDIS_URL_PORT;
	bool valid;

	if (part_has(rest, ','))
		return unserved(why, NO_CLUSTER);
	if (take(&rest, '[')) {
		valid = parse_ipv6(take_until(&rest, "]"), url->host);
		valid = take(&rest, ']') && valid;
	} else {
		valid = parse_name(take_until(&rest, ":"), url->host);
	}
	if (!valid || (rest.len > 0 && rest.start[0] != ':'))
		return invalid(why, "the host is not a name or an address");
	if (take(&rest, ':') &&
	    (!parse_number(rest, UINT16_MAX, &port) || port == 0))
		return invalid(why, "the port is not a number from 1 to 65535");
	url->port = (uint16_t)port;
	return 0;
}

static bool is_yes(struct part value)
{
	return part_is(value, "true") || part_is(value, "yes") ||
	       part_is(value, "1") || part_is(value, "on");
}

static int parse_parameter(struct part name, struct part value,
			   struct redis_url *url, const char **why)
{
	if (part_is(name, "db"))
		return parse_db(value, url, why);
	if (part_is(name, "user") || part_is(name, "username"))
		return parse_user(value, url, why);
	if (part_is(name, "password"))
		return parse_password(value, url, why);
	/* To ignore these would send a password over the wire in the clear. */
	if ((part_is(name, "ssl") || part_is(name, "tls")) && is_yes(value))
		return unserved(why, NO_TLS);
	return 0;
}

static int parse_parameters(struct part rest, struct redis_url *url,
			    const char **why)
{
	int r = 0;

	while (!r && rest.len > 0) {
		struct part value = take_until(&rest, "&");
		struct part name = take_until(&value, "=");

		take(&value, '=');
		take(&rest, '&');
		r = parse_parameter(name, value, url, why);
	}
	return r;
}

static int parse_tcp(struct part rest, struct redis_url *url, const char **why)
{
	struct part authority = take_until(&rest, "/?");
	struct part db;
	int r;

	/* An @ behind it was meant to end a password that has a / or a ?. */
	if (part_has(rest, '@'))
		return invalid(why, "a character of the user or the password "
			       "is not percent-encoded");
	r = parse_userinfo(&authority, url, why);
	if (!r)
		r = parse_host(authority, url, why);
	if (r)
		return r;
	take(&rest, '/');
	db = take_until(&rest, "?");
	if (db.len > 0)
		r = parse_db(db, url, why);
	take(&rest, '?');
	return r ? r : parse_parameters(rest, url, why);
}

static int parse_unix(struct part rest, struct redis_url *url,
		      const char **why)
{
	struct part authority = take_until(&rest, "/?");
	struct part path = take_until(&rest, "?");
	int r;

	r = parse_userinfo(&authority, url, why);
	if (r)
		return r;
	if (authority.len > 0 || path.len < 2)
		return invalid(why, "a socket is written unix:///path");
	if (!decode(path, sizeof(url->path), url->path))
		return invalid(why, "the socket's path is too long or not "
			       "percent-encoded as it should be");
	take(&rest, '?');
	return parse_parameters(rest, url, why);
}

typedef int parse_fn(struct part rest, struct redis_url *url,
		     const char **why);

/* What each scheme is parsed by, or why it is not served. */
static const struct scheme {
	const char *name;
	parse_fn *parse;
	const char *why;
} schemes[] = {
	{ "redis", parse_tcp, NULL },
	{ "unix", parse_unix, NULL },
	{ "rediss", NULL, NO_TLS },
	{ "redis+tls", NULL, NO_TLS },
	{ "redis+ssl", NULL, NO_TLS },
	{ "redis+cluster", NULL, NO_CLUSTER },
	{ "redis-cluster", NULL, NO_CLUSTER },
	{ "rediss+cluster", NULL, NO_CLUSTER },
	{ "rediss-cluster", NULL, NO_CLUSTER },
	{ "redis+sentinel", NULL, NO_SENTINEL },
	{ "redis-sentinel", NULL, NO_SENTINEL },
	{ "rediss+sentinel", NULL, NO_SENTINEL },
	{ "rediss-sentinel", NULL, NO_SENTINEL },
	{ "sentinel", NULL, NO_SENTINEL },
};

static int parse(struct part rest, struct redis_url *url, const char **why)
{
	struct part name;

	for (size_t i = 0; i < rest.len; i++)
		if ((unsigned char)rest.start[i] <= ' ' ||
		    rest.start[i] == 0x7f || rest.start[i] == '#')
			return invalid(why, "a space, a # or a control "
				       "character must be percent-encoded");
	name = take_until(&rest, ":");
	if (rest.len < 3 || memcmp(rest.start, "://", 3) != 0)
		return invalid(why, "it does not begin with redis:// or "
			       "unix://");
	rest.start += 3;
	rest.len -= 3;
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		const struct scheme *scheme = &schemes[i];

		if (!part_is(name, scheme->name))
			continue;
		if (scheme->parse)
			return scheme->parse(rest, url, why);
		return unserved(why, scheme->why);
	}
	return invalid(why, "it does not begin with redis:// or unix://");
}

int redis_url_parse(const char *url, struct redis_url *ret_url,
		    char ret_why[static REDIS_URL_ERROR_MAX])
{
	struct redis_url parsed = { 0 };
	const char *why = "";
	int r;

	r = parse((struct part){ url, strlen(url) }, &parsed, &why);
	if (r) {
		snprintf(ret_why, REDIS_URL_ERROR_MAX, "%s", why);
		return r;
	}
	*ret_url = parsed;
	return 0;
}
