/* SPDX-License-Identifier: MIT */

/*
 * circuit_file - what the processes of a host know of one server that failed,
 * in a small file of TRANCHE_STATE_DIR.
 *
 * The file is made by the first failure, so that one that is absent says that
 * all is well, and costs a lookup. A record is changed by compare and set: each
 * change counts its epoch up, and is refused to those who saw another epoch.
 * The lock for that is held for a few system calls, and never waited for: one
 * whose holder does not move on (it was stopped) is got rid of with its file.
 *
 * What cannot be read as a record (truncated, garbage, another server's) is as
 * if it were absent, and the next change replaces it. A folder or a file that
 * is not ours, that others may write to, or that is a link, is refused. So is
 * what the system refuses. The file may be deleted at any time.
 */

#pragma once

#include "common/base.h"

#define CIRCUIT_WHY_MAX 200	/* bytes, the NUL included */

enum circuit_state {
	CIRCUIT_CLOSED,		/* well, as far as is known */
	CIRCUIT_OPEN,		/* it failed */
	CIRCUIT_TRIAL,		/* somebody is asking it again */
};

struct circuit_record {
	uint64_t epoch;		/* 0: nothing was ever recorded */
	enum circuit_state state;
	int64_t at_ms;		/* since when, by CLOCK_MONOTONIC */
	int cause;		/* -errno of the failure; 0 when closed */
	char why[CIRCUIT_WHY_MAX];	/* words of it; no secrets */
};

struct circuit_file {
	char *folder;		/* NULL: there is none */
	char *path;
	uint64_t owner;		/* of the records: a digest of the URL */
	int fd;			/* -1: not open */
	uint64_t device, inode;	/* of fd */
	const char *trouble;	/* why it was refused, a literal; or NULL */
};

enum {
	CIRCUIT_FILE_E_CHANGED = 1,	/* the record is no longer that one */
};

/*
 * The file for the server at @url, called @name, in @folder (both may be NULL:
 * no file). Touches nothing yet. The file's name tells nothing of a user or
 * password in @url. circuit_file_done() it, also after a failure. -ENOMEM.
 */
int circuit_file_init(struct circuit_file *f, const char *folder,
		      const char *name, const char *url);
void circuit_file_done(struct circuit_file *f);

/*
 * The record as it is now; all zero when there is none. -ENOTSUP there is no
 * folder; -errno and words in f->trouble: the file cannot be used.
 */
int circuit_file_read(struct circuit_file *f,
		      struct circuit_record *ret_record);

/*
 * Writes @next, whose epoch is @epoch + 1, if @epoch is still the record's, or
 * if there is no record; makes the file, and the folder in its parent.
 * CIRCUIT_FILE_E_CHANGED; as circuit_file_read().
 */
int circuit_file_change(struct circuit_file *f, uint64_t epoch,
			const struct circuit_record *next);
