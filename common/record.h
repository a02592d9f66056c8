/* SPDX-License-Identifier: MIT */

/*
 * record - a session as JSON text, for tiers that keep text.
 *
 * {"version": 1, "sessionId", "owner", "persistentId", "fileName",
 *  "contentType", "sha256", "totalChunks", "totalSize", "isUpdate",
 *  "isCompressed", "createdAt", "expiresAt" (ms), "state",
 *  "answer"?: {"status", "persistentId", "body"? (a string)}}
 *
 * A reader takes version 1 and ignores names it does not know, so that a
 * newer program may add some.
 */

#pragma once

#include "common/base.h"
#include "common/buf.h"
#include "common/session.h"

#define RECORD_VERSION 1
/* Bytes of the longest record: every byte of its texts escaped. */
#define RECORD_MAX (6 * SESSION_ANSWER_MAX + KIB(16))

/*
 * Appends the record. An answer's body over SESSION_ANSWER_MAX is left out.
 * -ENOBUFS, -ENOMEM.
 */
int record_write(struct buf *out, const struct session *session);

/*
 * Reads a record of @size bytes; session_done() the result. -EBADMSG when it
 * is no record of version 1 with every field in its range; -ENOMEM.
 */
int record_read(const char *json, size_t size, struct session *ret_session);
