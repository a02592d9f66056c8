/* SPDX-License-Identifier: MIT */
#pragma once

/* An answer of HTTP/1.1, as much of it as is looked at: RFC 9112. */

#include "client.h"

#define ANSWER_KEPT_MAX 16384 /* bytes of a head, and of a body */

struct answer {
	int status;
	bool closes;
	char head[ANSWER_KEPT_MAX + 1];
	/* Its beginning, where it is longer. */
	char body[ANSWER_KEPT_MAX + 1];
	size_t kept;
};

/* Reads one to its end. NULL, or what went wrong. */
const char *answer_read(struct client *client, struct answer *ret_answer);

/* The value of a header, or nothing. */
bool answer_header(const struct answer *answer, const char *name, char *value,
		   size_t size);

/*
 * The value of the first member of that name, or nothing. It must be a string
 * without escapes: ids are.
 */
void answer_json(const struct answer *answer, const char *name, char *value,
		 size_t size);
