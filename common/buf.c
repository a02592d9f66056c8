/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/buf.h"

/* Bytes of the first allocation; below it growing costs more than it saves. */
#define BUF_FIRST ((size_t)256)

void buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){ .max = max };
}

void buf_done(struct buf *b)
{
	free(b->data);
	buf_init(b, b->max);
}

void buf_reset(struct buf *b)
{
	b->size = 0;
	if (b->data)
		b->data[0] = '\0';
}

int buf_reserve(struct buf *b, size_t n, char **ret_room)
{
	size_t need, capacity;
	char *data;

	if (__builtin_add_overflow(b->size, n, &need) || need > b->max)
		return -ENOBUFS;
	if (__builtin_add_overflow(need, 1, &need))
		return -ENOBUFS;
	if (need > b->capacity) {
		if (__builtin_mul_overflow(b->capacity, 2, &capacity) ||
		    capacity < need)
			capacity = need;
		if (capacity < BUF_FIRST)
			capacity = BUF_FIRST;
		data = realloc(b->data, capacity);
		if (!data)
			return -ENOMEM;
		b->data = data;
		b->capacity = capacity;
		b->data[b->size] = '\0';
	}
	*ret_room = b->data + b->size;
	return 0;
}

void buf_commit(struct buf *b, size_t n)
{
	b->size += n;
	b->data[b->size] = '\0';
}

int buf_append(struct buf *b, const void *data, size_t n)
{
	char *room;
	int r;

	r = buf_reserve(b, n, &room);
	if (r)
		return r;
	if (n)
		memcpy(room, data, n);
	buf_commit(b, n);
	return 0;
}

int buf_append_string(struct buf *b, const char *s)
{
	return buf_append(b, s, strlen(s));
}

int buf_vprintf(struct buf *b, const char *format, va_list args)
{
	va_list again;
	char *room;
	int n, r;

	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (n < 0)
		return -EINVAL;
	r = buf_reserve(b, (size_t)n, &room);
	if (r)
		return r;
	vsnprintf(room, (size_t)n + 1, format, args);
	buf_commit(b, (size_t)n);
	return 0;
}

int buf_printf(struct buf *b, const char *format, ...)
{
	va_list args;
	int r;

	va_start(args, format);
	r = buf_vprintf(b, format, args);
	va_end(args);
	return r;
}
