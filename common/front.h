/* SPDX-License-Identifier: MIT */

/*
 * front - how a request arrives and its answer leaves: FastCGI 1.0 (one
 * process, many requests) or CGI/1.1 (RFC 3875; a process each). libfcgi tells
 * them apart by what descriptor 0 is.
 */

#pragma once

#include "common/base.h"

enum {
	FRONT_E_END = 1,	/* no further request: leave */
};

struct front;

struct front_impl {
	const char *name;	/* "fastcgi", "cgi" */

	/*
	 * Waits for the next request, at most @idle_ms (0: for ever).
	 * FRONT_E_END after that, at SIGTERM, or after CGI's only one.
	 */
	int (*accept)(struct front *front, int64_t idle_ms);

	/* A meta-variable of the request (RFC 3875, section 4.1), or NULL. */
	const char *(*param)(struct front *front, const char *name);

	/*
	 * Reads up to @size bytes of the body, into *ret_n what came; 0 at
	 * its end. -EPIPE when the server said that it broke off.
	 */
	int (*read)(struct front *front, char *data, size_t size,
		    size_t *ret_n);

	/*
	 * Optional: the body as a file, from its position on; the front's
	 * descriptor. -ENOTSUP it does not come as one.
	 */
	int (*file)(struct front *front, int *ret_fd);

	/* Writes the answer, headers first. -EPIPE the client has gone. */
	int (*write)(struct front *front, const char *data, size_t size);

	/* Ends the request; the answer is on its way. */
	void (*finish)(struct front *front);

	/* Frees @front. */
	void (*close)(struct front *front);
};

/* Base of every front. Must be first in the struct that extends it. */
struct front {
	const struct front_impl *impl;
};

/* The front that this process was started for. -ENOMEM, -EIO. */
int front_open(struct front **ret_front);

/* The two of them; front_open() chooses. */
int front_fcgi_open(struct front **ret_front);
int front_cgi_open(struct front **ret_front);
