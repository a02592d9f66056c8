/* SPDX-License-Identifier: MIT */

/*
 * file_meta - what the file sink writes about a document, as JSON.
 *
 *	meta	the .json beside the bytes: {"persistentId", "name", "type",
 *		"size", "sha256", "session", "owner" (null: nobody),
 *		"createdAt", "updatedAt"}
 *	plan	what a commit does, and after it did that it was done:
 *		{"version": 1, "isUpdate", "purgeAt" (ms), "document": meta}
 *
 * Readers ignore names that they do not know.
 */

#pragma once

#include "common/base.h"
#include "common/buf.h"
#include "common/deadline.h"
#include "common/session.h"
#include "common/sink/sink.h"

#define FILE_PLAN_VERSION 1

/* Bytes of JSON that are read: every text escaped, and what others added. */
#define FILE_META_MAX KIB(64)

struct file_meta {
	char persistent_id[SESSION_PERSISTENT_ID_MAX + 1];
	char name[SESSION_FILE_NAME_MAX + 1];
	char type[SESSION_CONTENT_TYPE_MAX + 1];
	uint64_t size;				/* bytes */
	char sha256[SESSION_SHA256_LEN + 1];	/* lower-case hex */
	char session[SESSION_ID_LEN + 1];	/* the one that wrote it last */
	char owner[SESSION_OWNER_MAX + 1];	/* "": nobody */
	char created_at[CLOCK_ISO_MAX];
	char updated_at[CLOCK_ISO_MAX];
};

struct file_plan {
	bool is_update;
	int64_t purge_at;	/* session_purge_at(), ms */
	struct file_meta meta;
};

/* What @session's commit of @content at @now_ms writes, as a create. */
void file_meta_init(struct file_meta *meta, const struct session *session,
		    const struct sink_content *content, int64_t now_ms);

/* Appends the .json, a line of its own. -ENOBUFS, -ENOMEM. */
int file_meta_write(struct buf *out, const struct file_meta *meta);

/*
 * Reads @size bytes of it. -EBADMSG when it is not JSON, or a field is
 * missing, of another type, too long, or no UTF-8 (but for owner).
 */
int file_meta_read(const char *json, size_t size, struct file_meta *ret_meta);

/* Appends a plan. -ENOBUFS, -ENOMEM. */
int file_plan_write(struct buf *out, const struct file_plan *plan);

/* Reads @size bytes of one. -EBADMSG as above or another version; -ENOMEM. */
int file_plan_read(const char *json, size_t size, struct file_plan *ret_plan);

/* How a commit of @plan is answered. answer_done() the result. -ENOMEM. */
int file_plan_answer(const struct file_plan *plan, struct answer *ret_answer);
