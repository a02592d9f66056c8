/* SPDX-License-Identifier: MIT */

/*
 * redis_script - what must happen at one instant in the server, in Lua.
 *
 * Small fields only: a big argument makes a script several times slower than
 * a command. Numbers in Lua are doubles, exact up to 2^53; no size is larger.
 */

#pragma once

#include "common/base.h"

#define REDIS_SHA1_LEN 40	/* hex digits */

enum redis_script {
	REDIS_SCRIPT_PUT,
	REDIS_SCRIPT_DROP,
	REDIS_SCRIPT_RECORD,
	REDIS_SCRIPT_DROP_RECORD,
	REDIS_SCRIPT_DROP_ROT,
	REDIS_SCRIPT_CLAIM,
	REDIS_SCRIPT_RELEASE,
	REDIS_SCRIPT_DROP_FOREIGN,
	REDIS_SCRIPTS,
};

/* What REDIS_SCRIPT_PUT answers first. */
enum {
	REDIS_PUT_DONE,		/* then chunks and bytes held */
	REDIS_PUT_OTHER,	/* then the entry that is there */
	REDIS_PUT_LIMIT,
};

/* What REDIS_SCRIPT_RECORD answers. */
enum {
	REDIS_RECORD_DONE,
	REDIS_RECORD_SAME,	/* one of this state is there and stays */
	REDIS_RECORD_LATER,	/* one of a later state is there and stays */
};

/* The Lua text, which says its keys, arguments and answer. */
const char *redis_script_text(enum redis_script script);

/* The SHA-1 of @size bytes as lower-case hex, as EVALSHA wants it. */
void redis_sha1(const void *data, size_t size,
		char ret_hex[static REDIS_SHA1_LEN + 1]);
