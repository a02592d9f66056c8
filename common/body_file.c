/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/body_file.h"
#include "common/retry.h"

/* The part of @path behind @folder and one slash; NULL when it lies elsewhere. */
static const char *name_in(const char *folder, const char *path)
{
	size_t len = strlen(folder);

	while (len > 1 && folder[len - 1] == '/')
		len--;
	if (strncmp(path, folder, len) != 0 || path[len] != '/')
		return NULL;
	path += len + 1;
	if (!*path || strchr(path, '/') || strcmp(path, ".") == 0 ||
	    strcmp(path, "..") == 0)
		return NULL;
	return path;
}

/* Ours, and nobody else could have put something there. */
static bool is_ours(const struct stat *status)
{
	return status->st_uid == geteuid() &&
	       (status->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

static int open_folder(const char *folder, int *ret_fd)
{
	struct stat status;
	int fd;

	fd = retry_openat(AT_FDCWD, folder,
			  O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) || !is_ours(&status)) {
		close(fd);
		return -EACCES;
	}
	*ret_fd = fd;
	return 0;
}

static int look_at(int fd, struct body_file *ret_file)
{
	struct stat status;

	if (fstat(fd, &status))
		return -errno;
	if (!S_ISREG(status.st_mode) || status.st_nlink != 1)
		return -EBADMSG;
	if (!is_ours(&status))
		return -EACCES;
	*ret_file = (struct body_file){ fd, (uint64_t)status.st_size };
	return 0;
}

int body_file_open(const char *folder, const char *path,
		   struct body_file *ret_file)
{
	const char *name = name_in(folder, path);
	int dir = -1, fd, r;

	if (!name)
		return -EXDEV;
	r = open_folder(folder, &dir);
	if (r)
		return r;
	/* A FIFO would keep us waiting. */
	fd = retry_openat(dir, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK |
			  O_CLOEXEC, 0);
	r = fd < 0 ? -errno : look_at(fd, ret_file);
	if (r && fd >= 0)
		close(fd);
	close(dir);
	return r;
}

int body_file_read(const struct body_file *file, char *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = pread(file->fd, data + done, size - done,
				  (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? -errno : -EBADMSG;
		done += (size_t)n;
	}
	return 0;
}

/* With the NUL. The page size divides what mmap(2) rounds up to. */
static size_t mapped_size(size_t size)
{
	return size + 1;
}

int body_file_map(int fd, size_t size, char **ret_data)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	off_t at = lseek(fd, 0, SEEK_CUR);
	struct stat status;
	char *data;

	if (at < 0 || fstat(fd, &status))
		return -errno;
	if (status.st_size - at < (off_t)size)
		return -EBADMSG;
	if (size == 0 || (size_t)at % page != 0)
		return -EINVAL;
	/* Where the bytes fill their last page, the NUL is in one of zeros. */
	data = mmap(NULL, mapped_size(size), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (data == MAP_FAILED)
		return -errno;
	/* Populating what may be written would copy each page at once. */
	if (mmap(data, size, PROT_READ,
		 MAP_PRIVATE | MAP_FIXED | MAP_POPULATE, fd, at) ==
	    MAP_FAILED ||
	    mprotect(data, size, PROT_READ | PROT_WRITE)) {
		int r = -errno;

		body_file_unmap(data, size);
		return r;
	}
	if (data[size] != '\0')
		data[size] = '\0';
	*ret_data = data;
	return 0;
}

void body_file_unmap(char *data, size_t size)
{
	munmap(data, mapped_size(size));
}

const char *body_file_words(int r)
{
	switch (r) {
	case -EXDEV:
		return "REQUEST_BODY_FILE names a file that is not in "
		       "TRANCHE_BODY_DIR";
	case -EACCES:
		return "TRANCHE_BODY_DIR or a file in it is not of this "
		       "process's user alone: the web server must run as the "
		       "same user";
	case -EBADMSG:
		return "the web server's body file is not what it announced";
	case -ENXIO:
		return "the web server hands bodies over as files, and "
		       "TRANCHE_BODY_DIR does not say where";
	case -ENOENT:
		return "the web server's body file is not there";
	default:
		return "the web server's body file cannot be read";
	}
}
