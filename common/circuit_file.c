/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/circuit_file.h"
#include "common/digest.h"
#include "common/retry.h"
#include "common/sha256.h"

/* Of the file's name too: programs of two versions may run at once. */
#define MAGIC "tranche1"
#define NAME "breaker1"

/*
 * Milliseconds for which a lock may be held. It is held for microseconds, and
 * for longer only by a process that does not get to run.
 */
#define LOCK_MAX_MS 100

#define TRIES_MAX 4	/* of what others can make fail, again and again */

/* A record in the file, at its start, in the host's own byte order. */
struct stored {
	char magic[8];
	uint64_t owner;
	uint64_t epoch;
	int64_t at_ms;
	uint32_t state;
	int32_t cause;
	char why[CIRCUIT_WHY_MAX];
	struct digest digest;	/* of all before it */
};

static uint64_t digest_of_text(const char *text, size_t size)
{
	uint8_t digest[SHA256_SIZE];
	uint64_t number;

	sha256_of(text, size, digest);
	memcpy(&number, digest, sizeof(number));
	return number;
}

/* Of where the server is, without a user, a password and parameters. */
static uint64_t digest_of_place(const char *url)
{
	const char *place = strstr(url, "://");
	const char *user_end;

	place = place ? place + 3 : url;
	user_end = strrchr(place, '@');
	if (user_end)
		place = user_end + 1;
	return digest_of_text(place, strcspn(place, "?"));
}

int circuit_file_init(struct circuit_file *f, const char *folder,
		      const char *name, const char *url)
{
	*f = (struct circuit_file){ .fd = -1 };
	if (!folder || !url)
		return 0;
	f->owner = digest_of_text(url, strlen(url));
	f->folder = strdup(folder);
	if (!f->folder)
		return -ENOMEM;
	if (asprintf(&f->path, "%s/" NAME "-%s-%016" PRIx64, folder, name,
		     digest_of_place(url)) < 0) {
		f->path = NULL;
		return -ENOMEM;
	}
	return 0;
}

