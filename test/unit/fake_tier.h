/* SPDX-License-Identifier: MIT */

/*
 * fake_tier - a tier in the test's own memory, of one session, that says what
 * a test scripts and writes down what it was asked.
 *
 * Without a script it does as a tier does (tier.h), so that a test reads what
 * is in it afterwards.
 */

#pragma once

#include "common/tier/tier.h"

#define FAKE_CHUNKS_MAX 8
#define JOURNAL_MAX 4096	/* bytes, the NUL included */

/* What was called, in order: "redis.claim mongodb.claim sink.find ". */
struct journal {
	char text[JOURNAL_MAX];
};

/* Adds "@who.@what "; a NULL journal takes nothing. */
void journal_add(struct journal *journal, const char *who, const char *what);

/* Asserts what is in it, and empties it. */
void assert_journal(struct journal *journal, const char *expected);

enum fake_op {
	FAKE_PUT_SESSION,
	FAKE_GET_SESSION,
	FAKE_PUT_CHUNK,
	FAKE_GET_CHUNK,
	FAKE_LIST_CHUNKS,
	FAKE_CLAIM,
	FAKE_RELEASE,
	FAKE_IS_CLAIMED,
	FAKE_FINISH,
	FAKE_DROP_SESSION,
	FAKE_DROP_CHUNK,
	FAKE_DROP_CHUNKS,
	FAKE_SWEEP,
	FAKE_PING,
	FAKE_OPS,
};

struct fake_tier;

/*
 * Called before an operation is done, to do what another process would. Not 0
 * is said, and nothing done.
 */
typedef int fake_before_fn(struct fake_tier *fake, enum fake_op op);

struct fake_tier {
	struct tier base;		/* must be first */
	const char *name;
	struct journal *journal;	/* NULL: none */

	/* The script: not 0 is said, and nothing done. */
	int fails;			/* by all; an answer: by what stores */
	int says[FAKE_OPS];		/* by one */
	/* The same, but what is said is not true: it was done all the same. */
	int lies[FAKE_OPS];
	fake_before_fn *before;		/* NULL: none */
	void *user;			/* for before */

	/* What it holds. */
	bool has_record;
	struct session record;
	struct chunk chunks[FAKE_CHUNKS_MAX];	/* data NULL: none */
	char holder[TIER_TOKEN_LEN + 1];	/* of the claim; "": nobody */

	unsigned calls[FAKE_OPS];
	bool closed;
};

/* One that has nothing; fake_done() it. It is named, and serves as, @name. */
void fake_init(struct fake_tier *fake, const char *name,
	       struct journal *journal);
void fake_done(struct fake_tier *fake);

/* Puts a record or a chunk into it, as if by another process. */
void fake_has(struct fake_tier *fake, const struct session *session);
void fake_has_chunk(struct fake_tier *fake, uint32_t index,
		    enum chunk_kind kind, const char *data, size_t size);

/* A chunk of the caller's bytes. */
struct chunk fake_chunk(uint32_t index, enum chunk_kind kind,
			const char *data, size_t size);

/* An open session of nobody, begun now, with a new id. */
struct session fake_session(uint32_t chunks, uint64_t size);

/* It with a state, and an answer of 201 and @body once it is completed. */
struct session fake_finished(const struct session *session,
			     enum session_state state, const char *body);
