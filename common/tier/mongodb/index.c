/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/retry.h"
#include "common/tier/mongodb/parts.h"

/* How long a note that the indexes are there is believed. */
#define MARK_MS ((int64_t)24 * 60 * 60 * 1000)

struct index {
	const char *name;
	const char *keys[2];
	bool is_unique;
	bool is_ttl;
};

static const struct collection {
	const char *name;
	struct index indexes[2];
} collections[] = {
	{ MONGODB_SESSIONS, {
		{ "sessionId_1", { "sessionId" }, .is_unique = true },
		{ "purgeAt_1", { "purgeAt" }, .is_ttl = true },
	} },
	{ MONGODB_CHUNKS, {
		{ "sessionId_1_chunkIndex_1", { "sessionId", "chunkIndex" },
		  .is_unique = true },
		{ "purgeAt_1", { "purgeAt" }, .is_ttl = true },
	} },
	{ MONGODB_CLAIMS, {
		{ "purgeAt_1", { "purgeAt" }, .is_ttl = true },
	} },
};

static void append_index(bson_t *to, const char *key, const struct index *index)
{
	bson_t one, keys;

	BSON_APPEND_DOCUMENT_BEGIN(to, key, &one);
	BSON_APPEND_DOCUMENT_BEGIN(&one, "key", &keys);
	for (size_t i = 0; i < ARRAY_SIZE(index->keys); i++)
		if (index->keys[i])
			BSON_APPEND_INT32(&keys, index->keys[i], 1);
	bson_append_document_end(&one, &keys);
	BSON_APPEND_UTF8(&one, "name", index->name);
	if (index->is_unique)
		BSON_APPEND_BOOL(&one, "unique", true);
	if (index->is_ttl)
		BSON_APPEND_INT32(&one, "expireAfterSeconds", 0);
	bson_append_document_end(to, &one);
}

/* Makes the indexes @first to @last of the collection, all or none. */
static int make(struct mongodb *m, const struct collection *collection,
		size_t first, size_t last, struct deadline dl)
{
	bson_t indexes = BSON_INITIALIZER;
	int r;

	append_index(&indexes, "0", &collection->indexes[first]);
	if (last > first)
		append_index(&indexes, "1", &collection->indexes[last]);
	r = command_create_indexes(m->client, collection->name, &indexes, dl);
	bson_destroy(&indexes);
	return r;
}

/*
 * An application's own index with the same keys or name and other options
 * stands in the way of ours alone, so then each is tried by itself.
 */
static int make_all(struct mongodb *m, const struct collection *collection,
		    struct deadline dl)
{
	size_t last = collection->indexes[1].name ? 1 : 0;
	int r;

	r = make(m, collection, 0, last, dl);
	if (r <= 0)
		return r;
	for (size_t i = 0; i <= last && last > 0; i++) {
		r = make(m, collection, i, i, dl);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_marked(const struct mongodb *m)
{
	struct stat mark;
	int64_t age;

	if (!m->index_mark || lstat(m->index_mark, &mark))
		return false;
	age = clock_now_ms() - (int64_t)mark.st_mtim.tv_sec * 1000;
	return age >= 0 && age < MARK_MS;
}

/* Without the mark, the next process makes sure again: no harm. */
static void set_mark(const struct mongodb *m)
{
	int fd;

	if (!m->index_mark)
		return;
	fd = retry_openat(AT_FDCWD, m->index_mark, O_WRONLY | O_CREAT |
			  O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return;
	futimens(fd, NULL);
	close(fd);
}

int mongodb_ensure_indexes(struct mongodb *m, struct deadline dl)
{
	int r = 0;

	if (m->has_indexes)
		return 0;
	if (!is_marked(m)) {
		for (size_t i = 0; !r && i < ARRAY_SIZE(collections); i++)
			r = make_all(m, &collections[i], dl);
		if (!r)
			set_mark(m);
	}
	/*
	 * What the server will not let us do, it will not the next time; what
	 * it had another trouble with is tried again at the next write. Both
	 * are no reason to refuse this one.
	 */
	m->has_indexes = r == 0 || r == -EACCES;
	return r == -EACCES || r == -EIO ? 0 : mongodb_result(m, r);
}
