/* SPDX-License-Identifier: MIT */

/*
 * fake_sink - a sink in the test's own memory that says what a test scripts
 * and writes down what it was asked. It has room for one upload.
 */

#pragma once

#include "common/buf.h"
#include "common/sink/sink.h"
#include "test/unit/fake_tier.h"

enum fake_sink_op {
	FAKE_FIND,
	FAKE_BEGIN,
	FAKE_WRITE,
	FAKE_COMMIT,
	FAKE_ABANDON,
	FAKE_SINK_OPS,
};

struct fake_sink;

/* As with a fake tier. */
typedef int fake_sink_before_fn(struct fake_sink *fake, enum fake_sink_op op);

struct fake_sink {
	struct sink base;		/* must be first */
	struct journal *journal;	/* NULL: none; writes are left out */

	/* The script: not 0 is said, and nothing done. */
	int says[FAKE_SINK_OPS];
	/* The same, but it was done all the same. */
	int lies[FAKE_SINK_OPS];
	size_t write_max;		/* bytes after which writes say so */
	fake_sink_before_fn *before;	/* NULL: none */
	void *user;			/* for before */

	/* Of the upload at work. */
	bool writing;
	struct buf written;

	/* What it holds, or the one that it shares its place with does. */
	struct fake_sink *shared;	/* NULL: none */
	bool has;			/* something was committed: */
	char session_id[SESSION_ID_LEN + 1];
	struct buf stored;
	struct sink_content content;

	unsigned calls[FAKE_SINK_OPS];
};

void fake_sink_init(struct fake_sink *fake, struct journal *journal);
void fake_sink_done(struct fake_sink *fake);

/* Commits @text for the session, as if by another process. */
void fake_sink_has(struct fake_sink *fake, const struct session *session,
		   const char *text);
