/* SPDX-License-Identifier: MIT */

/*
 * file_done - the memory of sessions whose commit was done, each a file
 * done-<hour>/<digest> in the work folder (folder.h).
 *
 * They lie by the hour in which their session is forgotten everywhere, so
 * that to forget them takes no reading.
 */

#pragma once

#include "common/base.h"
#include "common/buf.h"

/* Makes the folder for those of @purge_at (ms). -errno. */
int file_done_make_room(int work, int64_t purge_at);

/* The file @path becomes the memory of the session @id, durably. -errno. */
int file_done_keep(int work, const char *path, const char *id,
		   int64_t purge_at);

/* Appends the memory of the session @id. -ENOENT, -errno. */
int file_done_read(int work, const char *id, int64_t purge_at,
		   struct buf *out);

/* Whether @path has the form of such a folder's. */
bool file_done_is(const char *path);

/*
 * Removes files of the folder @path if their time is over, at most @max, and
 * the empty folder. How many, -errno.
 */
int file_done_forget(int work, const char *path, int64_t now_ms, int max);
