/* SPDX-License-Identifier: MIT */

/*
 * verdict - what a server's or libmongoc's complaint means to us. libmongoc's
 * and the server's own words name hosts and values, and are never repeated:
 * a code is, which the manuals explain
 * (https://www.mongodb.com/docs/manual/reference/error-codes/).
 */

#pragma once

#include <mongoc/mongoc.h>

#include "common/base.h"

/*
 * The result for a call that failed with @error: MONGO_E_*, or -errno with
 * words at @ret_words. @timed_out: it waited for as long as it might.
 * -ECONNRESET: the connection was lost before the answer came.
 */
int verdict_of_error(const bson_error_t *error, bool timed_out,
		     char *ret_words, size_t words_size);

/*
 * The result of a write, from a reply that says "ok": its first writeErrors,
 * its writeConcernError; 0 when there is none.
 */
int verdict_of_reply(const bson_t *reply, char *ret_words, size_t words_size);
