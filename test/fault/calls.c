/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/base.h"
#include "test/fault/calls.h"
#include "test/fault/memory.h"

#define BIT(fault) (1u << (fault))
#define NONE (-1)

enum {
	INTR = BIT(CALL_EINTR),
	IO = BIT(CALL_EIO),
	FULL = BIT(CALL_ENOSPC),
	FILES = BIT(CALL_EMFILE),
	RESET = BIT(CALL_RESET),
	HALF = BIT(CALL_SHORT),
};

/*
 * What can befall each, by its manual page, and a local disk or tmpfs taken
 * for what may be a network's. What has no bits can only be killed: Linux closes
 * whatever close(2) says, a connect(2) that is interrupted goes on, and
 * getrandom(2) is not for 256 bytes or fewer.
 */
static const struct call {
	unsigned nr;
	const char *name;
	unsigned of_file, of_socket;
	int fd, path;		/* which argument: the file's or the folder's */
} calls[] = {
	{ SYS_accept, "accept", INTR | FILES, INTR | FILES, 0, NONE },
	{ SYS_accept4, "accept4", INTR | FILES, INTR | FILES, 0, NONE },
	{ SYS_access, "access", IO, 0, NONE, 0 },
	{ SYS_chmod, "chmod", IO, 0, NONE, 0 },
	{ SYS_clock_nanosleep, "clock_nanosleep", INTR, 0, NONE, NONE },
	{ SYS_close, "close", 0, 0, 0, NONE },
	{ SYS_connect, "connect", 0, 0, 0, NONE },
	{ SYS_dup, "dup", FILES, FILES, 0, NONE },
	{ SYS_epoll_create1, "epoll_create1", FILES, 0, NONE, NONE },
	{ SYS_epoll_wait, "epoll_wait", INTR, 0, 0, NONE },
	{ SYS_eventfd2, "eventfd2", FILES, 0, NONE, NONE },
	{ SYS_faccessat2, "faccessat2", IO, 0, 0, 1 },
	{ SYS_fallocate, "fallocate", INTR | IO | FULL, 0, 0, NONE },
	{ SYS_fchmod, "fchmod", IO, 0, 0, NONE },
	{ SYS_fchmodat, "fchmodat", IO, 0, 0, 1 },
	{ SYS_fcntl, "fcntl", 0, 0, 0, NONE },
	{ SYS_fdatasync, "fdatasync", INTR | IO | FULL, 0, 0, NONE },
	{ SYS_flock, "flock", INTR, 0, 0, NONE },
	{ SYS_fstat, "fstat", IO, 0, 0, NONE },
	{ SYS_fsync, "fsync", INTR | IO | FULL, 0, 0, NONE },
	{ SYS_ftruncate, "ftruncate", INTR | IO | FULL, 0, 0, NONE },
	{ SYS_getdents64, "getdents64", IO, 0, 0, NONE },
	{ SYS_getrandom, "getrandom", 0, 0, NONE, NONE },
	{ SYS_linkat, "linkat", IO | FULL, 0, 2, 3 },
	{ SYS_lseek, "lseek", 0, 0, 0, NONE },
	{ SYS_mkdir, "mkdir", IO | FULL, 0, NONE, 0 },
	{ SYS_mkdirat, "mkdirat", IO | FULL, 0, 0, 1 },
	{ SYS_nanosleep, "nanosleep", INTR, 0, NONE, NONE },
	{ SYS_newfstatat, "newfstatat", IO, 0, 0, 1 },
	{ SYS_open, "open", INTR | IO | FILES, 0, NONE, 0 },
	{ SYS_openat, "openat", INTR | IO | FILES, 0, 0, 1 },
	{ SYS_pipe2, "pipe2", FILES, 0, NONE, NONE },
	{ SYS_poll, "poll", INTR, 0, NONE, NONE },
	{ SYS_ppoll, "ppoll", INTR, 0, NONE, NONE },
	{ SYS_pread64, "pread64", INTR | IO | HALF, 0, 0, NONE },
	{ SYS_preadv, "preadv", INTR | IO | HALF, 0, 0, NONE },
	{ SYS_pselect6, "pselect6", INTR, 0, NONE, NONE },
	{ SYS_pwrite64, "pwrite64", INTR | IO | FULL | HALF, 0, 0, NONE },
	{ SYS_pwritev, "pwritev", INTR | IO | FULL | HALF, 0, 0, NONE },
	{ SYS_read, "read", INTR | IO | HALF, INTR | RESET | HALF, 0, NONE },
	{ SYS_readlink, "readlink", IO, 0, NONE, 0 },
	{ SYS_readv, "readv", INTR | IO | HALF, INTR | RESET | HALF, 0, NONE },
	{ SYS_recvfrom, "recvfrom", 0, INTR | RESET | HALF, 0, NONE },
	{ SYS_recvmsg, "recvmsg", 0, INTR | RESET | HALF, 0, NONE },
	{ SYS_rename, "rename", IO | FULL, 0, NONE, 1 },
	{ SYS_renameat, "renameat", IO | FULL, 0, 2, 3 },
	{ SYS_renameat2, "renameat2", IO | FULL, 0, 2, 3 },
	{ SYS_rmdir, "rmdir", IO, 0, NONE, 0 },
	{ SYS_select, "select", INTR, 0, NONE, NONE },
	{ SYS_sendmsg, "sendmsg", 0, INTR | RESET | HALF, 0, NONE },
	{ SYS_sendto, "sendto", 0, INTR | RESET | HALF, 0, NONE },
	{ SYS_setsockopt, "setsockopt", 0, 0, 0, NONE },
	{ SYS_shutdown, "shutdown", 0, 0, 0, NONE },
	{ SYS_socket, "socket", FILES, 0, NONE, NONE },
	{ SYS_statfs, "statfs", IO, 0, NONE, 0 },
	{ SYS_statx, "statx", IO, 0, 0, 1 },
	{ SYS_sync_file_range, "sync_file_range", IO | FULL, 0, 0, NONE },
	{ SYS_unlink, "unlink", IO, 0, NONE, 0 },
	{ SYS_unlinkat, "unlinkat", IO, 0, 0, 1 },
	{ SYS_write, "write", INTR | IO | FULL | HALF, INTR | RESET | HALF, 0,
	  NONE },
	{ SYS_writev, "writev", INTR | IO | FULL | HALF, INTR | RESET | HALF,
	  0, NONE },
};

