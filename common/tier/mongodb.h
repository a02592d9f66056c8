/* SPDX-License-Identifier: MIT */

/*
 * mongodb - the tier that keeps sessions in MongoDB (5.0 or newer), or a
 * server with its protocol. Lives in a module of its own (module.h), with
 * libmongoc.
 *
 * Collections, in the database that the URI names (else "tranche"):
 *	chunkeduploadsessions	{_id, sessionId, persistentId, totalChunks,
 *		totalSize, receivedChunks, isUpdate, isCompressed,
 *		chunks: {"<index>": true}, createdAt, purgeAt,
 *		+ version, state (0 open, 1 aborted, 2 completed; -1: no record,
 *		it only counts the chunks), owner, fileName, contentType,
 *		sha256, expiresAt, bytesHeld, stamp, answer: {status,
 *		persistentId, body}}
 *	chunkeduploadchunks	{_id, sessionId, chunkIndex, data, createdAt,
 *		purgeAt, + size, kind, digest, stamp, bsonSize}
 *	chunkeduploadclaims	{_id, sessionId, token, until, purgeAt}
 *
 * data is a String when the chunk came as text that is valid Unicode, else
 * Binary. A reader with the original system's schemas sees what it expects.
 * Each _id is an ObjectId made of a digest of the session id (and index), so
 * that the first of several wins by it alone. stamp is another random number
 * after each write of the bytes or the record: who found something bad takes
 * away what it found, and not what came since. A claim's time is the
 * server's, so the hosts' clocks do not matter.
 */

#pragma once

#include "common/tier/tier.h"

/*
 * A tier on the server at @uri (mongodb://, mongodb+srv://). Connects when
 * first asked; an operation waits for at most @timeout_ms each time that it
 * waits for the server, and ends with its deadline (a host name is resolved
 * by the system, in the system's time). @state_dir is where it notes that it
 * has made the indexes, so that with one process a request this is done once
 * a day; NULL: each process makes sure at its first write.
 * tier_close() the result. -EINVAL the URI cannot be used (with words for the
 * log in @ret_why, TIER_ERROR_MAX bytes), -ENOMEM.
 */
int tier_mongodb_open(const char *uri, int64_t timeout_ms,
		      const char *state_dir, char *ret_why,
		      struct tier **ret_tier);
