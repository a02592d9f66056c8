/* SPDX-License-Identifier: MIT */

/*
 * mongodb_parts - what the files of the mongodb tier share. The operations
 * are those of tier.h, each in the file that is named for it.
 */

#pragma once

#include "common/mongo/command.h"
#include "common/tier/tier.h"

#define MONGODB_SESSIONS "chunkeduploadsessions"
#define MONGODB_CHUNKS "chunkeduploadchunks"
#define MONGODB_CLAIMS "chunkeduploadclaims"

/* Up to so many chunks the session has a map of them, as the original's. */
#define MONGODB_MAP_MAX 1000

/* How often an operation begins anew because others changed what it saw. */
#define MONGODB_TRIES_MAX 64

struct mongodb {
	struct tier base;
	struct client *client;
	bool has_indexes;	/* nothing more is to be done for them here */
	char *index_mark;	/* file: when they were made; or NULL */
};

static inline struct mongodb *mongodb_of(struct tier *t)
{
	return (struct mongodb *)t;
}

/*
 * A client's result as the tier's: MONGO_E_FULL becomes TIER_E_FULL and what
 * is negative has its words kept. Other answers are the caller's to handle;
 * one that comes here is a failure.
 */
int mongodb_result(struct mongodb *m, int r);

/* Words and result for having met others' changes MONGODB_TRIES_MAX times. */
int mongodb_unsettled(struct mongodb *m);

/*
 * index.c: makes the indexes where that has not been done lately;
 * before a write. A collection that has other ones of an application's own
 * serves without. Negative: the server failed.
 */
int mongodb_ensure_indexes(struct mongodb *m, struct deadline dl);

/* The stamp of a document as it was read. */
struct stamp {
	bool is_there;		/* false: it has none, or no number */
	int64_t number;
};

struct stamp mongodb_stamp_read(const bson_t *document);

/* Appends to a filter that the stamp is still @stamp. */
void mongodb_stamp_pin(bson_t *filter, struct stamp stamp);

/* The same, or that it is @mine by now: for a change that sets it to that. */
void mongodb_stamp_pin_or(bson_t *filter, struct stamp stamp, int64_t mine);

/* Appends the _id of a session's record, and of its claim. */
void mongodb_append_session_id(bson_t *to, const char *id);

/* chunk.c: what a chunk's document says, bytes apart. */
struct held_chunk {
	struct chunk_info info;	/* index and size as far as they can be read */
	bool is_sound;		/* info could be read, and is this chunk's */
	bool is_whole;		/* sound, and bytes of its size are there */
	struct stamp stamp;
};

/* Appends the _id of a chunk's document. */
void mongodb_append_chunk_id(bson_t *to, const struct session *session,
			     uint32_t index);

/* What to read of a document for it; bson_destroy() it. */
bson_t *mongodb_chunk_projection(void);

/* Reads a document that was projected so. */
void mongodb_chunk_read(const bson_t *document, struct held_chunk *ret_held);

/* The same for a whole document, whose data it gives; NULL: it has none. */
void mongodb_chunk_read_whole(const bson_t *document,
			      struct held_chunk *ret_held,
			      const char **ret_data);

/* Reads what is held at @index. TIER_E_ABSENT. */
int mongodb_find_chunk(struct mongodb *m, const struct session *session,
		       uint32_t index, struct deadline dl,
		       struct held_chunk *ret_held);

/*
 * Takes away what was read as @held at @index, counted down first.
 * TIER_E_CONFLICT: nothing was done, something else is there by now.
 */
int mongodb_retire_chunk(struct mongodb *m, const struct session *session,
			 uint32_t index, const struct held_chunk *held,
			 struct deadline dl);

/*
 * record.c: makes sure of a document in which chunks can be counted,
 * where the record is absent; it is not made.
 */
int mongodb_make_countable(struct mongodb *m, const struct session *session,
			   struct deadline dl);

int mongodb_put_session(struct tier *t, const struct session *session,
			struct deadline dl);
int mongodb_get_session(struct tier *t, const char *id, enum tier_read read,
			struct deadline dl, struct session *ret_session);
int mongodb_finish(struct tier *t, const struct session *session,
		   struct deadline dl);
int mongodb_drop_session(struct tier *t, const struct session *session,
			 struct deadline dl);

/* put.c */
int mongodb_put_chunk(struct tier *t, const struct session *session,
		      const struct chunk *chunk, struct deadline dl,
		      struct chunk_count *ret_count);

/* chunk.c */
int mongodb_get_chunk(struct tier *t, const struct session *session,
		      uint32_t index, struct deadline dl, struct buf *data,
		      struct chunk_info *ret_info);
int mongodb_drop_chunk(struct tier *t, const struct session *session,
		       const struct chunk_info *info, struct deadline dl);

/* list.c */
int mongodb_list_chunks(struct tier *t, const struct session *session,
			struct deadline dl, struct chunk_list *ret_list);
int mongodb_drop_chunks(struct tier *t, const struct session *session,
			struct deadline dl);

/* claim.c */
int mongodb_claim(struct tier *t, const struct session *session,
		  const struct tier_token *token, struct deadline dl);
int mongodb_release(struct tier *t, const struct session *session,
		    const struct tier_token *token, struct deadline dl);
int mongodb_is_claimed(struct tier *t, const struct session *session,
		       struct deadline dl, bool *ret_held);
