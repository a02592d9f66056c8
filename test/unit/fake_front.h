/* SPDX-License-Identifier: MIT */

/* fake_front - one request after the other as a test wrote it. */

#pragma once

#include "common/buf.h"
#include "common/front.h"

#define FAKE_PARAMS_MAX 12

/* A request; everything that is not given is not there. */
struct fake_request {
	const char *params[FAKE_PARAMS_MAX][2];	/* name and value */
	const char *body;
	size_t size;		/* bytes of it; 0: a C string's */
	size_t endless;		/* bytes of x that come after it */
};

struct fake_front {
	struct front base;	/* must be first */
	const struct fake_request *requests;
	size_t n;		/* of them */
	size_t next;		/* the one after the one at work */

	size_t piece;		/* bytes a read gives at most; 0: as asked */
	size_t breaks_at;	/* bytes after which reads fail; 0: never */
	bool deaf;		/* writes fail */

	size_t given;		/* bytes of the body that were read */
	struct buf written;	/* of all requests; '\f' at each end */
	bool closed;
};

void fake_front_init(struct fake_front *fake,
		     const struct fake_request *requests, size_t n);
void fake_front_done(struct fake_front *fake);
