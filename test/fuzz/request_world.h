/* SPDX-License-Identifier: MIT */

/*
 * request_world - a web server and a tier around the functions as they are:
 * serve() runs, and finds here what came in and where it keeps things.
 */

#pragma once

#include "common/buf.h"
#include "common/front.h"
#include "common/tier/tier.h"
#include "test/fuzz/fuzz.h"

#define WORLD_PARAMS_MAX 16
#define WORLD_NOW_MS INT64_C(1700000000500)

/* The session that the tier has, open, of 3 chunks and 40 bytes. */
#define WORLD_ID "1700000000000-01234567890123456789012345"

/* What the environment says. */
#define WORLD_MAX_CHUNK_SIZE 64
#define WORLD_MAX_CHUNKS 100
#define WORLD_MAX_SIZE 4096
#define WORLD_ORIGIN "https://app.example"

struct world {
	/* The request: meta-variables, and the body. */
	struct {
		char *name, *value;
	} params[WORLD_PARAMS_MAX];
	size_t n_params;
	struct fuzz_input body;
	size_t piece;		/* bytes that a read gives; 0: all there is */

	size_t read;		/* bytes of the body that were read */
	bool accepted;
	struct buf answer;	/* as it was written */

	/* What the tier was given; bytes of the chunk are a copy. */
	bool has_session, has_chunk;
	struct session session;
	struct chunk_info chunk;
	struct buf data;
};

/* A meta-variable, or NULL. */
const char *world_param(const struct world *world, const char *name);

/*
 * Reads "NAME=value" lines up to an empty one; the body follows. Of a name
 * given twice the first counts. world_done() the result.
 */
void world_init(struct world *world, struct fuzz_input in);
void world_done(struct world *world);

/* Has the function, its main(), serve the request; once more, if need be. */
void world_run(struct world *world, int (*function)(void));
