/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/tier/redis/refusal.h"
#include "common/tier/tier.h"

#define CODE_MAX 32	/* bytes, the NUL included */

struct refusal {
	const char *code;
	int result;
	const char *words;
};

static const struct refusal refusals[] = {
	{ "OOM", TIER_E_FULL, "" },
	{ "MISCONF", -EROFS, "it cannot save to its disk and takes no writes" },
	{ "READONLY", -EROFS, "it is a replica and takes no writes" },
	{ "NOREPLICAS", -EROFS, "it has too few replicas and takes no writes" },
	{ "LOADING", -EAGAIN, "it is loading its data" },
	{ "MASTERDOWN", -EAGAIN, "it is a replica without its master" },
	{ "BUSY", -EBUSY, "it is busy with somebody's script" },
	{ "NOAUTH", -EACCES, "it wants a password" },
	{ "WRONGPASS", -EACCES, "the user or the password is wrong" },
	{ "NOPERM", -EACCES, "the user may not do this" },
	{ "DENIED", -EACCES, "it is in protected mode" },
	{ "MOVED", -EREMOTE, "REDIS_URL names a Redis Cluster, which this "
	  "version does not serve" },
	{ "ASK", -EREMOTE, "REDIS_URL names a Redis Cluster, which this "
	  "version does not serve" },
	{ "CLUSTERDOWN", -EREMOTE, "REDIS_URL names a Redis Cluster, which "
	  "this version does not serve" },
	{ "WRONGTYPE", -EIO, "one of the keys is in use for something else" },
};

/* Those that have the code ERR, by the text behind it. */
static const struct refusal errors[] = {
	{ "max number of clients", -EAGAIN, "it has too many clients" },
	{ "DB index is out of range", -EINVAL, "it has no such database" },
	{ "invalid DB index", -EINVAL, "it has no such database" },
	{ "invalid password", -EACCES, "the password is wrong" },
	{ "Client sent AUTH", -EACCES, "it wants no password" },
	{ "AUTH <password> called", -EACCES, "it wants no password" },
	{ "for 'auth' command", -EACCES, "it knows no users (before 6.0)" },
	{ "unknown command", -EIO, "it lacks a command that is needed" },
};

/*
 * Where the code stands: at the start but in what a script ran into, which
 * before 7.0 is "ERR Error running script (...): @user_script:1: -OOM ...".
 */
static const char *code_of(const char *text)
{
	const char *inner;

	if (strncmp(text, "ERR Error running script", 24) != 0)
		return text;
	inner = strstr(text, ": -");
	return inner ? inner + 3 : text;
}

bool redis_error_is(const char *text, const char *code)
{
	size_t len = strlen(code);

	text = code_of(text);
	return strncmp(text, code, len) == 0 &&
	       (text[len] == ' ' || text[len] == '\0');
}

static int say(const char *words, int result, char *ret_why)
{
	snprintf(ret_why, REDIS_WHY_MAX, "refused: %s", words);
	return result;
}

int redis_refusal(const char *text, char ret_why[static REDIS_WHY_MAX])
{
	char code[CODE_MAX];
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		if (redis_error_is(text, refusals[i].code))
			return say(refusals[i].words, refusals[i].result,
				   ret_why);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		if (redis_error_is(text, "ERR") &&
		    strstr(text, errors[i].code))
			return say(errors[i].words, errors[i].result, ret_why);
	text = code_of(text);
	len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	if (len >= sizeof(code))
		len = sizeof(code) - 1;
	memcpy(code, text, len);
	code[len] = '\0';
	return say(len ? code : "an error", -EIO, ret_why);
}
