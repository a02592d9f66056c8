/* SPDX-License-Identifier: MIT */

/*
 * confine - what a function's process gives up before its first request, so
 * that a mistake in it costs the host less. Nothing here can be had back.
 *
 *	new privileges	none, whatever it were made to execute
 *			(prctl(2), PR_SET_NO_NEW_PRIVS)
 *	umask		077: what it writes is its user's alone, but for the
 *			sink's files, which have TRANCHE_SINK_MODE
 *	core files	none: they would hold URLs with passwords, and uploads
 *	descriptors	CONFINE_FILES_MAX, so that a leak is an error of this
 *			process, not of the host
 *	memory		confine_memory_max(), so that what is larger than any
 *			lawful request is answered 503; not in a program with
 *			a sanitizer, whose shadow counts as data
 *
 * A limit that is lower already stays. The process stays dumpable: only its
 * own user and root may look into it, and who runs the functions must see
 * which they are and what they were started with.
 */

#pragma once

#include "common/config.h"

/*
 * Descriptors. The most that is lawful is some 130: a MongoDB replica set has
 * at most 50 members, and the tier and the sink each keep a connection to
 * each of them; Redis has one, the front two, and what works on folders and
 * files some 20.
 */
#define CONFINE_FILES_MAX 256

/*
 * Bytes of private writable memory (RLIMIT_DATA) that the process may have:
 * twice what its largest lawful request was seen to take. With the limits'
 * defaults it is less than 512 MiB.
 */
uint64_t confine_memory_max(const struct config *config);

void confine(const struct config *config);
