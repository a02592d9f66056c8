/* SPDX-License-Identifier: MIT */

/*
 * peers - processes of a host, each with a circuit of its own before one
 * server, which do as they are told.
 */

#pragma once

#include <sys/types.h>

#include "common/circuit.h"

struct peer {
	pid_t pid;
	int to, from;		/* pipes */
};

/* What all of them are told; a child gets it as it is when it begins. */
struct peers {
	struct circuit_server server;
	const char *folder;
	int64_t cooldown_ms;
};

/* A new process; it knows the time as @ahead_ms of the fake clock. */
struct peer peer_begin(const struct peers *peers, int64_t ahead_ms);

/* What happens to it, at @ahead_ms of the fake clock. */
int peer_enter(struct peer *peer, int64_t ahead_ms);
void peer_well(struct peer *peer, int64_t ahead_ms);
void peer_sick(struct peer *peer, int64_t ahead_ms, int cause);
void peer_unknown(struct peer *peer, int64_t ahead_ms);

/* peer_enter() in two steps, so that several do it at once. */
void peer_start_entering(struct peer *peer, int64_t ahead_ms);
int peer_entered(struct peer *peer);

/* The words that it has for being kept off, or for its trouble; static. */
const char *peer_words(struct peer *peer);
const char *peer_trouble(struct peer *peer);

/* From now on none of its writes succeeds. */
void peer_disk_full(struct peer *peer);

/* Ends it; peer_kill() in the middle of what it does. */
void peer_end(struct peer *peer);
void peer_kill(struct peer *peer);
