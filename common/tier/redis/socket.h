/* SPDX-License-Identifier: MIT */

/*
 * redis_socket - a socket to a Redis server, each wait of which ends.
 *
 * hiredis bounds one read(2), not a command, and raises SIGPIPE; so the bytes
 * are ours and hiredis reads the replies in them (link.h).
 */

#pragma once

#include <sys/uio.h>

#include "common/base.h"
#include "common/deadline.h"
#include "common/redis_url.h"

/*
 * Connects; close(2) the result. A name is looked up by getaddrinfo(3), whose
 * time resolv.conf(5) bounds, and not @dl: an address needs no such wait.
 * -ENXIO the name is not known, -ETIMEDOUT, -errno of connect(2).
 */
int redis_socket_open(const struct redis_url *url, struct deadline dl,
		      int *ret_fd);

/*
 * Sends all of the @n stretches, which it changes. -ETIMEDOUT, -ECONNRESET
 * (-EPIPE is said so too), -errno of sendmsg(2).
 */
int redis_socket_send(int fd, struct iovec *stretches, size_t n,
		      struct deadline dl);

/*
 * Waits for bytes and takes what there is, at least one, into the @n
 * stretches, in order. -ETIMEDOUT, -ECONNRESET (also at the end of the
 * stream), -errno of readv(2).
 */
int redis_socket_receive(int fd, const struct iovec *stretches, size_t n,
			 struct deadline dl, size_t *ret_size);

/* Leaves out the first @size bytes of the @n stretches. */
void redis_socket_advance(struct iovec *stretches, size_t n, size_t size);
