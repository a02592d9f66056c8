/* SPDX-License-Identifier: MIT */

/*
 * redis - the input is what a Redis server sends, behind a line: letters of
 * operations (tier_ops.h), and digits, the bytes that a read gives; "+" for a
 * connection with a password and a database. Whatever comes, operations give
 * what they may, and what is sent is whole commands.
 */

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/tier/redis.h"
#include "common/tier/redis/socket.h"
#include "test/fuzz/tier_ops.h"

#define SENT_MAX MIB(1)

static struct {
	struct fuzz_input replies;
	size_t piece;
	struct buf sent;
	int peer;	/* of the connection that was made last; -1 */
} server;

/* By the linker's --wrap, in place of a socket's. */
int __wrap_redis_socket_open(const struct redis_url *url, struct deadline dl,
			     int *ret_fd);
int __wrap_redis_socket_send(int fd, struct iovec *stretches, size_t n,
			     struct deadline dl);
int __wrap_redis_socket_receive(int fd, const struct iovec *stretches,
				size_t n, struct deadline dl,
				size_t *ret_size);

static void hang_up(void)
{
	if (server.peer >= 0)
		close(server.peer);
	server.peer = -1;
}

/* The server is gone when it has said all. */
int __wrap_redis_socket_open(const struct redis_url *url, struct deadline dl,
			     int *ret_fd)
{
	int pair[2];

	(void)url;
	(void)dl;
	if (!server.replies.left)
		return -ECONNREFUSED;
	/* Nothing goes over it; it is one that is open and at rest. */
	hang_up();
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0,
	     "there is a socket");
	server.peer = pair[0];
	*ret_fd = pair[1];
	return 0;
}

int __wrap_redis_socket_send(int fd, struct iovec *stretches, size_t n,
			     struct deadline dl)
{
	(void)fd;
	(void)dl;
	for (size_t i = 0; i < n; i++)
		must(buf_append(&server.sent, stretches[i].iov_base,
				stretches[i].iov_len) == 0,
		     "what is sent is not much");
	return 0;
}

int __wrap_redis_socket_receive(int fd, const struct iovec *stretches,
				size_t n, struct deadline dl, size_t *ret_size)
{
	size_t left = server.piece, size = 0;

	(void)fd;
	(void)dl;
	for (size_t i = 0; i < n && left; i++) {
		size_t wanted = stretches[i].iov_len;
		struct fuzz_input part = fuzz_take(&server.replies,
				wanted < left ? wanted : left);

		if (part.left)
			memcpy(stretches[i].iov_base, part.at, part.left);
		left -= part.left;
		size += part.left;
		if (part.left < wanted)
			break;
	}
	if (!size)
		return -ECONNRESET;
	*ret_size = size;
	return 0;
}

/* A count behind @mark, and its line's end. */
static size_t take_count(struct fuzz_input *in, char mark)
{
	struct fuzz_input line = fuzz_until(in, '\n');
	size_t count = 0;

	must(line.left > 2 && fuzz_byte(&line) == (uint8_t)mark,
	     "a count stands where it must");
	while (line.left > 1) {
		uint8_t digit = fuzz_byte(&line);

		must(digit >= '0' && digit <= '9', "a count is digits");
		count = count * 10 + digit - '0';
	}
	must(fuzz_byte(&line) == '\r', "a count ends its line");
	return count;
}

/* Arrays of strings, whole. */
static void check_sent(void)
{
	struct fuzz_input in = { server.sent.data, server.sent.size };

	while (in.left) {
		for (size_t n = take_count(&in, '*'); n > 0; n--) {
			size_t size = take_count(&in, '$');
			struct fuzz_input end;

			fuzz_take(&in, size);
			end = fuzz_take(&in, 2);
			must(end.left == 2 && memcmp(end.at, "\r\n", 2) == 0,
			     "a string is as long as is said");
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { (const char *)data, size };
	struct fuzz_input line = fuzz_until(&in, '\n');
	const char *url = "redis://127.0.0.1";
	char why[TIER_ERROR_MAX];
	struct tier *tier;

	server.replies = in;
	server.piece = 0;
	server.peer = -1;
	buf_init(&server.sent, SENT_MAX);
	for (size_t i = 0; i < line.left; i++) {
		if (line.at[i] >= '0' && line.at[i] <= '9')
			server.piece = server.piece * 10 % 1000 +
				       (size_t)(line.at[i] - '0');
		else if (line.at[i] == '+')
			url = "redis://user:secret@127.0.0.1/3";
	}
	if (!server.piece)
		server.piece = SIZE_MAX;
	must(tier_redis_open(url, 10000, why, &tier) == 0, "a tier opens");
	ops_run(tier, line, /* may_fail= */ true);
	must(!strstr(tier->error, "secret"), "no word has the password");
	tier_close(tier);
	hang_up();
	check_sent();
	buf_done(&server.sent);
	return 0;
}
