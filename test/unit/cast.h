/* SPDX-License-Identifier: MIT */

/*
 * cast - complete, abort and upload of one session at once: each has a stack of
 * its own, and before each step that others can see it waits for its turn.
 *
 * Whose turn it is, who is killed, which lease ends, which tier fails or loses
 * all: each is a choice, by every order or by chance. One stage at a time.
 */

#pragma once

#include "common/service.h"
#include "test/unit/fake_sink.h"
#include "test/unit/fake_tier.h"

#define CAST_ACTORS_MAX 3
#define CAST_TIERS_MAX 2

/* What the processes do; how many of each, in this order, is a cast. */
enum role { COMPLETE, ABORT, UPLOAD, ROLES };
struct cast {
	unsigned n[ROLES];
};

/* Completes, aborts, uploads. */
#define CAST(...) ((struct cast){ { __VA_ARGS__ } })

/* What may go wrong, and how often in one run. */
struct mishaps {
	unsigned deaths;	/* of a process, at any step */
	unsigned leases;	/* that end in a tier */
	unsigned faults;	/* a tier says that it failed; it may lie */
	unsigned losses;	/* of all that the one tier @loser has */
};

/* A process that answered one request, or was killed. */
struct actor {
	enum role role;
	bool dead;		/* nothing that it does is done any more */
	unsigned status;	/* of its answer; 0: none */
};

/* Where it is played. */
struct stage {
	size_t n_tiers, copies;		/* of the stack, all tiers shared */
	struct fake_tier tiers[CAST_TIERS_MAX];
	struct fake_sink place;		/* where all sinks store */
	struct session session;		/* of one chunk, "abcdef" */
	size_t loser;			/* chosen for each run */
	bool lost, faulted;
	bool robbed;			/* a lease ended of one at work */
	const struct actor *actors[CAST_ACTORS_MAX];
	size_t n_actors;
};

extern struct stage stage;

/* Of the group: the functions' handlers, and room for the processes. */
int cast_setup(void **state);
int cast_teardown(void **state);

/* From here on choices go through every order, or are by chance. */
void cast_begin_every_order(void);
void cast_begin_by_chance(void);

/* The next order; whether there is one. */
bool cast_next_order(void);

/* Plays it once, to the end of all processes. Then cast_end(). */
void cast_play(struct cast cast, struct mishaps mishaps);
void cast_end(void);

/* What a client gets afterwards, when all leases have ended. */
unsigned cast_ask(enum role role);

/* The state that status would read, from all tiers. */
enum session_state cast_read(void);
