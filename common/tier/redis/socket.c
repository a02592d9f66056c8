/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/tier/redis/socket.h"

/* Between two tries of a unix socket whose queue is full. */
#define RETRY_MS 5

/* Waits for @events. -ETIMEDOUT. */
static int wait_for(int fd, short events, struct deadline dl)
{
	struct pollfd pollfd = { .fd = fd, .events = events };

	for (;;) {
		int64_t left = deadline_left(dl);
		int n;

		if (left == 0)
			return -ETIMEDOUT;
		n = poll(&pollfd, 1, left > INT_MAX ? INT_MAX : (int)left);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
}

/* The outcome of a connect(2) that is under way. */
static int finish_connect(int fd, struct deadline dl)
{
	socklen_t size = sizeof(int);
	int error, r;

	r = wait_for(fd, POLLOUT, dl);
	if (r)
		return r;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size))
		return -errno;
	return -error;
}

static int connect_to(int fd, const struct sockaddr *address, socklen_t size,
		      struct deadline dl)
{
	while (connect(fd, address, size)) {
		/* Interrupted, it goes on like one that need not wait. */
		if (errno == EINPROGRESS || errno == EINTR)
			return finish_connect(fd, dl);
		if (errno != EAGAIN)
			return -errno;
		if (deadline_sleep(dl, RETRY_MS))
			return -ETIMEDOUT;
	}
	return 0;
}

static int open_to(int family, const struct sockaddr *address, socklen_t size,
		   struct deadline dl, int *ret_fd)
{
	int fd, on = 1, r;

	fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* A batch is sent at once and waits for its replies: no delay. */
	if (family != AF_UNIX)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	r = connect_to(fd, address, size, dl);
	if (r) {
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

static int open_unix(const struct redis_url *url, struct deadline dl,
		     int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	_Static_assert(sizeof(url->path) <= sizeof(address.sun_path),
		       "every path of a redis_url fits");
	memcpy(address.sun_path, url->path, sizeof(url->path));
	return open_to(AF_UNIX, (struct sockaddr *)&address, sizeof(address),
		       dl, ret_fd);
}

/* The addresses of the host; an address as text needs no resolver. */
static int resolve(const struct redis_url *url, struct addrinfo **ret_list)
{
	struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
	};
	char port[8];
	int r;

	snprintf(port, sizeof(port), "%u", url->port);
	r = getaddrinfo(url->host, port, &hints, ret_list);
	if (r == EAI_NONAME) {
		hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
		r = getaddrinfo(url->host, port, &hints, ret_list);
	}
	if (r == EAI_MEMORY)
		return -ENOMEM;
	return r ? -ENXIO : 0;
}

static int open_tcp(const struct redis_url *url, struct deadline dl,
		    int *ret_fd)
{
	struct addrinfo *list, *a;
	int64_t n = 0;
	int r;

	r = resolve(url, &list);
	if (r)
		return r;
	for (a = list; a; a = a->ai_next)
		n++;
	r = -ENXIO;
	for (a = list; a; a = a->ai_next, n--) {
		/* One address that is silent must not use the others' time. */
		struct deadline share = deadline_within(dl,
						deadline_left(dl) / n);

		r = open_to(a->ai_family, a->ai_addr, a->ai_addrlen, share,
			    ret_fd);
		if (!r)
			break;
	}
	freeaddrinfo(list);
	return r;
}

int redis_socket_open(const struct redis_url *url, struct deadline dl,
		      int *ret_fd)
{
	return url->path[0] ? open_unix(url, dl, ret_fd) :
			      open_tcp(url, dl, ret_fd);
}

void redis_socket_advance(struct iovec *stretches, size_t n, size_t size)
{
	for (size_t i = 0; i < n && size > 0; i++) {
		size_t part = stretches[i].iov_len;

		if (part > size)
			part = size;
		stretches[i].iov_base = (char *)stretches[i].iov_base + part;
		stretches[i].iov_len -= part;
		size -= part;
	}
}

static size_t bytes_in(const struct iovec *stretches, size_t n)
{
	size_t size = 0;

	for (size_t i = 0; i < n; i++)
		size += stretches[i].iov_len;
	return size;
}

int redis_socket_send(int fd, struct iovec *stretches, size_t n,
		      struct deadline dl)
{
	struct msghdr message = { .msg_iov = stretches, .msg_iovlen = n };
	size_t left = bytes_in(stretches, n);
	int r;

	while (left > 0) {
		ssize_t sent = sendmsg(fd, &message, MSG_NOSIGNAL);

		if (sent > 0) {
			redis_socket_advance(stretches, n, (size_t)sent);
			left -= (size_t)sent;
			continue;
		}
		if (errno == EPIPE)
			return -ECONNRESET;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		r = wait_for(fd, POLLOUT, dl);
		if (r)
			return r;
	}
	return 0;
}

int redis_socket_receive(int fd, const struct iovec *stretches, size_t n,
			 struct deadline dl, size_t *ret_size)
{
	for (;;) {
		ssize_t got;
		int r;

		r = wait_for(fd, POLLIN, dl);
		if (r)
			return r;
		got = readv(fd, stretches, (int)n);
		if (got > 0) {
			*ret_size = (size_t)got;
			return 0;
		}
		if (got == 0)
			return -ECONNRESET;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
}
