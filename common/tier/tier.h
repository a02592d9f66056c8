/* SPDX-License-Identifier: MIT */

/*
 * tier - a place that keeps sessions and chunks until they expire.
 *
 * redis, mongodb and memory are tiers; so is the stack, which is made of
 * tiers and holds the fallback policy; so are the shims of the tests.
 * A function holds one tier and never asks which.
 *
 * Every operation may be repeated, and may be killed at any instruction: what
 * is left behind is at most an orphan that expires. Operations of several
 * processes and hosts may run at once.
 *
 * Results: 0 is done. TIER_E_* are answers: the tier is well and has said so;
 * each operation names the ones it gives and every caller handles them. A
 * negative result is -errno: the tier failed, nothing is known about the data
 * (a write that failed may have been done), and tier_error() says why in
 * words for the log. -ENOTSUP never comes from an operation named mandatory.
 */

#pragma once

#include "common/base.h"
#include "common/buf.h"
#include "common/chunk.h"
#include "common/deadline.h"
#include "common/session.h"

enum {
	TIER_E_ABSENT = 1,	/* the tier does not have it */
	TIER_E_CONFLICT,	/* something else is there, or somebody else */
	TIER_E_FULL,		/* no room, or writes refused for want of it */
	TIER_E_LIMIT,		/* more than session_bytes_max() would be held */
};

/* Milliseconds for which a claim holds without being renewed. */
#define TIER_CLAIM_LEASE_MS 60000

/* Bytes of tier_error(), the NUL included. */
#define TIER_ERROR_MAX 256

/* Who holds a claim: 128 random bits as hex. */
#define TIER_TOKEN_LEN 32
struct tier_token {
	char text[TIER_TOKEN_LEN + 1];
};

/* How much of a stack a read must ask; a plain tier has one place to ask. */
enum tier_read {
	TIER_READ_FIRST,	/* in order, until one has it */
	TIER_READ_ALL,		/* every tier; the most advanced state wins */
};

struct tier_impl;

/* Base of every tier. Must be first in the struct that extends it. */
struct tier {
	const struct tier_impl *impl;
	/*
	 * The name of the tier that served the last get_session, put_session,
	 * put_chunk or finish that said 0; a literal, NULL before the first.
	 * For a stack: of the one of its tiers that did.
	 */
	const char *served;
	/* Why the last call gave a negative result; "" when none did. */
	char error[TIER_ERROR_MAX];
};

/* What a kind of tier does. All are mandatory but where it says optional. */
struct tier_impl {
	const char *name;	/* "redis", "mongodb", "memory", ... */

	/*
	 * Stores the record unless one of a later or the same state is there;
	 * never puts anything over a later state. Atomic against others that
	 * put or finish. Kept until session_purge_at().
	 * 0 also when a record of this session was there; TIER_E_FULL.
	 */
	int (*put_session)(struct tier *t, const struct session *session,
			   struct deadline dl);

	/*
	 * Reads the record; session_done() the result. A record that cannot
	 * be read (rot) is taken away and absent; one past its purge time is
	 * absent whatever the tier still holds. TIER_E_ABSENT.
	 */
	int (*get_session)(struct tier *t, const char *id, enum tier_read read,
			   struct deadline dl, struct session *ret_session);

	/*
	 * Stores the chunk if its index is free, atomically: of several with
	 * different bytes exactly one is stored. The record need not be there.
	 * When the index holds the same bytes (by digest and size) it makes
	 * sure that they are whole there, and the first kind stays. An entry
	 * whose bytes are gone or have not its size does not count as taken.
	 * *ret_count is what is held afterwards; a chunk counts once.
	 * TIER_E_CONFLICT other bytes are there; TIER_E_LIMIT a new chunk
	 * would take the bytes held over session_bytes_max(); TIER_E_FULL.
	 * Conflict is said before limit. Nothing is left of a refused chunk.
	 */
	int (*put_chunk)(struct tier *t, const struct session *session,
			 const struct chunk *chunk, struct deadline dl,
			 struct chunk_count *ret_count);

	/*
	 * Reads the chunk at @index into @data, over what was there (whose
	 * memory is used again), and describes it. The digest has been
	 * verified over the bytes. An entry whose bytes are gone or do not
	 * fit is taken away, unless good ones came meanwhile, before
	 * TIER_E_ABSENT is said.
	 */
	int (*get_chunk)(struct tier *t, const struct session *session,
			 uint32_t index, struct deadline dl, struct buf *data,
			 struct chunk_info *ret_info);

