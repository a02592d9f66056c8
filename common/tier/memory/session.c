/* SPDX-License-Identifier: MIT */

/* put_session, get_session, finish and drop_session: the file "record". */

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/record.h"
#include "common/retry.h"
#include "common/tier/memory/aside.h"
#include "common/tier/memory/sweep.h"
#include "common/tier/memory/tier.h"

#define SWEEP_EACH_MS 60000
#define SWEEP_MS_MAX 200	/* that a request may wait for it */

static int read_file(int folder, struct buf *text)
{
	CLEANUP(memory_closep) int fd = -1;
	struct stat status;
	char *room;
	int r;

	fd = retry_openat(folder, "record", O_RDONLY | O_NOFOLLOW | O_CLOEXEC,
			  0);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status))
		return -errno;
	if (status.st_size > (off_t)RECORD_MAX)
		return -EBADMSG;
	r = buf_reserve(text, (size_t)status.st_size, &room);
	if (!r)
		r = memory_read(fd, room, (size_t)status.st_size, 0);
	if (!r)
		buf_commit(text, (size_t)status.st_size);
	return r;
}

/*
 * Reads the record of the session @id. -ENOENT when it is absent or past its
 * purge time, -EBADMSG when it is rot.
 */
static int read_record(int folder, const char *id, struct session *ret_session)
{
	struct session session;
	struct buf text;
	int r;

	buf_init(&text, RECORD_MAX);
	r = read_file(folder, &text);
	if (!r)
		r = record_read(text.data, text.size, &session);
	buf_done(&text);
	if (r)
		return r;
	if (strcmp(session.id, id) != 0)
		r = -EBADMSG;
	else if (clock_now_ms() >= session_purge_at(&session))
		r = -ENOENT;
	if (r) {
		session_done(&session);
		return r;
	}
	*ret_session = session;
	return 0;
}

/* The state of the record; -ENOENT also when there is rot in its place. */
static int read_state(int folder, const char *id, enum session_state *ret_state)
{
	struct session session;
	int r;

	r = read_record(folder, id, &session);
	if (r)
		return r == -EBADMSG ? -ENOENT : r;
	*ret_state = session.state;
	session_done(&session);
	return 0;
}

static int write_record(int folder, const struct session *session)
{
	struct buf text;
	int r;

	buf_init(&text, RECORD_MAX);
	r = record_write(&text, session);
	if (!r)
		r = memory_replace(folder, "record", text.data, text.size);
	buf_done(&text);
	return r;
}

/*
 * Stores the record unless one of the same or a later state is there.
 * TIER_E_CONFLICT for a later one.
 */
static int store_once(struct memory *m, const struct session *session,
		      struct deadline dl)
{
	CLEANUP(memory_closep) int folder = -1;
	enum session_state state;
	int r;

	r = memory_root_open(&m->root);
	if (!r)
		r = memory_folder_lock(&m->root, session->id, /* make= */ true,
				       dl, &folder);
	if (r)
		return r;
	r = read_state(folder, session->id, &state);
	if (r == -ENOENT)
		return write_record(folder, session);
	if (r)
		return r;
	if (state < session->state)
		return write_record(folder, session);
	return state > session->state ? TIER_E_CONFLICT : 0;
}

/* Sessions that are over may be what takes up the room. */
static int store(struct memory *m, const struct session *session,
		 struct deadline dl)
{
	int r = store_once(m, session, dl);

	if (r == -ENOSPC && memory_make_room(m, dl))
		r = store_once(m, session, dl);
	return r;
}

void memory_sweep_sometimes(struct memory *m, struct deadline dl)
{
	int n;

	dl = deadline_within(dl, SWEEP_MS_MAX);
	if (memory_used_open(&m->used, &m->root, dl) ||
	    !memory_used_elect(&m->used, MEMORY_CHORE_SWEEP, SWEEP_EACH_MS))
		return;
	/* All there is time for: more than 100 may end within a minute. */
	do {
		n = memory_sweep(&m->used, &m->root, m->ttl_ms, dl);
	} while (n >= MEMORY_SWEEP_MAX);
}

int memory_put_session(struct tier *t, const struct session *session,
		       struct deadline dl)
{
	struct memory *m = memory_of(t);
	int r;

	r = store(m, session, dl);
	if (r == TIER_E_CONFLICT)
		r = 0;
	if (!r) {
		t->served = t->impl->name;
		memory_sweep_sometimes(m, dl);
	}
	return memory_result(m, r);
}

int memory_finish(struct tier *t, const struct session *session,
		  struct deadline dl)
{
	struct memory *m = memory_of(t);
	int r;

	r = store(m, session, dl);
	if (!r)
		t->served = t->impl->name;
	return memory_result(m, r);
}

/* What was rot is read again under the lock: a good one may have come. */
static int read_or_remove(struct memory *m, const char *id, struct deadline dl,
			  struct session *ret_session)
{
	CLEANUP(memory_closep) int folder = -1;
	int r;

	r = memory_folder_lock(&m->root, id, /* make= */ false, dl, &folder);
	if (!r)
		r = read_record(folder, id, ret_session);
	if (r == -EBADMSG)
		r = unlinkat(folder, "record", 0) ? -errno : -ENOENT;
	return r;
}

int memory_get_session(struct tier *t, const char *id, enum tier_read read,
		       struct deadline dl, struct session *ret_session)
{
	CLEANUP(memory_closep) int folder = -1;
	struct memory *m = memory_of(t);
	int r;

	(void)read;
	r = memory_root_open(&m->root);
	if (!r)
		r = memory_folder_open(&m->root, id, /* make= */ false,
				       &folder);
	if (!r)
		r = read_record(folder, id, ret_session);
	if (r == -EBADMSG)
		r = read_or_remove(m, id, dl, ret_session);
	if (!r)
		t->served = t->impl->name;
	return r == -ENOENT ? TIER_E_ABSENT : memory_failed(m, r);
}

int memory_drop_session(struct tier *t, const struct session *session,
			struct deadline dl)
{
	CLEANUP(memory_closep) int folder = -1;
	struct memory *m = memory_of(t);
	enum session_state state;
	int r;

	r = memory_root_open(&m->root);
	if (!r)
		r = memory_folder_lock(&m->root, session->id,
				       /* make= */ false, dl, &folder);
	if (!r)
		r = read_state(folder, session->id, &state);
	if (!r && state < session->state && unlinkat(folder, "record", 0))
		r = -errno;
	return r == -ENOENT ? 0 : memory_failed(m, r);
}
