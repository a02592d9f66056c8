/* SPDX-License-Identifier: MIT */

/*
 * buf - bytes that grow up to a limit.
 *
 * The bytes are followed by a NUL that is not counted, so a buffer of text
 * is also a C string. A call that fails leaves the buffer as it was.
 */

#pragma once

#include <stdarg.h>

#include "common/base.h"

struct buf {
	char *data;		/* NULL until the first byte */
	size_t size;		/* bytes in use */
	size_t capacity;	/* bytes allocated, the NUL included */
	size_t max;		/* bytes that size may reach */
};

/* An empty buffer of at most @max bytes; allocates nothing. */
void buf_init(struct buf *b, size_t max);

/* Frees the bytes; the buffer is empty and may be used again. */
void buf_done(struct buf *b);

/* Forgets the bytes and keeps the memory. */
void buf_reset(struct buf *b);

/*
 * Room for @n more bytes behind the ones in use; *ret_room is where to write
 * them, until the next call. size does not change: see buf_commit().
 * -ENOBUFS over the limit, -ENOMEM.
 */
int buf_reserve(struct buf *b, size_t n, char **ret_room);

/* @n bytes that buf_reserve() gave room for have been written. */
void buf_commit(struct buf *b, size_t n);

/* Appends @n bytes. -ENOBUFS over the limit, -ENOMEM. */
int buf_append(struct buf *b, const void *data, size_t n);

/* Appends a C string, without its NUL. -ENOBUFS, -ENOMEM. */
int buf_append_string(struct buf *b, const char *s);

/* Appends formatted text. -ENOBUFS, -ENOMEM, -EINVAL for a bad format. */
int buf_printf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);
int buf_vprintf(struct buf *b, const char *format, va_list args)
	PRINTF_LIKE(2, 0);
