/* SPDX-License-Identifier: MIT */

/*
 * trial - a folder for one case, sessions that complete in it, and what must
 * hold of it afterwards.
 *
 * The bytes of a session follow from its id, so that it can be seen of a
 * document whether it is whole and whose it is.
 */

#pragma once

#include <limits.h>

#include "common/session.h"
#include "common/sink/sink.h"

#define TRIAL_MODE 0640
#define TRIAL_BYTES 10000	/* of a session's upload */

struct trial {
	char dir[64];
};

/* How a call ended, also where it was made in another process. */
struct outcome {
	bool ended;
	int r;
	unsigned status;
	char persistent_id[SESSION_PERSISTENT_ID_MAX + 1];
	char body[4096];
	char error[SINK_ERROR_MAX];
};

/* What .json or an answer says; absent members are "". */
struct described {
	char persistent_id[256], name[256], type[256], sha256[256];
	char session[256], owner[256], created_at[256], updated_at[256];
	int64_t size;
	int members;
};

/* An empty folder of its own, on a tmpfs where there is one. */
void trial_init(struct trial *trial);
void trial_done(struct trial *trial);

/* A path in the folder. */
const char *trial_path(const struct trial *trial, const char *name,
		       char path[static PATH_MAX]);
bool trial_has(const struct trial *trial, const char *name);
/* Makes a file of @text as somebody else would. */
void trial_put(const struct trial *trial, const char *name, const char *text);
/* How many entries of the folder @name begin with @prefix. */
unsigned trial_count(const struct trial *trial, const char *name,
		     const char *prefix);

/* A session of a new id for @name ("": it gave none). */
void trial_session(struct session *session, const char *name, bool is_update);

/* What @session uploads: TRIAL_BYTES bytes, and their description. */
void trial_bytes(const struct session *session, char bytes[static TRIAL_BYTES],
		 struct sink_content *content);

struct sink *trial_sink(const struct trial *trial);

/* find alone; begin, write, commit alone; and as complete makes them. */
void trial_find(const struct trial *trial, const struct session *session,
		struct outcome *outcome);
void trial_commit(const struct trial *trial, const struct session *session,
		  struct outcome *outcome);
void trial_complete(const struct trial *trial, const struct session *session,
		    struct outcome *outcome);

/* Says why the call failed when it did. */
void trial_expect(const struct outcome *outcome, int r);
/* Both were done, and answered the same. */
void trial_expect_same(const struct outcome *a, const struct outcome *b);

void trial_describe(const char *json, struct described *ret);
void trial_read(const struct trial *trial, const char *name, char *ret_text,
		size_t max);

/* The document is whole and @session's; *ret_doc, unless NULL, its .json. */
void trial_expect_document(const struct trial *trial,
			   const struct session *session,
			   struct described *ret_doc);
/* Nothing has @name. */
void trial_expect_nothing(const struct trial *trial, const char *name);
/* After another's begin nothing is left but locks and memory. */
void trial_expect_clean(const struct trial *trial);
