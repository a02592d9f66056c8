/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/chunk.h"

void chunk_list_done(struct chunk_list *list)
{
	free(list->chunks);
	*list = (struct chunk_list){ 0 };
}

int chunk_list_add(struct chunk_list *list, const struct chunk_info *info)
{
	struct chunk_info *chunks;
	size_t capacity;

	if (list->n == list->capacity) {
		capacity = list->capacity ? list->capacity * 2 : 16;
		chunks = reallocarray(list->chunks, capacity, sizeof(*chunks));
		if (!chunks)
			return -ENOMEM;
		list->chunks = chunks;
		list->capacity = capacity;
	}
	list->chunks[list->n++] = *info;
	return 0;
}

static int compare_index(const void *a, const void *b)
{
	uint32_t left = ((const struct chunk_info *)a)->index;
	uint32_t right = ((const struct chunk_info *)b)->index;

	return left < right ? -1 : left > right;
}

void chunk_list_sort(struct chunk_list *list)
{
	size_t kept = 0;

	if (list->n == 0)
		return;
	qsort(list->chunks, list->n, sizeof(*list->chunks), compare_index);
	for (size_t i = 0; i < list->n; i++)
		if (kept == 0 || list->chunks[kept - 1].index !=
				 list->chunks[i].index)
			list->chunks[kept++] = list->chunks[i];
	list->n = kept;
}

int chunk_list_merge(struct chunk_list *list, const struct chunk_list *from)
{
	struct chunk_list merged = { .silent = list->silent };
	size_t i = 0, j = 0;

	while (i < list->n || j < from->n) {
		const struct chunk_info *next;

		if (j == from->n || (i < list->n &&
		    list->chunks[i].index <= from->chunks[j].index))
			next = &list->chunks[i++];
		else
			next = &from->chunks[j++];
		/* On one index @list's comes first, and stays. */
		if (merged.n > 0 &&
		    merged.chunks[merged.n - 1].index == next->index)
			continue;
		if (chunk_list_add(&merged, next)) {
			chunk_list_done(&merged);
			return -ENOMEM;
		}
	}
	chunk_list_done(list);
	*list = merged;
	return 0;
}

uint64_t chunk_list_bytes(const struct chunk_list *list)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < list->n; i++)
		if (__builtin_add_overflow(bytes, list->chunks[i].size, &bytes))
			return UINT64_MAX;
	return bytes;
}

const char *chunk_kind_name(enum chunk_kind kind)
{
	return kind == CHUNK_TEXT ? "text" : "raw";
}

int chunk_kind_parse(const char *name, size_t len, enum chunk_kind *ret_kind)
{
	if (len == 3 && memcmp(name, "raw", 3) == 0)
		*ret_kind = CHUNK_RAW;
	else if (len == 4 && memcmp(name, "text", 4) == 0)
		*ret_kind = CHUNK_TEXT;
	else
		return -EBADMSG;
	return 0;
}
