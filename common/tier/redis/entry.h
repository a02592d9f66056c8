/* SPDX-License-Identifier: MIT */

/*
 * redis_entry - what the hash of a session's chunks says of one: by its index
 * "<digest> <size> <kind>", as "xxh3-128:0123... 524288 raw". Together they
 * name the key of the bytes.
 */

#pragma once

#include "common/base.h"
#include "common/chunk.h"
#include "common/tier/redis/tier.h"

/* Bytes of an entry that can be read, the NUL included. */
#define REDIS_ENTRY_MAX (DIGEST_TEXT_LEN + 1 + 20 + 1 + 4 + 1)

/* Bytes of an index as text, the NUL included. */
#define REDIS_INDEX_MAX 11

/* The field of the hash that counts the bytes held; it is no chunk. */
#define REDIS_FIELD_BYTES "bytes"

/*
 * "<digest> <size> " as far as two chunks must agree to be the same; the kind
 * follows it in an entry.
 */
void redis_entry_format(const struct chunk_info *info,
			char ret_text[static REDIS_ENTRY_MAX]);

/* Reads an entry of @len bytes. -EBADMSG; *ret_info's index is 0. */
int redis_entry_parse(const char *entry, size_t len,
		      struct chunk_info *ret_info);

/* Reads the field that is an index, without needless zeros. -EBADMSG. */
int redis_index_parse(const char *field, size_t len, uint32_t *ret_index);

/* The key of the bytes that @digest_len bytes at @digest name. */
struct redis_key redis_bytes_key(const char *session_id, uint32_t index,
				 const char *digest, size_t digest_len);

/* An entry that may have to go. */
struct redis_doom {
	uint32_t index;
	const char *begin;	/* what the entry must begin with to go */
	size_t begin_len;
	size_t digest_len;	/* of @begin; 0: it cannot be read */
};

/* That of an entry as it stands, which must stay. */
struct redis_doom redis_doom_of(uint32_t index, const char *entry, size_t len);

/*
 * Takes the @n entries away by @rule (REDIS_SCRIPT_DROP), each together with
 * its bytes; *ret_gone is how many went.
 */
int redis_drop_entries(struct redis *redis, const char *session_id,
		       const char *rule, const struct redis_doom *dooms,
		       size_t n, struct deadline dl, size_t *ret_gone);
