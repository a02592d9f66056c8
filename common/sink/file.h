/* SPDX-License-Identifier: MIT */

/*
 * file - the sink that writes each upload to a file of a folder.
 *
 *	DIR/<persistentId>		the bytes
 *	DIR/<persistentId>.json		name, type, size, sha256, session,
 *					owner, createdAt, updatedAt; the mark
 *					that the bytes are whole
 *	DIR/.tranche/			locks, asides, and which sessions were
 *					applied, while they may come again
 *					(file/folder.h)
 *
 * An update renames two files: between the two a reader sees new bytes beside
 * an old .json, which its sha256 tells.
 *
 * Several hosts may share DIR when its file system has flock(2) and link(2)
 * across them; NFS must not remember that a name was absent (lookupcache=none,
 * nfs(5)).
 */

#pragma once

#include "common/sink/sink.h"

/*
 * A sink in the folder @dir, which must exist and be writable by the time of
 * the first call. Stored files get mode @mode, which must let the owner read
 * them, all else 0600. A write over RLIMIT_FSIZE is SINK_E_FULL where SIGXFSZ
 * is ignored.
 * sink_close() the result. -ENOMEM.
 */
int sink_file_open(const char *dir, unsigned mode, struct sink **ret_sink);
