/* SPDX-License-Identifier: MIT */

/* mongodb_session - a session as the fields of a document (mongodb.h). */

#pragma once

#include <bson/bson.h>

#include "common/session.h"

#define MONGODB_SESSION_VERSION 1

/*
 * Appends the record's fields to @to: all of a document but _id, state,
 * stamp and what counts the chunks.
 */
void mongodb_session_append(bson_t *to, const struct session *session);

/*
 * Reads a document; session_done() the result. -EBADMSG when it is no record
 * of this version with every field in its range; -ENOMEM.
 */
int mongodb_session_read(const bson_t *from, struct session *ret_session);
