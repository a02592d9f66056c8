/* SPDX-License-Identifier: MIT */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/tier/redis/batch.h"

/* Bytes that an idle batch may keep. */
#define BATCH_KEEP_MAX KIB(64)

void redis_batch_init(struct redis_batch *batch)
{
	*batch = (struct redis_batch){ 0 };
	buf_init(&batch->text, REDIS_BATCH_MAX);
}

void redis_batch_done(struct redis_batch *batch)
{
	buf_done(&batch->text);
	redis_batch_init(batch);
}

void redis_batch_reset(struct redis_batch *batch)
{
	struct buf text = batch->text;

	if (text.capacity > BATCH_KEEP_MAX)
		buf_done(&text);
	buf_reset(&text);
	*batch = (struct redis_batch){ .text = text };
}

static void append(struct redis_batch *batch, const char *data, size_t size)
{
	if (!batch->error)
		batch->error = buf_append(&batch->text, data, size);
}

/* "*3\r\n" or "$5\r\n": how many strings or bytes follow. */
static void append_count(struct redis_batch *batch, char type, size_t n)
{
	char text[32];

	append(batch, text, (size_t)snprintf(text, sizeof(text), "%c%zu\r\n",
					     type, n));
}

void redis_batch_command(struct redis_batch *batch, size_t args)
{
	append_count(batch, '*', args);
	batch->n++;
}

void redis_batch_bytes(struct redis_batch *batch, const char *data, size_t size)
{
	append_count(batch, '$', size);
	append(batch, data, size);
	append(batch, "\r\n", 2);
}

void redis_batch_text(struct redis_batch *batch, const char *text)
{
	redis_batch_bytes(batch, text, strlen(text));
}

void redis_batch_number(struct redis_batch *batch, int64_t number)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRId64, number);
	redis_batch_text(batch, text);
}

void redis_batch_unsigned(struct redis_batch *batch, uint64_t number)
{
	char text[32];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	redis_batch_text(batch, text);
}

void redis_batch_big(struct redis_batch *batch, const char *data, size_t size)
{
	append_count(batch, '$', size);
	batch->big = data;
	batch->big_size = size;
	batch->big_at = batch->text.size;
	append(batch, "\r\n", 2);
}

void redis_batch_texts(struct redis_batch *batch, const char *const *texts,
		       size_t n)
{
	redis_batch_command(batch, n);
	for (size_t i = 0; i < n; i++)
		redis_batch_text(batch, texts[i]);
}
