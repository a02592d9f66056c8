/* SPDX-License-Identifier: MIT */

/*
 * json_out - writes a JSON object, member by member, with no white space.
 *
 * The first failure is kept and what follows does nothing: json_out_end() says
 * it, and then nothing of the object is left in the buffer.
 */

#pragma once

#include "common/base.h"
#include "common/buf.h"

struct json_out {
	struct buf *buf;
	size_t start;		/* of the object in the buffer */
	bool has_member;	/* the innermost object has one */
	int error;
};

/* Begins an object behind what @buf has. */
void json_out_begin(struct json_out *out, struct buf *buf);

/* A member that is an object; until json_out_close() members are its own. */
void json_out_open(struct json_out *out, const char *name);
void json_out_close(struct json_out *out);

void json_out_text(struct json_out *out, const char *name, const char *text,
		   size_t size);
void json_out_int(struct json_out *out, const char *name, int64_t number);
void json_out_uint(struct json_out *out, const char *name, uint64_t number);
void json_out_bool(struct json_out *out, const char *name, bool flag);
void json_out_null(struct json_out *out, const char *name);

/* Ends the object. -ENOBUFS, -ENOMEM of the buffer. */
int json_out_end(struct json_out *out);
