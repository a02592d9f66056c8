/* SPDX-License-Identifier: MIT */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "common/retry.h"
#include "common/session.h"
#include "common/sink/file/aside.h"
#include "common/sink/file/done.h"
#include "common/sink/file/state.h"
#include "common/sink/file/sweep.h"

/* Of one call. Entries that stay are 256 locks and the folders of hours. */
#define ENTRIES_MAX 4096
#define WORK_MAX 16		/* names recovered, files removed */

/* The name that an entry is about; NULL: none. */
static const char *name_of(const char *entry)
{
	static const char *const prefixes[] = {
		"data-", "json-", "plan-", "intent-",
	};
	const char *name;

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		if (strncmp(entry, prefixes[i], strlen(prefixes[i])) != 0)
			continue;
		name = entry + strlen(prefixes[i]);
		return session_persistent_id_is_valid(name, strlen(name)) ?
			       name : NULL;
	}
	return NULL;
}

static int recover(const struct file_folder *folder, const char *name)
{
	static const struct deadline at_once = { .at_ms = 0 };
	CLEANUP(file_fd_done) int lock = -1;
	int r;

	r = file_lock_name(folder, name, at_once, &lock);
	if (r)
		return r == -ETIMEDOUT ? 0 : r;
	r = file_state_recover(folder, name);
	return r ? r : 1;
}

/* What was done about @entry, which may be nothing: 0. */
static int sweep_entry(const struct file_folder *folder, const char *entry,
		       int max)
{
	const char *name = name_of(entry);

	if (name)
		return recover(folder, name);
	if (file_aside_is(entry))
		return file_aside_bury(folder->work, entry);
	if (file_done_is(entry))
		return file_done_forget(folder->work, entry, clock_now_ms(),
					max);
	return 0;
}

void file_sweep(const struct file_folder *folder, struct deadline dl)
{
	int left = WORK_MAX, fd, r;
	struct dirent *entry;
	DIR *work;

	fd = retry_openat(folder->work, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC,
			  0);
	if (fd < 0)
		return;
	work = fdopendir(fd);
	if (!work) {
		close(fd);
		return;
	}
	for (int i = 0; i < ENTRIES_MAX && left > 0 && deadline_left(dl); i++) {
		entry = readdir(work);
		if (!entry)
			break;
		r = sweep_entry(folder, entry->d_name, left);
		/* A failure counts too, so that it cannot cost without end. */
		if (r)
			left -= r > 0 ? r : 1;
	}
	closedir(work);
}
