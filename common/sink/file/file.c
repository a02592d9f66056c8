/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/sink/file.h"
#include "common/sink/file/aside.h"
#include "common/sink/file/folder.h"
#include "common/sink/file/meta.h"
#include "common/sink/file/state.h"
#include "common/sink/file/sweep.h"

struct sink_file {
	struct sink sink;		/* must be first */
	char *path;			/* of the folder */
	unsigned mode;
	/* Of the upload at work; opened anew for each, as it may be mounted. */
	struct file_folder folder;
	struct file_aside aside;	/* fd -1: nothing was begun */
};

static struct sink_file *file_of(struct sink *sink)
{
	return (struct sink_file *)sink;
}

/* The words of a negative @r; other answers have none here. */
static int say(struct sink *sink, int r, const char *doing)
{
	if (r >= 0)
		return r;
	if (r == -ETIMEDOUT)
		return sink_fail(sink, r, "TRANCHE_SINK: no time left to %s",
				 doing);
	return sink_fail(sink, r, "TRANCHE_SINK: cannot %s: %s", doing,
			 strerror(-r));
}

static int open_folder(struct sink_file *file, bool make,
		       struct file_folder *ret_folder)
{
	struct sink *sink = &file->sink;
	int r;

	r = file_folder_open(file->path, make, ret_folder);
	switch (r) {
	case -ENOENT:
		return sink_fail(sink, r,
				 "TRANCHE_SINK: the folder is missing");
	case -ENOTDIR:
		return sink_fail(sink, r, "TRANCHE_SINK: it is no folder");
	case -EACCES:
	case -EPERM:
	case -EROFS:
		return sink_fail(sink, r,
				 "TRANCHE_SINK: the folder is not writable");
	case -EEXIST:
	case -ELOOP:
		return sink_fail(sink, r, "TRANCHE_SINK: what is called "
				 ".tranche in the folder is no folder");
	default:
		return say(sink, r, "open the folder");
	}
}

static int name_of(struct sink *sink, const struct session *session,
		   char ret_name[static SESSION_PERSISTENT_ID_MAX + 1])
{
	session_effective_persistent_id(session, ret_name);
	/* It becomes a path: whoever checked it first is not trusted. */
	if (!session_persistent_id_is_valid(ret_name, strlen(ret_name)))
		return sink_fail(sink, -EINVAL,
				 "the session's persistentId is not valid");
	return 0;
}

/* Takes the lock of @name and makes its state whole. SINK_E_FULL, -errno. */
static int enter(struct sink *sink, const struct file_folder *folder,
		 const char *name, struct deadline dl, int *ret_lock)
{
	int lock, r;

	r = file_lock_name(folder, name, dl, &lock);
	if (r)
		return file_state_full(say(sink, r, "lock the name"));
	r = file_state_recover(folder, name);
	if (r) {
		file_fd_done(&lock);
		return say(sink, r, "end what was begun before");
	}
	*ret_lock = lock;
	return 0;
}

/*
 * To ask needs no room: where a lock cannot be made for want of it, nobody has
 * one, and has begun nothing since it was last made whole.
 */
static int find_placed(const struct file_folder *folder, const char *name,
		       const struct session *session,
		       struct file_plan *ret_plan)
{
	int r = file_state_is_whole(folder, name);

	return r < 0 ? r : r ? file_state_find(folder, name, session,
					       ret_plan) : -ENOSPC;
}

static int file_find(struct sink *sink, const struct session *session,
		     struct deadline dl, struct answer *ret_answer)
{
	CLEANUP(file_folder_close) struct file_folder folder =
		FILE_FOLDER_CLOSED;
	CLEANUP(file_fd_done) int lock = -1;
	char name[SESSION_PERSISTENT_ID_MAX + 1];
	struct file_plan plan;
	int r;

	r = name_of(sink, session, name);
	if (!r)
		r = open_folder(file_of(sink), /* make= */ true, &folder);
	if (file_state_full(r) == SINK_E_FULL)
		r = open_folder(file_of(sink), /* make= */ false, &folder);
	if (r)
		return r;
	r = file_state_remembered(&folder, session, &plan);
	if (r == SINK_E_ABSENT) {
		r = folder.work < 0 ? SINK_E_FULL :
				      enter(sink, &folder, name, dl, &lock);
		if (r < 0)
			return r;
		r = r ? find_placed(&folder, name, session, &plan) :
			file_state_find(&folder, name, session, &plan);
	}
	if (!r)
		r = file_plan_answer(&plan, ret_answer);
	return say(sink, r, "look for the document");
}

static void file_abandon(struct sink *sink)
{
	struct sink_file *file = file_of(sink);

	file_aside_drop(&file->aside, file->folder.work);
	file_folder_close(&file->folder);
}

/*
 * What a commit would answer now: 0 when it was done or may be. The aside is
 * made outside of the lock, as nobody must wait for it.
 */
