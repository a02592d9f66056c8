/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/tier/redis/entry.h"

void redis_entry_format(const struct chunk_info *info,
			char ret_text[static REDIS_ENTRY_MAX])
{
	char digest[DIGEST_TEXT_LEN + 1];

	digest_format(&info->digest, digest);
	snprintf(ret_text, REDIS_ENTRY_MAX, "%s %" PRIu64 " ", digest,
		 info->size);
}

/* Plain decimal digits, as few as it takes. -EBADMSG. */
static int parse_number(const char *text, size_t len, uint64_t max,
			uint64_t *ret_number)
{
	uint64_t number = 0;

	if (len == 0 || (text[0] == '0' && len > 1))
		return -EBADMSG;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9' ||
		    __builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, text[i] - '0', &number))
			return -EBADMSG;
	}
	if (number > max)
		return -EBADMSG;
	*ret_number = number;
	return 0;
}

int redis_entry_parse(const char *entry, size_t len,
		      struct chunk_info *ret_info)
{
	struct chunk_info info = { 0 };
	const char *size, *kind;
	int r;

	if (len <= DIGEST_TEXT_LEN + 1 || entry[DIGEST_TEXT_LEN] != ' ')
		return -EBADMSG;
	size = entry + DIGEST_TEXT_LEN + 1;
	len -= DIGEST_TEXT_LEN + 1;
	kind = memchr(size, ' ', len);
	if (!kind)
		return -EBADMSG;
	r = digest_parse(entry, DIGEST_TEXT_LEN, &info.digest);
	if (!r)
		r = parse_number(size, (size_t)(kind - size), INT64_MAX,
				 &info.size);
	len -= (size_t)(kind - size) + 1;
	if (!r)
		r = chunk_kind_parse(kind + 1, len, &info.kind);
	if (!r)
		*ret_info = info;
	return r;
}

int redis_index_parse(const char *field, size_t len, uint32_t *ret_index)
{
	uint64_t index;
	int r;

	r = parse_number(field, len, UINT32_MAX, &index);
	if (!r)
		*ret_index = (uint32_t)index;
	return r;
}

struct redis_key redis_bytes_key(const char *session_id, uint32_t index,
				 const char *digest, size_t digest_len)
{
	char name[REDIS_KEY_MAX];

	snprintf(name, sizeof(name), "chunk:%" PRIu32 ":%.*s", index,
		 (int)digest_len, digest);
	return redis_key(session_id, name);
}

struct redis_doom redis_doom_of(uint32_t index, const char *entry, size_t len)
{
	struct redis_doom doom = { index, entry, len, 0 };
	struct chunk_info ignored;

	if (!redis_entry_parse(entry, len, &ignored))
		doom.digest_len = DIGEST_TEXT_LEN;
	return doom;
}

int redis_drop_entries(struct redis *redis, const char *session_id,
		       const char *rule, const struct redis_doom *dooms,
		       size_t n, struct deadline dl, size_t *ret_gone)
{
	struct redis_batch *batch = &redis->batch;
	long long gone;
	int r;

	redis_begin(redis);
	redis_script_call(redis, REDIS_SCRIPT_DROP, 1 + n, 1 + 2 * n);
	redis_batch_text(batch, redis_key(session_id, "chunks").text);
	for (size_t i = 0; i < n; i++)
		redis_batch_text(batch, redis_bytes_key(session_id,
				 dooms[i].index, dooms[i].begin,
				 dooms[i].digest_len).text);
	redis_batch_text(batch, rule);
	for (size_t i = 0; i < n; i++) {
		redis_batch_number(batch, dooms[i].index);
		redis_batch_bytes(batch, dooms[i].begin, dooms[i].begin_len);
	}
	r = redis_exchange_integer(redis, dl, &gone);
	if (!r)
		*ret_gone = (size_t)gone;
	return r;
}
