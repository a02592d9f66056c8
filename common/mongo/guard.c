/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <inttypes.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/mongo/guard.h"
#include "common/mongo/message.h"

#define TYPE 0x7472		/* of no stream of libmongoc's own */
#define PIECES_MAX 8		/* of one read; libmongoc's have one */

struct guard {
	mongoc_stream_t base;	/* must be first */
	mongoc_stream_t *inner;
	struct message message;
	bool is_broken;		/* by what came */
};

static struct guard *guard_of(mongoc_stream_t *stream)
{
	return (struct guard *)stream;
}

static void guard_destroy(mongoc_stream_t *stream)
{
	mongoc_stream_destroy(guard_of(stream)->inner);
	free(stream);
}

static void guard_failed(mongoc_stream_t *stream)
{
	mongoc_stream_failed(guard_of(stream)->inner);
	free(stream);
}

static int guard_close(mongoc_stream_t *stream)
{
	return mongoc_stream_close(guard_of(stream)->inner);
}

static int guard_flush(mongoc_stream_t *stream)
{
	return mongoc_stream_flush(guard_of(stream)->inner);
}

static ssize_t guard_writev(mongoc_stream_t *stream, mongoc_iovec_t *iov,
			    size_t n, int32_t timeout_ms)
{
	return mongoc_stream_writev(guard_of(stream)->inner, iov, n,
				    timeout_ms);
}

/* Looks at the @size bytes that are in the first of @iov. */
static int look(struct guard *guard, const mongoc_iovec_t *iov, size_t size)
{
	int r = 0;

	for (; !r && size > 0; iov++) {
		size_t part = iov->iov_len < size ? iov->iov_len : size;

		r = message_take(&guard->message, iov->iov_base, part);
		size -= part;
	}
	return r;
}

static ssize_t guard_readv(mongoc_stream_t *stream, mongoc_iovec_t *iov,
			   size_t n, size_t min, int32_t timeout_ms)
{
	struct guard *guard = guard_of(stream);
	mongoc_iovec_t rest[PIECES_MAX];
	ssize_t size = -1;

	if (n > PIECES_MAX) {
		errno = EINVAL;
		return -1;
	}
	/* A socket that reads again and again moves them on. */
	memcpy(rest, iov, n * sizeof(*iov));
	if (!guard->is_broken)
		size = mongoc_stream_readv(guard->inner, rest, n, min,
					   timeout_ms);
	if (size > 0)
		guard->is_broken = look(guard, iov, (size_t)size);
	if (!guard->is_broken)
		return size;
	errno = EBADMSG;
	return -1;
}

static int guard_setsockopt(mongoc_stream_t *stream, int level, int name,
			    void *value, mongoc_socklen_t size)
{
	return mongoc_stream_setsockopt(guard_of(stream)->inner, level, name,
					value, size);
}

/* By which libmongoc finds what it can poll. */
static mongoc_stream_t *guard_inner(mongoc_stream_t *stream)
{
	return guard_of(stream)->inner;
}

static bool guard_check_closed(mongoc_stream_t *stream)
{
	return mongoc_stream_check_closed(guard_of(stream)->inner);
}

static bool guard_timed_out(mongoc_stream_t *stream)
{
	return !guard_of(stream)->is_broken &&
	       mongoc_stream_timed_out(guard_of(stream)->inner);
}

static bool guard_should_retry(mongoc_stream_t *stream)
{
	return !guard_of(stream)->is_broken &&
	       mongoc_stream_should_retry(guard_of(stream)->inner);
}

/* Takes @inner. NULL: no memory. */
static mongoc_stream_t *guard_new(mongoc_stream_t *inner)
{
	struct guard *guard = calloc(1, sizeof(*guard));

	if (!guard) {
		mongoc_stream_destroy(inner);
		return NULL;
	}
	guard->base = (mongoc_stream_t){
		.type = TYPE,
		.destroy = guard_destroy,
		.close = guard_close,
		.flush = guard_flush,
		.writev = guard_writev,
		.readv = guard_readv,
		.setsockopt = guard_setsockopt,
		.get_base_stream = guard_inner,
		.check_closed = guard_check_closed,
		.failed = guard_failed,
		.timed_out = guard_timed_out,
		.should_retry = guard_should_retry,
	};
	guard->inner = inner;
	return &guard->base;
}

/*
 * Connects to an address, the last one of a host without waiting: libmongoc
 * polls it, several hosts' at once. NULL: not to this one.
 */
static mongoc_stream_t *connect_to(const struct addrinfo *address,
				   int64_t patience_us)
{
	mongoc_socket_t *sock;
	int64_t end = 0;
	int r;

	sock = mongoc_socket_new(address->ai_family, address->ai_socktype,
				 address->ai_protocol);
	if (!sock)
		return NULL;
	if (address->ai_next)
		end = bson_get_monotonic_time() + patience_us;
	r = mongoc_socket_connect(sock, address->ai_addr, address->ai_addrlen,
				  end);
	if (r && (end || mongoc_socket_errno(sock) == ECONNREFUSED)) {
		mongoc_socket_destroy(sock);
		return NULL;
	}
	return mongoc_stream_socket_new(sock);
}

static mongoc_stream_t *connect_any(const struct addrinfo *addresses,
				    int64_t patience_us)
{
	mongoc_stream_t *stream = NULL;
	int64_t n = 0;

	for (const struct addrinfo *a = addresses; a; a = a->ai_next)
		n++;
	for (const struct addrinfo *a = addresses; a && !stream; a = a->ai_next)
		stream = connect_to(a, patience_us / n);
	return stream;
}

static mongoc_stream_t *guard_connect(const mongoc_uri_t *uri,
				      const mongoc_host_list_t *host,
				      void *user, bson_error_t *error)
{
	const struct addrinfo hints = {
		.ai_family = host->family, .ai_socktype = SOCK_STREAM,
	};
	mongoc_stream_t *stream;
	struct addrinfo *found;
	char port[8];

	(void)user;
	snprintf(port, sizeof(port), "%" PRIu16, host->port);
	if (getaddrinfo(host->host, port, &hints, &found)) {
		bson_set_error(error, MONGOC_ERROR_STREAM,
			       MONGOC_ERROR_STREAM_NAME_RESOLUTION,
			       "cannot be resolved");
		return NULL;
	}
	stream = connect_any(found, INT64_C(1000) *
			     mongoc_uri_get_option_as_int32(uri,
					MONGOC_URI_CONNECTTIMEOUTMS, 1000));
	freeaddrinfo(found);
	if (stream)
		stream = guard_new(stream);
	if (!stream)
		bson_set_error(error, MONGOC_ERROR_STREAM,
			       MONGOC_ERROR_STREAM_CONNECT, "cannot connect");
	return stream;
}

void guard_client(mongoc_client_t *client)
{
	const mongoc_uri_t *uri = mongoc_client_get_uri(client);
	const mongoc_host_list_t *host = mongoc_uri_get_hosts(uri);

	if (mongoc_uri_get_tls(uri))
		return;
	for (; host; host = host->next)
		if (host->family == AF_UNIX)
			return;
	mongoc_client_set_stream_initiator(client, guard_connect, NULL);
}