	/*
	 * What is held of the session, bytes being there with their size but
	 * not verified; chunk_list_done() the result. Nothing held is 0 and
	 * an empty list.
	 */
	int (*list_chunks)(struct tier *t, const struct session *session,
			   struct deadline dl, struct chunk_list *ret_list);

	/*
	 * Takes the right to complete or abort the session for
	 * TIER_CLAIM_LEASE_MS, or renews it when @token holds it. The record
	 * need not be there. TIER_E_CONFLICT: another token holds it.
	 * TIER_E_FULL.
	 */
	int (*claim)(struct tier *t, const struct session *session,
		     const struct tier_token *token, struct deadline dl);

	/* Gives the claim back if @token holds it; 0 also when not. */
	int (*release)(struct tier *t, const struct session *session,
		       const struct tier_token *token, struct deadline dl);

	/*
	 * Whether anybody holds the claim, into *ret_held. For status; says
	 * nothing about the next instant.
	 */
	int (*is_claimed)(struct tier *t, const struct session *session,
			  struct deadline dl, bool *ret_held);

	/*
	 * Records the session's state, aborted or completed (with its answer),
	 * making the record where it is absent. States move forward only.
	 * 0 also when it is recorded already (the first answer stays);
	 * TIER_E_CONFLICT a later state is there; TIER_E_FULL.
	 */
	int (*finish)(struct tier *t, const struct session *session,
		      struct deadline dl);

	/*
	 * Takes the record away if its state is earlier than @session's;
	 * chunks stay. For a tier that has no room for the later state.
	 */
	int (*drop_session)(struct tier *t, const struct session *session,
			    struct deadline dl);

	/*
	 * Takes the chunk away that has @info's index and digest; another
	 * chunk at that index stays. 0 also when it is not there.
	 */
	int (*drop_chunk)(struct tier *t, const struct session *session,
			  const struct chunk_info *info, struct deadline dl);

	/* Takes all chunks of the session away; the record stays. */
	int (*drop_chunks)(struct tier *t, const struct session *session,
			   struct deadline dl);

	/*
	 * Optional: takes away what the tier does not forget by itself (past
	 * its purge time), and no more than one call may.
	 */
	int (*sweep)(struct tier *t, struct deadline dl);

	/*
	 * 0 when the tier answers and would serve. A connection is made when
	 * there is none.
	 */
	int (*ping)(struct tier *t, struct deadline dl);

	/* Closes connections and frees @t. */
	void (*close)(struct tier *t);
};

/*
 * The calls, by their member; each clears error's old words. An answer that
 * the operation does not have is -EAGAIN, and lists end with the session's last
 * index, whatever the tier holds behind it.
 */
int tier_put_session(struct tier *t, const struct session *session,
		     struct deadline dl);
int tier_get_session(struct tier *t, const char *id, enum tier_read read,
		     struct deadline dl, struct session *ret_session);
int tier_put_chunk(struct tier *t, const struct session *session,
		   const struct chunk *chunk, struct deadline dl,
		   struct chunk_count *ret_count);
int tier_get_chunk(struct tier *t, const struct session *session,
		   uint32_t index, struct deadline dl, struct buf *data,
		   struct chunk_info *ret_info);
int tier_list_chunks(struct tier *t, const struct session *session,
		     struct deadline dl, struct chunk_list *ret_list);
int tier_claim(struct tier *t, const struct session *session,
	       const struct tier_token *token, struct deadline dl);
int tier_release(struct tier *t, const struct session *session,
		 const struct tier_token *token, struct deadline dl);
int tier_is_claimed(struct tier *t, const struct session *session,
		    struct deadline dl, bool *ret_held);
int tier_finish(struct tier *t, const struct session *session,
		struct deadline dl);
int tier_drop_session(struct tier *t, const struct session *session,
		      struct deadline dl);
int tier_drop_chunk(struct tier *t, const struct session *session,
		    const struct chunk_info *info, struct deadline dl);
int tier_drop_chunks(struct tier *t, const struct session *session,
		     struct deadline dl);
int tier_sweep(struct tier *t, struct deadline dl);
int tier_ping(struct tier *t, struct deadline dl);

/* Closes @t, which may be NULL; returns NULL. */
struct tier *tier_close(struct tier *t);

/* Makes a token. -errno of getrandom(2). */
int tier_token_make(struct tier_token *ret_token);

/*
 * For implementations: puts the words of a failure into t->error, cut to its
 * size, and returns @r. No secret may be in them: no URL, user or password.
 */
int tier_fail(struct tier *t, int r, const char *format, ...)
	PRINTF_LIKE(3, 4);
