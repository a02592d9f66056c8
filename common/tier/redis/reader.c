/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include "common/tier/redis/reader.h"

/* In place of hiredis's, which has counts since 1.0; NULL is its error. */
#if HIREDIS_MAJOR < 1
static void *create_array(const redisReadTask *task, int n)
#else
static void *create_array(const redisReadTask *task, size_t n)
#endif
{
	struct redis_reader *reader = task->privdata;

	if ((unsigned long long)n > REDIS_ELEMENTS_MAX) {
		reader->is_over = true;
		return NULL;
	}
	return reader->plain->createArray(task, n);
}

int redis_reader_open(struct redis_reader *reader)
{
	redisReader *made = redisReaderCreate();

	if (!made)
		return -ENOMEM;
	*reader = (struct redis_reader){
		.reader = made,
		.plain = made->fn,
		.bounded = *made->fn,
	};
	reader->bounded.createArray = create_array;
	made->fn = &reader->bounded;
	made->privdata = reader;
	return 0;
}

void redis_reader_close(struct redis_reader *reader)
{
	if (reader->reader)
		redisReaderFree(reader->reader);
	reader->reader = NULL;
}

int redis_reader_feed(struct redis_reader *reader, const char *data,
		      size_t size)
{
	if (size > 0 &&
	    redisReaderFeed(reader->reader, data, size) != REDIS_OK)
		return -ENOMEM;
	return 0;
}

int redis_reader_next(struct redis_reader *reader, redisReply **ret_reply)
{
	void *reply = NULL;

	if (redisReaderGetReply(reader->reader, &reply) == REDIS_OK) {
		*ret_reply = reply;
		return 0;
	}
	if (reader->reader->err == REDIS_ERR_OOM && !reader->is_over)
		return -ENOMEM;
	return -EPROTO;
}

bool redis_reader_has_more(const struct redis_reader *reader)
{
	return reader->reader->pos < reader->reader->len;
}
