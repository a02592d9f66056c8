/* SPDX-License-Identifier: MIT */

/*
 * file_state - what is done to a name, so that it is done whole and once
 * whatever is killed when.
 *
 * Under the name's lock a commit
 *	1. gives the aside the name data-<name>, writes json-<name>, plan-<name>
 *	2. renames the plan to intent-<name>: from here on it will be done
 *	3. a create: link(2)s the data, then the .json; an update: renames them
 *	4. renames the intent to done-<hour>/<digest>: it was done, once
 * and syncs in between. A process may end at any point: before 2 nothing was
 * done, and after it whoever gets the lock next goes on at 3, which may be
 * repeated: file_state_recover(), before anything else is asked or done.
 *
 * All but file_state_remembered() and file_state_is_whole() want the lock of
 * the name.
 */

#pragma once

#include "common/base.h"
#include "common/session.h"
#include "common/sink/file/aside.h"
#include "common/sink/file/folder.h"
#include "common/sink/file/meta.h"

/*
 * Ends what a killed process began on @name, and removes what it left.
 * -errno: the state of the name is not known.
 */
int file_state_recover(const struct file_folder *folder, const char *name);

/* Whether nothing that was begun on @name waits for its end: 1, 0 or -errno.
 * Without its lock it holds for who reads what is placed after it. */
int file_state_is_whole(const struct file_folder *folder, const char *name);

/*
 * What @session's commit did, if that was remembered. SINK_E_ABSENT: it was
 * not, or is at work. -errno.
 */
int file_state_remembered(const struct file_folder *folder,
			  const struct session *session,
			  struct file_plan *ret_plan);

/*
 * The same, also by the session that the .json of @name tells of.
 * SINK_E_ABSENT, -errno.
 */
int file_state_find(const struct file_folder *folder, const char *name,
		    const struct session *session, struct file_plan *ret_plan);

/*
 * Whether a commit that was not done may be: SINK_E_TAKEN for a create when
 * anything has the name; SINK_E_NO_ROUTE for an update when there is no file
 * with a .json of ours, else *ret_created_at is the one it has; -errno.
 */
int file_state_admits(const struct file_folder *folder, const char *name,
		      bool is_update,
		      char ret_created_at[static CLOCK_ISO_MAX]);

/*
 * Does @plan with the bytes of @aside; its files get @mode. After
 * file_state_admits() under the same lock. SINK_E_TAKEN when one who takes no
 * lock was faster, SINK_E_FULL: nothing was done. -errno: not known,
 * file_state_recover() tells.
 */
int file_state_apply(const struct file_folder *folder,
		     const struct file_plan *plan, struct file_aside *aside,
		     unsigned mode);

/* SINK_E_FULL when @r is an -errno that says so, else @r. */
int file_state_full(int r);
