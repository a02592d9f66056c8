/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/front.h"

struct front_cgi {
	struct front base;	/* must be first */
	bool served;
};

static int cgi_accept(struct front *front, int64_t idle_ms)
{
	struct front_cgi *cgi = (struct front_cgi *)front;

	(void)idle_ms;
	if (cgi->served)
		return FRONT_E_END;
	cgi->served = true;
	return 0;
}

static const char *cgi_param(struct front *front, const char *name)
{
	(void)front;
	return getenv(name);
}

static int cgi_read(struct front *front, char *data, size_t size,
		    size_t *ret_n)
{
	ssize_t n;

	(void)front;
	do {
		n = read(STDIN_FILENO, data, size);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -EPIPE;
	*ret_n = (size_t)n;
	return 0;
}

/* Some servers hand over the file that they have buffered the body in. */
static int cgi_file(struct front *front, int *ret_fd)
{
	struct stat status;

	(void)front;
	if (fstat(STDIN_FILENO, &status) || !S_ISREG(status.st_mode))
		return -ENOTSUP;
	*ret_fd = STDIN_FILENO;
	return 0;
}

static int cgi_write(struct front *front, const char *data, size_t size)
{
	(void)front;
	while (size > 0) {
		ssize_t n = write(STDOUT_FILENO, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return -EPIPE;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

static void cgi_finish(struct front *front)
{
	(void)front;
	/* The server sees the end now, not after what follows is freed. */
	close(STDOUT_FILENO);
}

static void cgi_close(struct front *front)
{
	free(front);
}

static const struct front_impl cgi_impl = {
	.name = "cgi",
	.accept = cgi_accept,
	.param = cgi_param,
	.read = cgi_read,
	.file = cgi_file,
	.write = cgi_write,
	.finish = cgi_finish,
	.close = cgi_close,
};

int front_cgi_open(struct front **ret_front)
{
	struct front_cgi *front;

	front = calloc(1, sizeof(*front));
	if (!front)
		return -ENOMEM;
	front->base.impl = &cgi_impl;
	*ret_front = &front->base;
	return 0;
}
