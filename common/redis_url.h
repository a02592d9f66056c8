/* SPDX-License-Identifier: MIT */

/*
 * redis_url - where a Redis server is, as REDIS_URL says it.
 *
 *	redis://[user][:password]@host[:port][/db][?parameters]
 *	unix://[user][:password]@/path[?parameters]
 *
 * as https://www.iana.org/assignments/uri-schemes/prov/redis has it. A host
 * may be an IPv6 address in brackets; user, password and path are
 * percent-decoded (RFC 3986, section 2.1); db, user (or username) and
 * password may also be parameters, which then win. Parameters that other
 * clients know are ignored.
 */

#pragma once

#include "common/base.h"

#define REDIS_URL_HOST_MAX 255		/* bytes, as of all that follow */
#define REDIS_URL_PATH_MAX 107		/* what a sockaddr_un holds */
#define REDIS_URL_USER_MAX 255
#define REDIS_URL_PASSWORD_MAX 4096	/* clouds give tokens as passwords */
#define REDIS_URL_DB_MAX 999999999
#define REDIS_URL_PORT 6379		/* where none is given */
#define REDIS_URL_ERROR_MAX 128		/* bytes, the NUL included */

enum {
	REDIS_URL_E_INVALID = 1,	/* no URL of a Redis server */
	REDIS_URL_E_UNSERVED,		/* one that this version does not serve:
					   TLS, a cluster, sentinels */
};

struct redis_url {
	char path[REDIS_URL_PATH_MAX + 1];	/* of a socket; "": over TCP */
	char host[REDIS_URL_HOST_MAX + 1];	/* no brackets; "": a socket */
	uint16_t port;
	char user[REDIS_URL_USER_MAX + 1];		/* "": none */
	char password[REDIS_URL_PASSWORD_MAX + 1];	/* "": none */
	unsigned db;
};

/*
 * Reads @url. With REDIS_URL_E_INVALID and REDIS_URL_E_UNSERVED it puts why
 * into @ret_why in plain words, which never have a part of the URL in them.
 */
int redis_url_parse(const char *url, struct redis_url *ret_url,
		    char ret_why[static REDIS_URL_ERROR_MAX]);
