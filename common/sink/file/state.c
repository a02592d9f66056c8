/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/sink/file/done.h"
#include "common/sink/file/state.h"
#include "common/sink/sink.h"

int file_state_full(int r)
{
	return r == -ENOSPC || r == -EDQUOT || r == -EFBIG ? SINK_E_FULL : r;
}

/* The .json of @names: -ENOENT; -EBADMSG when it is not ours; -errno. */
static int read_meta(const struct file_folder *folder,
		     const struct file_names *names,
		     struct file_meta *ret_meta)
{
	CLEANUP(buf_done) struct buf json;
	int r;

	buf_init(&json, FILE_META_MAX);
	r = file_read_small(folder->dir, names->doc, &json);
	return r ? r : file_meta_read(json.data, json.size, ret_meta);
}

/* Whether the .json tells of the session @id: 1, 0 or -errno. */
static int is_of_session(const struct file_folder *folder,
			 const struct file_names *names, const char *id)
{
	struct file_meta meta;
	int r;

	r = read_meta(folder, names, &meta);
	if (r == -ENOENT || r == -EBADMSG)
		return 0;
	return r ? r : !strcmp(meta.session, id);
}

/* What is made before an intent and, once there is none, is of no use. */
static int drop_leftovers(const struct file_folder *folder,
			  const struct file_names *names)
{
	int r;

	r = file_remove(folder->work, names->plan);
	if (!r)
		r = file_remove(folder->work, names->json);
	if (!r)
		r = file_remove(folder->work, names->data);
	return r;
}

/* @from, of the work folder, becomes @to as well. SINK_E_TAKEN, -errno. */
static int link_into(const struct file_folder *folder, const char *from,
		     const char *to)
{
	int saved, r;

	if (!linkat(folder->work, from, folder->dir, to, 0))
		return 0;
	saved = errno;
	if (saved != EEXIST)
		return -saved;
	r = file_is_same(folder->work, from, folder->dir, to);
	return r < 0 ? r : r ? 0 : SINK_E_TAKEN;
}

/* @from, of the work folder, takes the place of @to, if it has not yet. */
static int move_into(const struct file_folder *folder, const char *from,
		     const char *to)
{
	if (!renameat(folder->work, from, folder->dir, to) || errno == ENOENT)
		return 0;
	return -errno;
}

/* Step 3: data first, the .json last. May be repeated. */
static int place(const struct file_folder *folder,
		 const struct file_names *names, const struct file_plan *plan)
{
	int r;

	r = is_of_session(folder, names, plan->meta.session);
	if (r < 0)
		return r;
	if (r > 0)
		return file_sync(folder->dir);
	if (plan->is_update) {
		r = move_into(folder, names->data, names->name);
		if (!r)
			r = move_into(folder, names->json, names->doc);
	} else {
		r = link_into(folder, names->data, names->name);
		if (!r)
			r = link_into(folder, names->json, names->doc);
	}
	return r ? r : file_sync(folder->dir);
}

/*
 * Takes step 3 and the intent back, where nothing that was is lost: 1; 0 when
 * it must be gone through with; -errno when that is not known.
 */
static int take_back(const struct file_folder *folder,
		     const struct file_names *names,
		     const struct file_plan *plan)
{
	int r;

	/* Placed by its .json, or an update that has replaced the data. */
	r = is_of_session(folder, names, plan->meta.session);
	if (r)
		return r < 0 ? r : 0;
	r = file_exists(folder->work, names->data);
	if (r <= 0)
		return r;
	r = file_is_same(folder->work, names->data, folder->dir, names->name);
	if (r > 0) {
		r = file_remove(folder->dir, names->name);
		if (!r)
			r = file_sync(folder->dir);
	}
	if (!r)
		r = file_remove(folder->work, names->intent);
	if (!r)
		r = drop_leftovers(folder, names);
	if (!r)
		r = file_sync(folder->work);
	return r ? r : 1;
}

/* Steps 3 and 4. *ret_undone is set when nothing of it was done. */
static int go_through(const struct file_folder *folder,
		      const struct file_names *names,
		      const struct file_plan *plan, bool *ret_undone)
{
	int r, back;

	*ret_undone = false;
	r = place(folder, names, plan);
	if (r) {
		back = take_back(folder, names, plan);
		*ret_undone = back > 0;
		/* Without its end a refusal would be a guess. */
		if (back < 0)
			return back;
		return !back && r > 0 ? -EEXIST : r;
	}
	r = file_done_keep(folder->work, names->intent, plan->meta.session,
			   plan->purge_at);
	if (!r)
		r = drop_leftovers(folder, names);
	return r ? r : file_sync(folder->work);
}

int file_state_recover(const struct file_folder *folder, const char *name)
{
	CLEANUP(buf_done) struct buf json;
	struct file_names names;
	struct file_plan plan;
	bool undone;
	int r;

	file_names_init(&names, name);
	buf_init(&json, FILE_META_MAX);
	r = file_read_small(folder->work, names.intent, &json);
	if (r == -ENOENT)
		return drop_leftovers(folder, &names);
	if (!r)
		r = file_plan_read(json.data, json.size, &plan);
	if (!r && strcmp(plan.meta.persistent_id, name) != 0)
		r = -EBADMSG;
	if (r)
		return r;
	r = go_through(folder, &names, &plan, &undone);
	return undone ? 0 : r;
}