static const struct {
	const char *name;
	int error;
} faults[] = {
	[CALL_KILL] = { "kill", 0 },
	[CALL_EINTR] = { "EINTR", EINTR },
	[CALL_EIO] = { "EIO", EIO },
	[CALL_ENOSPC] = { "ENOSPC", ENOSPC },
	[CALL_EMFILE] = { "EMFILE", EMFILE },
	[CALL_RESET] = { "RESET", ECONNRESET },
	[CALL_SHORT] = { "short", 0 },
};

enum call_fault call_fault_parse(const char *name)
{
	enum call_fault fault = 0;

	while (fault < CALL_FAULTS && strcmp(name, faults[fault].name))
		fault++;
	return fault;
}

const char *call_fault_name(enum call_fault fault)
{
	return faults[fault].name;
}

int call_fault_errno(enum call_fault fault)
{
	return faults[fault].error;
}

static const struct call *find(const struct seccomp_notif *call)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if ((int)calls[i].nr == call->data.nr)
			return &calls[i];
	return NULL;
}

/* What a descriptor of the process is open on. */
static void link_of(const struct seccomp_notif *call, int arg,
		    char ret_link[PATH_MAX])
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%u/fd/%d", call->pid,
		 (int)call->data.args[arg]);
	n = readlink(path, ret_link, PATH_MAX - 1);
	ret_link[n > 0 ? n : 0] = '\0';
}