static int would_refuse(struct sink *sink, const struct file_folder *folder,
			const struct session *session, const char *name,
			struct deadline dl)
{
	CLEANUP(file_fd_done) int lock = -1;
	char created_at[CLOCK_ISO_MAX];
	struct file_plan plan;
	int r;

	r = enter(sink, folder, name, dl, &lock);
	if (r)
		return r;
	r = file_state_find(folder, name, session, &plan);
	if (r == SINK_E_ABSENT)
		r = file_state_admits(folder, name, session->is_update,
				      created_at);
	return say(sink, r, "look at the name");
}

static int file_begin(struct sink *sink, const struct session *session,
		      struct deadline dl)
{
	struct sink_file *file = file_of(sink);
	char name[SESSION_PERSISTENT_ID_MAX + 1];
	int r;

	file_abandon(sink);
	r = name_of(sink, session, name);
	if (!r)
		r = file_state_full(open_folder(file, /* make= */ true,
						&file->folder));
	if (!r) {
		/* First, as what was left may be what fills the disk. */
		file_sweep(&file->folder, dl);
		r = would_refuse(sink, &file->folder, session, name, dl);
	}
	if (!r) {
		r = file_aside_make(file->folder.work, &file->aside);
		r = file_state_full(say(sink, r, "make a file"));
	}
	if (r)
		file_abandon(sink);
	return r;
}

static int file_take(struct sink *sink, const void *data, size_t size,
		     struct deadline dl)
{
	struct sink_file *file = file_of(sink);
	int r;

	if (file->aside.fd < 0)
		return sink_fail(sink, -EINVAL, "nothing was begun");
	r = file_aside_write(&file->aside, data, size, dl);
	if (!r)
		return 0;
	say(sink, r, "write");
	/* A part is of no use, and what it takes up may be what is missing. */
	file_abandon(sink);
	return file_state_full(r);
}

/* The name is locked and whole: finds or does what the session wants. */
static int settle(struct sink_file *file, const struct session *session,
		  const struct sink_content *content, const char *name,
		  struct file_plan *ret_plan)
{
	const struct file_folder *folder = &file->folder;
	struct file_plan plan = {
		.is_update = session->is_update,
		.purge_at = session_purge_at(session),
	};
	char created_at[CLOCK_ISO_MAX];
	int r;

	r = file_state_find(folder, name, session, ret_plan);
	if (r != SINK_E_ABSENT)
		return r;
	r = file_state_admits(folder, name, session->is_update, created_at);
	if (r)
		return r;
	file_meta_init(&plan.meta, session, content, clock_now_ms());
	if (plan.is_update)
		memcpy(plan.meta.created_at, created_at, sizeof(created_at));
	r = file_state_apply(folder, &plan, &file->aside, file->mode);
	if (!r)
		*ret_plan = plan;
	return r;
}

static int commit(struct sink_file *file, const struct session *session,
		  const struct sink_content *content, struct deadline dl,
		  struct answer *ret_answer)
{
	struct sink *sink = &file->sink;
	CLEANUP(file_fd_done) int lock = -1;
	char name[SESSION_PERSISTENT_ID_MAX + 1];
	struct file_plan plan;
	int r;

	if (file->aside.fd < 0)
		return sink_fail(sink, -EINVAL, "nothing was begun");
	if (file->aside.size != content->size)
		return sink_fail(sink, -EINVAL, "not all bytes were written");
	r = name_of(sink, session, name);
	if (r)
		return r;
	/* Before the lock: this is what takes time. */
	r = say(sink, file_aside_sync(&file->aside), "write");
	r = file_state_full(r);
	if (!r)
		r = enter(sink, &file->folder, name, dl, &lock);
	if (r)
		return r;
	r = settle(file, session, content, name, &plan);
	if (!r)
		r = file_plan_answer(&plan, ret_answer);
	return say(sink, r, "store the document");
}

static int file_commit(struct sink *sink, const struct session *session,
		       const struct sink_content *content, struct deadline dl,
		       struct answer *ret_answer)
{
	int r;

	r = commit(file_of(sink), session, content, dl, ret_answer);
	file_abandon(sink);
	return r;
}

static void file_close(struct sink *sink)
{
	struct sink_file *file = file_of(sink);

	file_abandon(sink);
	free(file->path);
	free(file);
}

static const struct sink_impl file_impl = {
	.name = "file",
	.find = file_find,
	.begin = file_begin,
	.write = file_take,
	.commit = file_commit,
	.abandon = file_abandon,
	.close = file_close,
};

int sink_file_open(const char *dir, unsigned mode, struct sink **ret_sink)
{
	struct sink_file *file = calloc(1, sizeof(*file));

	if (!file)
		return -ENOMEM;
	*file = (struct sink_file){
		.sink.impl = &file_impl,
		.path = strdup(dir),
		.mode = mode,
		.folder = FILE_FOLDER_CLOSED,
		.aside.fd = -1,
	};
	if (!file->path) {
		free(file);
		return -ENOMEM;
	}
	*ret_sink = &file->sink;
	return 0;
}
