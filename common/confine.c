/* SPDX-License-Identifier: MIT */

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/confine.h"

/*
 * Bytes that a request may take for each byte of a limit, twice what was
 * measured (test/bench/denial), but a document once: a chunk as JSON has six
 * bytes for one and its copies on the way to a driver; a document is held as
 * text, as BSON, and with 16 bytes a member of its objects. A chunk of a list
 * has 40 bytes in the list of each tier, in the union, and text in the answer.
 * Fixed: a stored document of 16 MiB, with its answer as JSON.
 */
#define PER_CHUNK_BYTE 24
#define PER_DOCUMENT_BYTE 8
#define PER_CHUNK_LISTED 1024
#define FIXED MIB(256)

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
	__has_feature(memory_sanitizer)
#define HAS_SHADOW true
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HAS_SHADOW true
#endif
#ifndef HAS_SHADOW
#define HAS_SHADOW false
#endif

/* The limits of config.c keep this far below 2^64. */
uint64_t confine_memory_max(const struct config *config)
{
	return FIXED + PER_CHUNK_BYTE * config->max_chunk_size +
	       PER_DOCUMENT_BYTE * config->max_document +
	       PER_CHUNK_LISTED * config->max_chunks;
}

static void lower(int resource, rlim_t most)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit))
		return;
	if (limit.rlim_cur > most)
		limit.rlim_cur = most;
	if (limit.rlim_max > most)
		limit.rlim_max = most;
	(void)setrlimit(resource, &limit);
}

/* Lowering cannot fail; and a kernel that does not know it has nothing to do. */
void confine(const struct config *config)
{
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL);
	umask(077);
	lower(RLIMIT_CORE, 0);
	lower(RLIMIT_NOFILE, CONFINE_FILES_MAX);
	if (!HAS_SHADOW)
		lower(RLIMIT_DATA, confine_memory_max(config));
}