static bool is_of_socket(const struct seccomp_notif *call,
			 const struct call *known)
{
	char link[PATH_MAX];

	if (known->fd == NONE || known->path != NONE)
		return false;
	link_of(call, known->fd, link);
	return !strncmp(link, "socket:", strlen("socket:"));
}

static bool makes_file(const struct seccomp_notif *call)
{
	int flags = (int)call->data.args[call->data.nr == SYS_open ? 1 : 2];

	return (call->data.nr == SYS_open || call->data.nr == SYS_openat) &&
	       flags & (O_CREAT | __O_TMPFILE);
}

bool call_may(const struct seccomp_notif *call, enum call_fault fault)
{
	const struct call *known = find(call);
	unsigned mask;

	if (fault == CALL_KILL)
		return true;
	if (!known)
		return false;
	mask = is_of_socket(call, known) ? known->of_socket : known->of_file;
	if (makes_file(call))
		mask |= FULL;
	if (call->data.nr == SYS_fcntl &&
	    (call->data.args[1] == F_DUPFD ||
	     call->data.args[1] == F_DUPFD_CLOEXEC))
		mask |= FILES;
	if (fault == CALL_SHORT && mask & HALF)
		return memory_bytes(call) >= 2;
	return mask & BIT(fault);
}

static void describe_socket(const struct seccomp_notif *call, int arg,
			    char *ret_text, size_t size)
{
	struct sockaddr_storage peer = { 0 };
	socklen_t len = sizeof(peer);
	int fd = memory_fd(call, arg);

	if (fd < 0 || getpeername(fd, (struct sockaddr *)&peer, &len))
		snprintf(ret_text, size, "a socket");
	else if (peer.ss_family == AF_INET)
		snprintf(ret_text, size, "port %u",
			 ntohs(((struct sockaddr_in *)&peer)->sin_port));
	else
		snprintf(ret_text, size, "the web server");
	if (fd >= 0)
		close(fd);
}

void call_describe(const struct seccomp_notif *call, char *ret_text,
		   size_t size)
{
	char folder[PATH_MAX] = "", path[PATH_MAX] = "";
	const struct call *known = find(call);
	int n;

	if (!known) {
		snprintf(ret_text, size, "call %d", call->data.nr);
		return;
	}
	n = snprintf(ret_text, size, "%s ", known->name);
	if (n < 0 || (size_t)n >= size)
		return;
	ret_text += n;
	size -= (size_t)n;
	if (is_of_socket(call, known)) {
		describe_socket(call, known->fd, ret_text, size);
		return;
	}
	if (known->fd != NONE && (int)call->data.args[known->fd] != AT_FDCWD)
		link_of(call, known->fd, folder);
	if (known->path != NONE)
		memory_text(call, known->path, path, sizeof(path));
	if (path[0] == '/')
		folder[0] = '\0';
	snprintf(ret_text, size, "%s%s%s", folder,
		 folder[0] && path[0] ? "/" : "", path);
}

bool call_is_of_system(const struct seccomp_notif *call)
{
	static const char *const folders[] = { "/usr/", "/lib", "/etc/",
					       "/proc/", "/sys/" };
	char text[PATH_MAX + 32];
	const char *path;
	size_t len;

	call_describe(call, text, sizeof(text));
	path = strchr(text, ' ');
	if (!path)
		return false;
	path++;
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		if (!strncmp(path, folders[i], strlen(folders[i])))
			return true;
	len = strlen(path);
	return len > 3 && !strcmp(path + len - 3, ".so");
}

long call_shorten(const struct seccomp_notif *call)
{
	int fd = memory_fd(call, 0);
	long n;

	if (fd < 0)
		return fd;
	n = memory_transfer(call, fd, memory_bytes(call) / 2);
	close(fd);
	return n;
}