static void close_file(struct circuit_file *f)
{
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

void circuit_file_done(struct circuit_file *f)
{
	close_file(f);
	free(f->folder);
	free(f->path);
	*f = (struct circuit_file){ .fd = -1 };
}

/* Keeps the words for a failure; gives it. */
static int refuse(struct circuit_file *f, int r, const char *trouble)
{
	f->trouble = trouble;
	return r;
}

/* What others may write to says nothing. */
static bool is_ours(const struct stat *status)
{
	return status->st_uid == geteuid() &&
	       !(status->st_mode & (S_IWGRP | S_IWOTH));
}

static int check_file(struct circuit_file *f, const struct stat *status)
{
	if (!S_ISREG(status->st_mode) || !is_ours(status))
		return refuse(f, -EPERM, "the file in TRANCHE_STATE_DIR is not "
			      "ours alone");
	return 0;
}

static int open_folder(struct circuit_file *f, bool make, int *ret_fd)
{
	struct stat status;
	int fd;

	if (make && mkdir(f->folder, 0700) && errno != EEXIST)
		return refuse(f, -errno, "TRANCHE_STATE_DIR cannot be made");
	fd = retry_openat(AT_FDCWD, f->folder, O_PATH | O_DIRECTORY |
			  O_NOFOLLOW | O_CLOEXEC, 0);
	if (fd < 0) {
		if (errno == ENOENT)
			return -ENOENT;
		return refuse(f, -errno, "TRANCHE_STATE_DIR is no folder that "
			      "can be opened");
	}
	if (fstat(fd, &status) || !is_ours(&status)) {
		close(fd);
		return refuse(f, -EPERM, "TRANCHE_STATE_DIR is not ours, or "
			      "others may write to it");
	}
	*ret_fd = fd;
	return 0;
}

/* Opens the file, which is made when @make, else -ENOENT. */
static int open_file(struct circuit_file *f, bool make)
{
	const int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
	const char *name = strrchr(f->path, '/') + 1;
	struct stat status;
	int folder = -1, r;

	r = open_folder(f, make, &folder);
	if (r)
		return r;
	f->fd = retry_openat(folder, name, flags | (make ? O_CREAT : 0), 0600);
	r = f->fd < 0 ? -errno : 0;
	close(folder);
	if (r == -ENOENT && !make)
		return r;
	if (r)
		return refuse(f, r, "the file in TRANCHE_STATE_DIR cannot be "
			      "opened for writing");
	r = fstat(f->fd, &status) ? -errno : check_file(f, &status);
	if (r) {
		close_file(f);
		return r;
	}
	f->device = status.st_dev;
	f->inode = status.st_ino;
	return 0;
}

/* Whether the open file is the one that others find, too. */
static bool is_current(const struct circuit_file *f, const struct stat *named)
{
	return f->fd >= 0 && named->st_ino == f->inode &&
	       named->st_dev == f->device;
}

/* Makes sure that f->fd is the file at the path. -ENOENT unless @make. */
static int find(struct circuit_file *f, bool make)
{
	struct stat named;

	if (!f->path)
		return -ENOTSUP;
	if (lstat(f->path, &named) == 0) {
		if (is_current(f, &named))
			return check_file(f, &named);
	} else if (errno != ENOENT) {
		return refuse(f, -errno, "TRANCHE_STATE_DIR cannot be read");
	} else if (!make) {
		close_file(f);
		return -ENOENT;
	}
	close_file(f);
	return open_file(f, make);
}

static struct digest digest_of_stored(const struct stored *stored)
{
	return digest_of(stored, offsetof(struct stored, digest));
}

static bool is_whole(const struct stored *stored)
{
	struct digest digest = digest_of_stored(stored);

	return memcmp(stored->magic, MAGIC, sizeof(stored->magic)) == 0 &&
	       digest_equal(&digest, &stored->digest) &&
	       stored->state <= CIRCUIT_TRIAL;
}

/* Another may be writing it at this moment: a torn one is read again. */
static int load(struct circuit_file *f, struct circuit_record *ret_record)
{
	struct circuit_record record = { 0 };
	struct stored stored;
	ssize_t n;

	for (int tries = 0; tries < TRIES_MAX; tries++) {
		n = pread(f->fd, &stored, sizeof(stored), 0);
		if (n < 0)
			return refuse(f, -errno, "the file in "
				      "TRANCHE_STATE_DIR cannot be read");
		if ((size_t)n < sizeof(stored))
			break;
		if (!is_whole(&stored))
			continue;
		if (stored.owner != f->owner)
			break;
		record.epoch = stored.epoch;
		record.state = (enum circuit_state)stored.state;
		record.at_ms = stored.at_ms;
		record.cause = stored.cause;
		memcpy(record.why, stored.why, sizeof(record.why) - 1);
		break;
	}
	*ret_record = record;
	return 0;
}

int circuit_file_read(struct circuit_file *f,
		      struct circuit_record *ret_record)
{
	int r;

	f->trouble = NULL;
	r = find(f, /* make= */ false);
	if (r == -ENOENT) {
		*ret_record = (struct circuit_record){ 0 };
		return 0;
	}
	return r ? r : load(f, ret_record);
}

static int store(struct circuit_file *f, const struct circuit_record *record)
{
	struct stored stored = {
		.magic = MAGIC,
		.owner = f->owner,
		.epoch = record->epoch,
		.at_ms = record->at_ms,
		.state = record->state,
		.cause = record->cause,
	};
	ssize_t n;

	memcpy(stored.why, record->why, sizeof(stored.why));
	stored.digest = digest_of_stored(&stored);
	n = pwrite(f->fd, &stored, sizeof(stored), 0);
	if (n == (ssize_t)sizeof(stored))
		return 0;
	return refuse(f, n < 0 ? -errno : -ENOSPC,
		      "the file in TRANCHE_STATE_DIR cannot be written");
}

static int check_epoch(struct circuit_file *f, uint64_t epoch)
{
	struct circuit_record now = { 0 };
	int r;

	r = load(f, &now);
	if (r)
		return r;
	return now.epoch == epoch || now.epoch == 0 ? 0 :
						      CIRCUIT_FILE_E_CHANGED;
}

/* With the lock. -ESTALE: the file was taken away meanwhile. */
static int change_locked(struct circuit_file *f, uint64_t epoch,
			 const struct circuit_record *next)
{
	struct stat named;
	int r;

	if (lstat(f->path, &named) || !is_current(f, &named))
		return -ESTALE;
	r = check_epoch(f, epoch);
	return r ? r : store(f, next);
}

static void pause_ms(void)
{
	const struct timespec pause = { .tv_nsec = 1000000 };

	nanosleep(&pause, NULL);
}

/* -EBUSY: the lock was not to be had. -ESTALE as above. */
static int try_change(struct circuit_file *f, uint64_t epoch,
		      const struct circuit_record *next)
{
	int r;

	for (int waited = 0; waited < LOCK_MAX_MS; waited++) {
		r = find(f, /* make= */ true);
		if (!r)
			r = check_epoch(f, epoch);
		if (r)
			return r;
		if (flock(f->fd, LOCK_EX | LOCK_NB) == 0) {
			r = change_locked(f, epoch, next);
			flock(f->fd, LOCK_UN);
			return r;
		}
		if (errno != EWOULDBLOCK && errno != EINTR)
			return refuse(f, -errno, "the file in "
				      "TRANCHE_STATE_DIR cannot be locked");
		pause_ms();
	}
	return -EBUSY;
}

/* Takes away the file whose lock is held, unless another has done so. */
static void break_lock(struct circuit_file *f)
{
	struct stat named;

	if (lstat(f->path, &named) == 0 && is_current(f, &named))
		unlink(f->path);
}

int circuit_file_change(struct circuit_file *f, uint64_t epoch,
			const struct circuit_record *next)
{
	int r = 0;

	f->trouble = NULL;
	for (int tries = 0; tries < TRIES_MAX; tries++) {
		r = try_change(f, epoch, next);
		if (r == -EBUSY)
			break_lock(f);
		else if (r != -ESTALE)
			return r;
	}
	return refuse(f, r, "the file in TRANCHE_STATE_DIR is always in use");
}
