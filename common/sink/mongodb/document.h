/* SPDX-License-Identifier: MIT */

/*
 * document - the JSON text of an upload as the fields of a MongoDB document,
 * and a stored document as JSON.
 *
 * The text is checked first and then walked twice, without a tree: one of
 * json-c's may take 37 times the text, clamps wide integers and knows no
 * bounds. What is held besides the text and the BSON is 16 bytes a member of
 * the objects that are open at a time.
 *
 * JSON becomes BSON as it stands, never as Extended JSON: {"$oid": ...} is an
 * object with that key. An integer is an int32 or int64 when it fits, any
 * other number a double. Of a key given twice the last value counts, at the
 * place of the first (ECMA-262, JSON.parse). A lone half of a surrogate pair
 * becomes U+FFFD.
 */

#pragma once

#include <bson/bson.h>

#include "common/base.h"
#include "common/buf.h"
#include "common/session.h"

enum {
	DOCUMENT_E_BAD_DATA = 1,	/* reason says why */
	DOCUMENT_E_DEPTH,		/* over depth_max */
	DOCUMENT_E_TOO_LARGE,		/* over the buffer's max */
};

/* Bytes of a reason, the NUL included. */
#define DOCUMENT_REASON_MAX 128

/* Whether the text has a persistentId of its own. */
enum document_id {
	DOCUMENT_ID_NONE,	/* none, or null */
	DOCUMENT_ID_VALID,
	DOCUMENT_ID_INVALID,	/* of another type or form */
};

/* A member whose key was there before: what is written in its place. */
struct document_patch {
	uint32_t key;		/* where the key stands in the text */
	uint32_t value;		/* where the value stands, or nothing: 0 */
};

struct document {
	const char *json;	/* the caller's, with a NUL behind it */
	bool is_object;		/* false: nothing below is set */
	bool has_name;		/* its "name" is a string */
	enum document_id id;
	char persistent_id[SESSION_PERSISTENT_ID_MAX + 1];	/* if valid */
	struct document_patch *patches;		/* ascending by key */
	size_t n_patches;
};

/*
 * Checks @size bytes of JSON text, which have a NUL behind them and stay
 * unchanged while the document is used: that it is JSON, that every number
 * fits a double, that no key holds a NUL, and that no key of the top object
 * is empty, begins with "$" or has a dot. document_done() the result.
 * DOCUMENT_E_BAD_DATA and DOCUMENT_E_DEPTH, with DOCUMENT_REASON_MAX bytes
 * at @ret_reason; -ENOMEM.
 */
int document_check(const char *json, size_t size, unsigned depth_max,
		   char *ret_reason, struct document *ret_document);

void document_done(struct document *document);

/*
 * Appends the object as BSON, but for the members of the top object that are
 * the sink's own: _id, _tranche, persistentId, createdAt, updatedAt.
 * DOCUMENT_E_TOO_LARGE, and @out then has a part of it; -ENOMEM.
 */
int document_write_bson(const struct document *document, struct buf *out);

/*
 * Appends @stored as JSON, without its member @omit, as the JSON.stringify()
 * of an application with MongoDB's Node driver gives it: an ObjectId as hex,
 * a Date as ISO 8601 with milliseconds, a Binary as base64; what JSON has no
 * form for as relaxed Extended JSON. Numbers are the shortest text that reads
 * as the same number, as in ECMA-262; NaN and the infinities are null.
 * -EBADMSG it is no BSON, -ENOBUFS, -ENOMEM.
 */
int document_write_json(const bson_t *stored, const char *omit,
			struct buf *out);

/* Bytes of a double as text, the NUL included. */
#define DOCUMENT_DOUBLE_MAX 32

/* Writes a finite double as Number.prototype.toString() does, and "-0". */
void document_format_double(double number,
			    char ret_text[static DOCUMENT_DOUBLE_MAX]);
