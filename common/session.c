/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "common/hex.h"
#include "common/session.h"
#include "common/sha256.h"

#define TIME_LEN 13	/* decimal digits of milliseconds, until the year 2286 */

static const char crockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

void answer_done(struct answer *answer)
{
	free(answer->body);
	*answer = (struct answer){ 0 };
}

void session_done(struct session *session)
{
	answer_done(&session->answer);
	*session = (struct session){ 0 };
}

int session_id_make(int64_t now_ms, char ret_id[static SESSION_ID_LEN + 1])
{
	uint8_t random[16];
	char *out = ret_id;
	unsigned bits = 0, held = 0;
	size_t next = 0;

	if (now_ms < 0 || now_ms > INT64_C(9999999999999))
		return -ERANGE;
	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return errno ? -errno : -EIO;
	out += snprintf(out, TIME_LEN + 2, "%013lld-", (long long)now_ms);
	/* 128 bits in digits of 5: the first has 3 of them, 26 digits in all. */
	held = 2;
	for (int i = 0; i < 26; i++) {
		while (held < 5) {
			bits = bits << 8 | random[next++];
			held += 8;
		}
		held -= 5;
		*out++ = crockford[bits >> held & 31];
	}
	*out = '\0';
	return 0;
}

bool session_id_is_valid(const char *id, size_t len)
{
	if (len != SESSION_ID_LEN || id[TIME_LEN] != '-')
		return false;
	for (size_t i = 0; i < TIME_LEN; i++)
		if (id[i] < '0' || id[i] > '9')
			return false;
	for (size_t i = TIME_LEN + 1; i < SESSION_ID_LEN; i++)
		if (id[i] == '\0' || !strchr(crockford, id[i]))
			return false;
	return true;
}

int64_t session_id_time(const char *id)
{
	int64_t ms = 0;

	for (size_t i = 0; i < TIME_LEN; i++)
		ms = ms * 10 + (id[i] - '0');
	return ms;
}

bool session_id_is_current(const char *id, int64_t now_ms, int64_t ttl_ms)
{
	int64_t age = now_ms - session_id_time(id);

	return age <= ttl_ms + ttl_ms / 4 && age >= -(ttl_ms / 4);
}

bool session_persistent_id_is_valid(const char *id, size_t len)
{
	if (len < 1 || len > SESSION_PERSISTENT_ID_MAX || id[0] == '.')
		return false;
	if (len >= 5 && strncasecmp(id + len - 5, ".json", 5) == 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = id[i];

		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		      (c >= '0' && c <= '9') || c == '_' || c == '.' ||
		      c == ':' || c == '-'))
			return false;
	}
	return true;
}

void session_derive_persistent_id(const char *id,
		char ret_id[static SESSION_PERSISTENT_ID_MAX + 1])
{
	uint8_t digest[SHA256_SIZE];

	sha256_of(id, strlen(id), digest);
	hex_format(digest, 16, ret_id);
}

void session_effective_persistent_id(const struct session *session,
		char ret_id[static SESSION_PERSISTENT_ID_MAX + 1])
{
	if (session->persistent_id[0])
		memcpy(ret_id, session->persistent_id,
		       sizeof(session->persistent_id));
	else
		session_derive_persistent_id(session->id, ret_id);
}

int64_t session_purge_at(const struct session *session)
{
	int64_t ttl = session->expires_at - session->created_at;

	return session->expires_at + ttl / 4;
}

bool session_is_expired(const struct session *session, int64_t now_ms)
{
	if (session->state == SESSION_COMPLETED)
		return now_ms >= session_purge_at(session);
	return now_ms >= session->expires_at;
}

bool session_is_owned_by(const struct session *session, const char *owner)
{
	return strcmp(session->owner, owner) == 0;
}

uint64_t session_bytes_max(const struct session *session)
{
	uint64_t max;

	if (__builtin_mul_overflow(session->total_size, 3, &max))
		return UINT64_MAX;
	return max;
}

static const char *const state_names[] = {
	[SESSION_OPEN] = "open",
	[SESSION_ABORTED] = "aborted",
	[SESSION_COMPLETED] = "completed",
};

const char *session_state_name(enum session_state state)
{
	return state_names[state];
}

int session_state_parse(const char *name, size_t len,
			enum session_state *ret_state)
{
	for (size_t i = 0; i < ARRAY_SIZE(state_names); i++) {
		if (strlen(state_names[i]) == len &&
		    memcmp(state_names[i], name, len) == 0) {
			*ret_state = (enum session_state)i;
			return 0;
		}
	}
	return -EBADMSG;
}
