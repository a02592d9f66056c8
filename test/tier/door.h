/* SPDX-License-Identifier: MIT */

/*
 * door - a back door into what a tier keeps, for tests that play rot.
 *
 * Every function gives how many things it found, or -errno. A door never
 * makes what is not there: a tier may take the thing away at the same time.
 */

#pragma once

#include "common/session.h"

struct place;

enum spoil {
	SPOIL_BYTES,	/* another byte, the same size */
	SPOIL_SIZE,	/* other than the size that was put */
	SPOIL_GONE,	/* no bytes at all */
};

struct door {
	/* Spoils the bytes of the chunk at @index. */
	int (*spoil_chunk)(const struct place *place,
			   const struct session *session, uint32_t index,
			   enum spoil how);
	/* Makes the record one that cannot be read. */
	int (*spoil_record)(const struct place *place,
			    const struct session *session);
	/* Counts pieces of bytes that are kept of the session, any index. */
	int (*count_pieces)(const struct place *place,
			    const struct session *session);
	/* Ends the lease of the session's claim, as time would. */
	int (*end_lease)(const struct place *place,
			 const struct session *session);
};

extern const struct door door_memory;
extern const struct door door_mongodb;
extern const struct door door_redis;
