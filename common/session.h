/* SPDX-License-Identifier: MIT */

/*
 * session - one upload: what start said, how far it is, how it ended.
 *
 * The whole of it fits a struct of fixed size but for the answer's body, so
 * a session can be read from a tier, compared and copied without a heap.
 */

#pragma once

#include "common/base.h"

/*
 * A session id is "<milliseconds>-<26 characters of Crockford base32>": 13
 * digits of the Unix epoch and 128 bits of getrandom(2), in upper case.
 */
#define SESSION_ID_LEN (13 + 1 + 26)

#define SESSION_PERSISTENT_ID_MAX 128	/* bytes, all ASCII */
#define SESSION_OWNER_MAX 255		/* bytes of REMOTE_USER */
#define SESSION_FILE_NAME_MAX 1024	/* bytes of UTF-8 */
#define SESSION_CONTENT_TYPE_MAX 255	/* bytes of ASCII */
#define SESSION_SHA256_LEN 64		/* hex digits */
#define SESSION_ANSWER_MAX KIB(64)	/* bytes of JSON that a record keeps */

/* In the order in which a session moves; it never moves back. */
enum session_state {
	SESSION_OPEN,
	SESSION_ABORTED,
	SESSION_COMPLETED,
};

/* How complete was answered. */
struct answer {
	unsigned status;	/* HTTP: 201 created, 200 updated; 0: none yet */
	char persistent_id[SESSION_PERSISTENT_ID_MAX + 1];
	/*
	 * JSON of body_size bytes, on the heap and owned by the answer. NULL
	 * in a record when it is over SESSION_ANSWER_MAX: the sink has it.
	 */
	char *body;
	size_t body_size;
};

struct session {
	char id[SESSION_ID_LEN + 1];
	char owner[SESSION_OWNER_MAX + 1];			/* "": none */
	char persistent_id[SESSION_PERSISTENT_ID_MAX + 1];	/* "": none */
	char file_name[SESSION_FILE_NAME_MAX + 1];		/* "": none */
	char content_type[SESSION_CONTENT_TYPE_MAX + 1];	/* "": none */
	char sha256[SESSION_SHA256_LEN + 1];	/* lower case; "": none */
	uint32_t total_chunks;		/* 1 or more */
	uint64_t total_size;		/* bytes or UTF-16 units, as declared */
	bool is_update;
	bool is_compressed;
	int64_t created_at;		/* ms of the Unix epoch */
	int64_t expires_at;		/* created_at + TRANCHE_TTL */
	enum session_state state;
	struct answer answer;		/* of a completed session */
};

/* Frees the body; the answer is empty and may be used again. */
void answer_done(struct answer *answer);

/* Frees what the session owns; it is empty and may be used again. */
void session_done(struct session *session);

/*
 * Makes an id of @now_ms and 128 random bits. -errno of getrandom(2), which
 * is waited for only while the kernel's pool is not yet ready.
 */
int session_id_make(int64_t now_ms, char ret_id[static SESSION_ID_LEN + 1]);

/* Whether @len bytes have the shape of an id; says nothing of its age. */
bool session_id_is_valid(const char *id, size_t len);

/* Milliseconds of the Unix epoch in a valid id. */
int64_t session_id_time(const char *id);

/*
 * Whether a valid id can belong to a session now: not older than @ttl_ms and
 * the grace of a quarter, not more than a quarter in the future. One that
 * cannot is "not found" without asking any tier.
 */
bool session_id_is_current(const char *id, int64_t now_ms, int64_t ttl_ms);

/*
 * Whether @len bytes are a persistentId: 1 to 128 of A-Z a-z 0-9 _ . : -,
 * not beginning with a dot, not ending in .json in any case.
 */
bool session_persistent_id_is_valid(const char *id, size_t len);

/*
 * The persistentId of a session that gave none: 32 hex digits of the SHA-256
 * of the id, which is a secret and cannot be had back from them.
 */
void session_derive_persistent_id(const char *id,
		char ret_id[static SESSION_PERSISTENT_ID_MAX + 1]);

/* The persistentId given at start, else the derived one. */
void session_effective_persistent_id(const struct session *session,
		char ret_id[static SESSION_PERSISTENT_ID_MAX + 1]);

/*
 * When tiers forget the session: expires_at and a quarter of its time, the
 * grace for completes at work and for clocks that differ.
 */
int64_t session_purge_at(const struct session *session);

/* Whether its time is over: an open or aborted one past expires_at is absent. */
bool session_is_expired(const struct session *session, int64_t now_ms);

/* Whether it belongs to @owner ("" for nobody). */
bool session_is_owned_by(const struct session *session, const char *owner);

/* Bytes that may be held of it: 3 x total_size, UTF-8 of as many units. */
uint64_t session_bytes_max(const struct session *session);

/* "open", "aborted", "completed". */
const char *session_state_name(enum session_state state);

/* Reads what session_state_name() gave, @len bytes. -EBADMSG. */
int session_state_parse(const char *name, size_t len,
			enum session_state *ret_state);
