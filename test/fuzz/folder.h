/* SPDX-License-Identifier: MIT */

/*
 * folder - a folder of files that an input describes, under TMPDIR; one for
 * the life of the process, empty for each input.
 */

#pragma once

#include "test/fuzz/fuzz.h"

/* The folder's path: made when it is first asked for, removed at exit(3). */
const char *folder_path(void);

/* Removes all that is in it. */
void folder_empty(void);

/*
 * Makes the files of an input, each "NAME SIZE\n" and that many bytes, at the
 * path that @place gives for its name, under the folder, whose parents are
 * there; NULL: no file of that name is made.
 */
void folder_fill(struct fuzz_input in, const char *(*place)(const char *name));

/* Appends the file at @path under the folder; false: it is not there. */
bool folder_read(const char *path, struct buf *out);
