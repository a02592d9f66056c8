/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/front.h"

/* libfcgi listens on the descriptor that FastCGI 1.0 fixes. */
#define LISTEN_FD 0

struct front_fcgi {
	struct front base;	/* must be first */
	FCGX_Request request;
	int epoll_fd;		/* waits for connections */
	sigset_t waiting;	/* the signals blocked while it waits */
};

/* Like container_of: base is the first member. */
static struct front_fcgi *self(struct front *front)
{
	return (struct front_fcgi *)front;
}

/*
 * Several processes wait on one socket. One of them wakes for a connection, now
 * and then more, and those that another was quicker than wait on. SIGTERM and
 * SIGUSR1, which ask it to leave, are blocked but here, so that they end a wait,
 * never come between a look at it and a call that blocks, and interrupt no call
 * of a request.
 */
static int fcgi_accept(struct front *front, int64_t idle_ms)
{
	int timeout = idle_ms > INT_MAX ? INT_MAX : (int)idle_ms;
	struct epoll_event event;
	int r;

	do {
		if (epoll_pwait(self(front)->epoll_fd, &event, 1,
				idle_ms > 0 ? timeout : -1,
				&self(front)->waiting) <= 0)
			return FRONT_E_END;
		r = FCGX_Accept_r(&self(front)->request);
	} while (r == -EAGAIN || r == -ECONNABORTED || r == -EINTR);
	return r < 0 ? FRONT_E_END : 0;
}

static const char *fcgi_param(struct front *front, const char *name)
{
	return FCGX_GetParam(name, self(front)->request.envp);
}

static int fcgi_read(struct front *front, char *data, size_t size,
		     size_t *ret_n)
{
	FCGX_Stream *in = self(front)->request.in;
	int n;

	n = FCGX_GetStr(data, size > INT_MAX ? INT_MAX : (int)size, in);
	if (n < 0 || FCGX_GetError(in))
		return -EPIPE;
	*ret_n = (size_t)n;
	return 0;
}

static int fcgi_write(struct front *front, const char *data, size_t size)
{
	FCGX_Stream *out = self(front)->request.out;

	while (size > 0) {
		int part = size > INT_MAX ? INT_MAX : (int)size;

		if (FCGX_PutStr(data, part, out) != part)
			return -EPIPE;
		data += part;
		size -= (size_t)part;
	}
	return 0;
}

/*
 * Whether all that the server had to say has been read; it does not wait for
 * what is on its way. The answer is written after this, and may have to wait.
 */
static bool is_read(FCGX_Request *request)
{
	bool at_end;

	if (fcntl(request->ipcFd, F_SETFL, O_NONBLOCK))
		return false;
	at_end = FCGX_GetChar(request->in) < 0 && !FCGX_GetError(request->in);
	return fcntl(request->ipcFd, F_SETFL, 0) == 0 && at_end;
}

/*
 * libfcgi waits, for two seconds at most, until the server has closed the
 * connection, for one that is closed with something unread may take the answer
 * with it (TCP's RST). Detached it closes at once.
 */
static void fcgi_finish(struct front *front)
{
	FCGX_Request *request = &self(front)->request;

	if (!request->keepConnection && is_read(request))
		FCGX_Detach(request);
	FCGX_Finish_r(request);
}

static void fcgi_close(struct front *front)
{
	close(self(front)->epoll_fd);
	free(self(front));
}

static const struct front_impl fcgi_impl = {
	.name = "fastcgi",
	.accept = fcgi_accept,
	.param = fcgi_param,
	.read = fcgi_read,
	.write = fcgi_write,
	.finish = fcgi_finish,
	.close = fcgi_close,
};

/* EPOLLEXCLUSIVE: or else all processes on the socket wake for each request. */
static int open_epoll(int *ret_fd)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	int fd, r;

	fd = epoll_create1(EPOLL_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (epoll_ctl(fd, EPOLL_CTL_ADD, LISTEN_FD, &event)) {
		r = -errno;
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

/* The socket does not block, and what asks to leave waits for fcgi_accept(). */
static int prepare_waiting(struct front_fcgi *front)
{
	int flags = fcntl(LISTEN_FD, F_GETFL);
	sigset_t leave;

	if (flags < 0 || fcntl(LISTEN_FD, F_SETFL, flags | O_NONBLOCK))
		return -errno;
	sigemptyset(&leave);
	sigaddset(&leave, SIGTERM);
	sigaddset(&leave, SIGUSR1);
	if (sigprocmask(SIG_BLOCK, &leave, &front->waiting))
		return -errno;
	sigdelset(&front->waiting, SIGTERM);
	sigdelset(&front->waiting, SIGUSR1);
	return 0;
}

int front_fcgi_open(struct front **ret_front)
{
	struct front_fcgi *front;
	int r;

	front = calloc(1, sizeof(*front));
	if (!front)
		return -ENOMEM;
	front->base.impl = &fcgi_impl;
	r = open_epoll(&front->epoll_fd);
	if (r) {
		free(front);
		return r;
	}
	r = prepare_waiting(front);
	if (!r && (FCGX_Init() ||
		   FCGX_InitRequest(&front->request, LISTEN_FD,
				    FCGI_FAIL_ACCEPT_ON_INTR)))
		r = -EIO;
	if (r) {
		fcgi_close(&front->base);
		return r;
	}
	*ret_front = &front->base;
	return 0;
}