int file_state_is_whole(const struct file_folder *folder, const char *name)
{
	struct file_names names;
	int r;

	if (folder->work < 0)
		return 1;
	file_names_init(&names, name);
	r = file_exists(folder->work, names.intent);
	return r < 0 ? r : !r;
}

int file_state_remembered(const struct file_folder *folder,
			  const struct session *session,
			  struct file_plan *ret_plan)
{
	CLEANUP(buf_done) struct buf json;
	struct file_plan plan;
	int r;

	buf_init(&json, FILE_META_MAX);
	if (folder->work < 0)
		return SINK_E_ABSENT;
	r = file_done_read(folder->work, session->id,
			   session_purge_at(session), &json);
	if (r == -ENOENT)
		return SINK_E_ABSENT;
	if (!r)
		r = file_plan_read(json.data, json.size, &plan);
	if (!r && strcmp(plan.meta.session, session->id) != 0)
		r = -EBADMSG;
	if (!r)
		*ret_plan = plan;
	return r;
}

int file_state_find(const struct file_folder *folder, const char *name,
		    const struct session *session, struct file_plan *ret_plan)
{
	struct file_names names;
	struct file_plan plan;
	int r;

	r = file_state_remembered(folder, session, ret_plan);
	if (r != SINK_E_ABSENT)
		return r;
	file_names_init(&names, name);
	r = read_meta(folder, &names, &plan.meta);
	if (r == -ENOENT || r == -EBADMSG)
		return SINK_E_ABSENT;
	if (r)
		return r;
	if (strcmp(plan.meta.session, session->id) != 0)
		return SINK_E_ABSENT;
	plan.is_update = session->is_update;
	plan.purge_at = session_purge_at(session);
	*ret_plan = plan;
	return 0;
}

static int admits_update(const struct file_folder *folder,
			 const struct file_names *names,
			 char ret_created_at[static CLOCK_ISO_MAX])
{
	struct file_meta meta;
	struct stat status;
	int r;

	r = read_meta(folder, names, &meta);
	if (r == -ENOENT || r == -EBADMSG)
		return SINK_E_NO_ROUTE;
	if (r)
		return r;
	if (fstatat(folder->dir, names->name, &status, AT_SYMLINK_NOFOLLOW))
		return errno == ENOENT ? SINK_E_NO_ROUTE : -errno;
	if (!S_ISREG(status.st_mode))
		return SINK_E_NO_ROUTE;
	memcpy(ret_created_at, meta.created_at, sizeof(meta.created_at));
	return 0;
}

int file_state_admits(const struct file_folder *folder, const char *name,
		      bool is_update,
		      char ret_created_at[static CLOCK_ISO_MAX])
{
	struct file_names names;
	int r;

	file_names_init(&names, name);
	if (is_update)
		return admits_update(folder, &names, ret_created_at);
	r = file_exists(folder->dir, names.name);
	if (!r)
		r = file_exists(folder->dir, names.doc);
	return r > 0 ? SINK_E_TAKEN : r;
}

/* Steps 1 and 2; what a failure leaves is for take_back(). */
static int intend(const struct file_folder *folder,
		  const struct file_names *names, const struct file_plan *plan,
		  struct file_aside *aside, unsigned mode)
{
	CLEANUP(buf_done) struct buf json;
	CLEANUP(buf_done) struct buf text;
	int r;

	buf_init(&json, FILE_META_MAX);
	buf_init(&text, FILE_META_MAX);
	r = file_meta_write(&json, &plan->meta);
	if (!r)
		r = file_plan_write(&text, plan);
	if (!r)
		r = file_aside_move(aside, folder->work, names->data, mode);
	if (!r)
		r = file_write_small(folder->work, names->json, mode, &json);
	if (!r)
		r = file_write_small(folder->work, names->plan, 0600, &text);
	/* Room for step 4 is found out now, while there is a way back. */
	if (!r)
		r = file_done_make_room(folder->work, plan->purge_at);
	if (r)
		return r;
	if (renameat(folder->work, names->plan, folder->work, names->intent))
		return -errno;
	return file_sync(folder->work);
}

int file_state_apply(const struct file_folder *folder,
		     const struct file_plan *plan, struct file_aside *aside,
		     unsigned mode)
{
	struct file_names names;
	bool undone;
	int r, back;

	file_names_init(&names, plan->meta.persistent_id);
	r = intend(folder, &names, plan, aside, mode);
	if (r) {
		back = file_remove(folder->work, names.intent);
		if (!back)
			back = drop_leftovers(folder, &names);
		if (!back)
			back = file_sync(folder->work);
		return back ? back : file_state_full(r);
	}
	r = go_through(folder, &names, plan, &undone);
	return undone ? file_state_full(r) : r;
}
