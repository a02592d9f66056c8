/* SPDX-License-Identifier: MIT */

/*
 * redis_batch - commands that go to the server in one trip, in its protocol
 * (https://redis.io/docs/latest/develop/reference/protocol-spec/): each an
 * array of strings.
 *
 * One string of a batch may be big: it stays where the caller has it and is
 * sent from there. The first failure stays, and redis_link_call() gives it.
 */

#pragma once

#include "common/base.h"
#include "common/buf.h"

/* Bytes of all commands of a batch, the big string not counted. */
#define REDIS_BATCH_MAX MIB(16)

struct redis_batch {
	struct buf text;	/* what is sent but for the big string */
	const char *big;	/* the caller's; NULL: none */
	size_t big_size;	/* bytes */
	size_t big_at;		/* offset in text where it belongs */
	size_t n;		/* commands, so replies that will come */
	int error;		/* of the first call that failed */
};

void redis_batch_init(struct redis_batch *batch);
void redis_batch_done(struct redis_batch *batch);

/* Forgets the commands and keeps the memory, if it is not much. */
void redis_batch_reset(struct redis_batch *batch);

/* Begins a command; @args strings must follow, its name being the first. */
void redis_batch_command(struct redis_batch *batch, size_t args);

/* The next string of the command. */
void redis_batch_bytes(struct redis_batch *batch, const char *data,
		       size_t size);
void redis_batch_text(struct redis_batch *batch, const char *text);
void redis_batch_number(struct redis_batch *batch, int64_t number);
void redis_batch_unsigned(struct redis_batch *batch, uint64_t number);

/*
 * The next string without a copy of it: @data must stay until the batch has
 * been sent. Once in a batch.
 */
void redis_batch_big(struct redis_batch *batch, const char *data, size_t size);

/* A whole command of C strings: its name and the rest, @n in all. */
void redis_batch_texts(struct redis_batch *batch, const char *const *texts,
		       size_t n);
