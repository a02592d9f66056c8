/* SPDX-License-Identifier: MIT */

/*
 * guard - stands between libmongoc and what its servers send: the messages that
 * it could not bear (message.h) are a connection that fails.
 */

#pragma once

#include <mongoc/mongoc.h>

/*
 * Has a new client make its connections so. One with TLS, where who answers
 * has the server's certificate, or to a path, makes them as it would.
 */
void guard_client(mongoc_client_t *client);
