/* SPDX-License-Identifier: MIT */

/*
 * mongodb - the tier that keeps sessions in MongoDB, or a server with its
 * protocol. Lives in a module of its own (module.h), with libmongoc.
 *
 * Collections, in the database that the URI names (else "tranche"):
 *	chunkeduploadsessions	{sessionId, persistentId, totalChunks,
 *		totalSize, receivedChunks, isUpdate, isCompressed,
 *		chunks: {"<index>": true}, createdAt, purgeAt, + ours}
 *	chunkeduploadchunks	{sessionId, chunkIndex, data, createdAt,
 *		purgeAt, + ours}
 * data is a String when the chunk came as text that is valid Unicode, else
 * Binary. A reader with the original system's schemas sees what it expects.
 */

#pragma once

#include "common/tier/tier.h"

/* The same words as tier_redis_open(); @uri is mongodb:// or mongodb+srv://. */
int tier_mongodb_open(const char *uri, int64_t timeout_ms, char *ret_why,
		      struct tier **ret_tier);
