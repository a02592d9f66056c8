/* SPDX-License-Identifier: MIT */

/*
 * fields - a request's parameters, by a table that each endpoint has.
 *
 * They stand in the query of GET and DELETE, and of an upload that has
 * sessionId there (its body is then the chunk's bytes); else in the body, one
 * JSON object. An optional one that is null is absent, unknown ones are
 * ignored, and one that is given twice is refused.
 */

#pragma once

#include "common/base.h"
#include "common/request.h"

enum field_type {
	/*
	 * char[SESSION_ID_LEN + 1]. What has not the shape of an id, or is no
	 * string, is "": no session has it.
	 */
	FIELD_ID,
	FIELD_UINT,	/* uint64_t: 0 or more, UINT64_MAX if larger than it */
	FIELD_BOOL,	/* bool */
	FIELD_STRING,	/* char[size]: UTF-8 without NUL */
	FIELD_NAME,	/* the same, and refused when it is there and empty */
	FIELD_DATA,	/* struct chunk: kind, size and bytes, in the body */
};

struct field {
	const char *name;
	enum field_type type;
	size_t offset;		/* in the struct that is filled */
	size_t size;		/* of a string: bytes, the NUL included */
	bool is_optional;	/* absent: "", 0, false */
};

/*
 * Whether the body is a chunk's bytes and no JSON: for an endpoint that takes
 * data, when and only when sessionId is in the query.
 */
bool request_is_raw(const struct request *req);

/*
 * Fills @into, which must be zeros, by the table. A chunk's data may be of
 * @data_max bytes, which clients know as maxChunkSize. REQUEST_E_*; -ENOMEM.
 */
int request_fields(struct request *req, const struct field *fields, size_t n,
		   uint64_t data_max, void *into);
