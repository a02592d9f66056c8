/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/base.h"
#include "test/fault/memory.h"

#define PIECES_MAX 64
#define TRANSFER_MAX MIB(1)
#define PAGE 4096

/* The bytes of a call: in one piece, in an iovec, or in a msghdr. */
struct pieces {
	struct iovec at[PIECES_MAX];	/* addresses of the process */
	size_t n;
};

static int copy_in(const struct seccomp_notif *call, uint64_t address,
		   void *ret_data, size_t size)
{
	struct iovec here = { ret_data, size };
	struct iovec there = { (void *)(uintptr_t)address, size };
	ssize_t n = process_vm_readv((pid_t)call->pid, &here, 1, &there, 1, 0);

	return n == (ssize_t)size ? 0 : -EFAULT;
}

static struct pieces vector(const struct seccomp_notif *call, uint64_t address,
			    size_t n)
{
	struct pieces pieces = { .n = n };

	if (n > PIECES_MAX ||
	    copy_in(call, address, pieces.at, n * sizeof(*pieces.at)))
		pieces.n = 0;
	return pieces;
}

static struct pieces pieces_of(const struct seccomp_notif *call)
{
	const unsigned long long *args = (const unsigned long long *)
		call->data.args;
	struct msghdr message;

	switch (call->data.nr) {
	case SYS_readv:
	case SYS_writev:
	case SYS_preadv:
	case SYS_pwritev:
		return vector(call, args[1], args[2]);
	case SYS_recvmsg:
	case SYS_sendmsg:
		if (copy_in(call, args[1], &message, sizeof(message)))
			return (struct pieces){ .n = 0 };
		return vector(call, (uintptr_t)message.msg_iov,
			      message.msg_iovlen);
	default:
		return (struct pieces){
			.at = { { (void *)(uintptr_t)args[1], args[2] } },
			.n = 1,
		};
	}
}

static size_t sum(const struct pieces *pieces)
{
	size_t size = 0;

	for (size_t i = 0; i < pieces->n; i++)
		size += pieces->at[i].iov_len;
	return size;
}

/* Leaves the first @size bytes. */
static void cut(struct pieces *pieces, size_t size)
{
	for (size_t i = 0; i < pieces->n; i++) {
		if (pieces->at[i].iov_len > size)
			pieces->at[i].iov_len = size;
		size -= pieces->at[i].iov_len;
	}
}

int memory_fd(const struct seccomp_notif *call, int arg)
{
	int pidfd = (int)syscall(SYS_pidfd_open, call->pid, 0), fd;

	if (pidfd < 0)
		return -errno;
	fd = (int)syscall(SYS_pidfd_getfd, pidfd, (int)call->data.args[arg],
			  0);
	if (fd < 0)
		fd = -errno;
	close(pidfd);
	return fd;
}

void memory_text(const struct seccomp_notif *call, int arg, char *ret_text,
		 size_t size)
{
	uint64_t address = call->data.args[arg];
	size_t done = 0;

	/* Up to the end of each page: the next one may not be there. */
	while (done < size - 1) {
		size_t part = PAGE - (address + done) % PAGE;

		if (part > size - 1 - done)
			part = size - 1 - done;
		if (copy_in(call, address + done, ret_text + done, part))
			break;
		done += part;
		if (memchr(ret_text + done - part, '\0', part))
			return;
	}
	ret_text[done] = '\0';
}

size_t memory_bytes(const struct seccomp_notif *call)
{
	struct pieces pieces = pieces_of(call);

	return sum(&pieces);
}

static ssize_t take(const struct seccomp_notif *call, int fd, char *data,
		    size_t size)
{
	switch (call->data.nr) {
	case SYS_pread64:
	case SYS_preadv:
		return pread(fd, data, size, (off_t)call->data.args[3]);
	case SYS_recvfrom:
		return recv(fd, data, size, (int)call->data.args[3]);
	case SYS_recvmsg:
		return recv(fd, data, size, (int)call->data.args[2]);
	default:
		return read(fd, data, size);
	}
}

static ssize_t give(const struct seccomp_notif *call, int fd, const char *data,
		    size_t size)
{
	switch (call->data.nr) {
	case SYS_pwrite64:
	case SYS_pwritev:
		return pwrite(fd, data, size, (off_t)call->data.args[3]);
	case SYS_sendto:
		return send(fd, data, size,
			    (int)call->data.args[3] | MSG_NOSIGNAL);
	case SYS_sendmsg:
		return send(fd, data, size,
			    (int)call->data.args[2] | MSG_NOSIGNAL);
	default:
		return write(fd, data, size);
	}
}

static bool is_write(const struct seccomp_notif *call)
{
	switch (call->data.nr) {
	case SYS_write:
	case SYS_writev:
	case SYS_pwrite64:
	case SYS_pwritev:
	case SYS_sendto:
	case SYS_sendmsg:
		return true;
	default:
		return false;
	}
}

long memory_transfer(const struct seccomp_notif *call, int fd, size_t size)
{
	static char data[TRANSFER_MAX];
	struct pieces pieces = pieces_of(call);
	struct iovec here = { data, 0 };
	ssize_t n;

	cut(&pieces, size < sizeof(data) ? size : sizeof(data));
	here.iov_len = sum(&pieces);
	if (is_write(call)) {
		if (process_vm_readv((pid_t)call->pid, &here, 1, pieces.at,
				     pieces.n, 0) != (ssize_t)here.iov_len)
			return -EFAULT;
		n = give(call, fd, data, here.iov_len);
		return n < 0 ? -errno : n;
	}
	n = take(call, fd, data, here.iov_len);
	if (n < 0)
		return -errno;
	here.iov_len = (size_t)n;
	cut(&pieces, here.iov_len);
	if (process_vm_writev((pid_t)call->pid, &here, 1, pieces.at, pieces.n,
			      0) != n)
		return -EFAULT;
	return n;
}
