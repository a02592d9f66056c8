/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <fcgiapp.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>

#include "common/front.h"

/* libfcgi listens on the descriptor that FastCGI 1.0 fixes. */
#define LISTEN_FD 0

struct front_fcgi {
	struct front base;	/* must be first */
	FCGX_Request request;
};

/* Like container_of: base is the first member. */
static struct front_fcgi *self(struct front *front)
{
	return (struct front_fcgi *)front;
}

static int fcgi_accept(struct front *front, int64_t idle_ms)
{
	struct pollfd listening = { .fd = LISTEN_FD, .events = POLLIN };
	int timeout = idle_ms > INT_MAX ? INT_MAX : (int)idle_ms;

	if (idle_ms > 0 && poll(&listening, 1, timeout) <= 0)
		return FRONT_E_END;
	/* Fails at SIGTERM, which libfcgi handles, and on a closed socket. */
	return FCGX_Accept_r(&self(front)->request) < 0 ? FRONT_E_END : 0;
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

static void fcgi_finish(struct front *front)
{
	FCGX_Finish_r(&self(front)->request);
}

static void fcgi_close(struct front *front)
{
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

int front_fcgi_open(struct front **ret_front)
{
	struct front_fcgi *front;

	front = calloc(1, sizeof(*front));
	if (!front)
		return -ENOMEM;
	front->base.impl = &fcgi_impl;
	if (FCGX_Init() || FCGX_InitRequest(&front->request, LISTEN_FD,
					    FCGI_FAIL_ACCEPT_ON_INTR)) {
		free(front);
		return -EIO;
	}
	*ret_front = &front->base;
	return 0;
}
