/* SPDX-License-Identifier: MIT */

/*
 * The redis tier against a server that misbehaves: what a healthy one does is
 * for the tier contract (test/tier).
 */

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/module.h"
#include "common/tier/redis.h"

#define TIMEOUT_MS 300		/* of the tier, where it shall run out */
#define PATIENCE_MS 20000	/* where it shall not */

/* What the server does, in a process of its own; it is killed at the end. */
typedef void serve_fn(int listener);

struct server {
	int listener;
	uint16_t port;
	pid_t pid;
};

static void server_start(struct server *server, serve_fn *serve)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(address);

	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(server->listener >= 0);
	assert_int_equal(bind(server->listener, (struct sockaddr *)&address,
			      size), 0);
	assert_int_equal(listen(server->listener, 8), 0);
	assert_int_equal(getsockname(server->listener,
				     (struct sockaddr *)&address, &size), 0);
	server->port = ntohs(address.sin_port);
	server->pid = fork();
	assert_true(server->pid >= 0);
	if (server->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		signal(SIGPIPE, SIG_IGN);
		serve(server->listener);
		_exit(0);
	}
	close(server->listener);
}

static void server_stop(struct server *server)
{
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
}

/* The next connection. */
static int next(int listener)
{
	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		_exit(1);
	return fd;
}

/* Reads until @end has come; ends the server when the client closes. */
static void hear(int fd, const char *end)
{
	char data[65536];
	size_t n = 0;

	while (n < sizeof(data) - 1) {
		ssize_t got = read(fd, data + n, sizeof(data) - 1 - n);

		if (got <= 0)
			_exit(1);
		n += (size_t)got;
		if (memmem(data, n, end, strlen(end)))
			return;
	}
	_exit(1);
}

static void say(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) < 0)
		_exit(1);
}

/* Answers every ping with @text, until the client goes. */
static void answer_pings(int fd, const char *text)
{
	for (;;) {
		hear(fd, "chunked:ping\r\n");
		say(fd, text);
	}
}

typedef int open_fn(const char *url, int64_t timeout_ms, char *ret_why,
		    struct tier **ret_tier);

/* @user stands before the host, @db behind the port. */
static struct tier *open_as(const struct server *server, const char *user,
			    const char *db, int64_t timeout_ms)
{
	char why[TIER_ERROR_MAX > MODULE_ERROR_MAX ? TIER_ERROR_MAX :
		 MODULE_ERROR_MAX];
	char url[128];
	struct tier *t;
	void *address;
	open_fn *open;

	if (module_symbol("redis", "tier_redis_open", why, &address))
		fail_msg("%s", why);
	memcpy(&open, &address, sizeof(open));
	snprintf(url, sizeof(url), "redis://%s127.0.0.1:%u%s", user,
		 server->port, db);
	assert_int_equal(open(url, timeout_ms, why, &t), 0);
	return t;
}

static struct tier *open_tier(const struct server *server, int64_t timeout_ms)
{
	return open_as(server, "", "", timeout_ms);
}

/* Pings the server and asserts the result and a part of its words. */
static void assert_ping(struct tier *t, int expected, const char *words)
{
	int r = tier_ping(t, deadline_in(PATIENCE_MS));

	if (r != expected || !strstr(t->error, words))
		fail_msg("%d: %s", r, t->error);
}

/* One ping of a server, of which the tier gives up early or not at all. */
static void check_ping(serve_fn *serve, int64_t timeout_ms, int expected,
		       const char *words)
{
	struct server server;
	struct tier *t;

	server_start(&server, serve);
	t = open_tier(&server, timeout_ms);
	assert_ping(t, expected, words);
	tier_close(t);
	server_stop(&server);
}

static void serve_single_bytes(int listener)
{
	int fd = next(listener);

	hear(fd, "chunked:ping\r\n");
	for (const char *c = ":0\r\n"; *c; c++) {
		char one[2] = { *c, '\0' };

		say(fd, one);
		usleep(1000);
	}
	pause();
}

static void reply_in_single_bytes_is_a_reply(void **state)
{
	(void)state;
	check_ping(serve_single_bytes, PATIENCE_MS, 0, "");
}

static void serve_nothing(int listener)
{
	next(listener);
	pause();
}

static void silence_ends_with_the_timeout(void **state)
{
	(void)state;
	check_ping(serve_nothing, TIMEOUT_MS, -ETIMEDOUT, "no answer in time");
}

static void deadline_ends_it_before_the_timeout(void **state)
{
	struct server server;
	struct tier *t;

	(void)state;
	server_start(&server, serve_nothing);
	t = open_tier(&server, PATIENCE_MS);
	assert_int_equal(tier_ping(t, deadline_in(TIMEOUT_MS)), -ETIMEDOUT);
	assert_int_equal(tier_ping(t, deadline_in(0)), -ETIMEDOUT);
	tier_close(t);
	server_stop(&server);
}

/* Never silent for as long as the timeout, and never done. */
static void serve_drops(int listener)
{
	int fd = next(listener);

	for (;;) {
		say(fd, "+");
		usleep(TIMEOUT_MS * 1000 / 10);
	}
}

static void timeout_is_of_the_whole_command(void **state)
{
	(void)state;
	check_ping(serve_drops, TIMEOUT_MS, -ETIMEDOUT, "no answer in time");
}

static void server_that_reads_nothing_ends_a_put(void **state)
{
	struct session s = {
		.total_chunks = 1,
		.total_size = MIB(16),
		.created_at = clock_now_ms(),
		.expires_at = clock_now_ms() + 600000,
	};
	struct chunk chunk = { .info.size = MIB(16) };
	struct chunk_count count;
	struct server server;
	struct tier *t;

	(void)state;
	chunk.data = calloc(1, MIB(16));
	assert_non_null(chunk.data);
	assert_int_equal(session_id_make(s.created_at, s.id), 0);
	server_start(&server, serve_nothing);
	t = open_tier(&server, TIMEOUT_MS);
	assert_int_equal(tier_put_chunk(t, &s, &chunk,
					deadline_in(PATIENCE_MS), &count),
			 -ETIMEDOUT);
	tier_close(t);
	server_stop(&server);
	free((char *)(uintptr_t)chunk.data);
}

static void serve_once_a_connection(int listener)
{
	for (;;) {
		int fd = next(listener);

		hear(fd, "chunked:ping\r\n");
		say(fd, ":0\r\n");
		close(fd);
	}
}

static void connection_closed_while_idle_is_made_anew(void **state)
{
	struct server server;
	struct tier *t;

	(void)state;
	server_start(&server, serve_once_a_connection);
	t = open_tier(&server, PATIENCE_MS);
	for (int i = 0; i < 5; i++)
		assert_ping(t, 0, "");
	tier_close(t);
	server_stop(&server);
}

static void serve_and_hang_up(int listener)
{
	for (;;)
		close(next(listener));
}

static void server_that_hangs_up_has_failed(void **state)
{
	(void)state;
	check_ping(serve_and_hang_up, PATIENCE_MS, -ECONNRESET, "closed");
}

static void serve_half_a_reply_first(int listener)
{
	int fd = next(listener);

	hear(fd, "chunked:ping\r\n");
	say(fd, ":");
	close(fd);
	answer_pings(next(listener), ":0\r\n");
}

static void half_a_reply_is_a_failure_and_forgotten(void **state)
{
	struct server server;
	struct tier *t;

	(void)state;
	server_start(&server, serve_half_a_reply_first);
	t = open_tier(&server, PATIENCE_MS);
	assert_ping(t, -ECONNRESET, "closed");
	assert_ping(t, 0, "");
	tier_close(t);
	server_stop(&server);
}

/* The first reply comes when the client has made its second connection. */
static void serve_late_first(int listener)
{
	int late = next(listener), fd;

	hear(late, "chunked:ping\r\n");
	fd = next(listener);
	send(late, "-LOADING late\r\n", 15, MSG_NOSIGNAL);
	answer_pings(fd, ":0\r\n");
}

static void late_reply_is_not_taken_for_the_next(void **state)
{
	struct server server;
	struct tier *t;

	(void)state;
	server_start(&server, serve_late_first);
	t = open_tier(&server, TIMEOUT_MS);
	assert_ping(t, -ETIMEDOUT, "");
	assert_ping(t, 0, "");
	tier_close(t);
	server_stop(&server);
}

static void serve_http(int listener)
{
	answer_pings(next(listener), "HTTP/1.1 400 Bad Request\r\n\r\n");
}

static void other_protocol_is_said(void **state)
{
	(void)state;
	check_ping(serve_http, PATIENCE_MS, -EPROTO, "Redis's protocol");
}

static void serve_no_number(int listener)
{
	answer_pings(next(listener), "+OK\r\n");
}

static void reply_of_another_shape_is_a_failure(void **state)
{
	(void)state;
	check_ping(serve_no_number, PATIENCE_MS, -EPROTO, "reply");
}

static void serve_without_end(int listener)
{
	static char data[65536];
	int fd = next(listener);

	hear(fd, "chunked:ping\r\n");
	say(fd, "$536870912\r\n");
	while (write(fd, data, sizeof(data)) > 0)
		;
	pause();
}

static void reply_without_end_is_bounded(void **state)
{
	(void)state;
	check_ping(serve_without_end, PATIENCE_MS, -EMSGSIZE, "too long");
}

static void serve_refusal(int listener)
{
	answer_pings(next(listener), "-LOADING Redis is loading SECRET\r\n");
}

static void refusal_is_said_in_own_words(void **state)
{
	struct server server;
	struct tier *t;

	(void)state;
	server_start(&server, serve_refusal);
	t = open_tier(&server, PATIENCE_MS);
	assert_ping(t, -EAGAIN, "loading its data");
	assert_null(strstr(t->error, "SECRET"));
	tier_close(t);
	server_stop(&server);
}

static void serve_parting_words(int listener)
{
	for (;;) {
		int fd = next(listener);

		say(fd, "-ERR max number of clients reached\r\n");
		shutdown(fd, SHUT_WR);
		/* An unread command would reset the connection. */
		hear(fd, "chunked:ping\r\n");
		close(fd);
	}
}

static void server_that_is_full_of_clients_is_said(void **state)
{
	(void)state;
	check_ping(serve_parting_words, PATIENCE_MS, -EAGAIN, "clients");
}

static void serve_moved(int listener)
{
	answer_pings(next(listener), "-MOVED 1 127.0.0.1:7001\r\n");
}

static void cluster_is_said_to_be_one(void **state)
{
	(void)state;
	check_ping(serve_moved, PATIENCE_MS, -EREMOTE, "Cluster");
}

static void serve_password(int listener)
{
	int fd = next(listener);

	hear(fd, "*3\r\n$4\r\nAUTH\r\n$3\r\nann\r\n$6\r\nSEC@ET\r\n");
	say(fd, "+OK\r\n");
	answer_pings(fd, ":0\r\n");
}

static void user_and_password_come_first(void **state)
{
	struct server server;
	struct tier *t;

	(void)state;
	server_start(&server, serve_password);
	t = open_as(&server, "ann:SEC%40ET@", "", PATIENCE_MS);
	assert_ping(t, 0, "");
	assert_ping(t, 0, "");
	tier_close(t);
	server_stop(&server);
}

static void serve_no_database(int listener)
{
	for (;;) {
		int fd = next(listener);

		hear(fd, "*2\r\n$6\r\nSELECT\r\n$2\r\n99\r\n");
		say(fd, "-ERR DB index is out of range\r\n");
	}
}

static void database_that_is_not_there_is_said(void **state)
{
	struct server server;
	struct tier *t;

	(void)state;
	server_start(&server, serve_no_database);
	t = open_as(&server, "", "/99", PATIENCE_MS);
	assert_ping(t, -EINVAL, "database");
	assert_ping(t, -EINVAL, "database");
	tier_close(t);
	server_stop(&server);
}

static void refused_port_is_said(void **state)
{
	struct server server;
	struct tier *t;

	(void)state;
	server_start(&server, serve_nothing);
	server_stop(&server);
	t = open_tier(&server, PATIENCE_MS);
	assert_ping(t, -ECONNREFUSED, "refused");
	tier_close(t);
}

static void on_alarm(int signal)
{
	(void)signal;
}

static void serve_after_a_while(int listener)
{
	int fd = next(listener);

	hear(fd, "chunked:ping\r\n");
	usleep(100000);
	say(fd, ":0\r\n");
	pause();
}

static void signals_do_not_end_a_wait(void **state)
{
	struct sigaction action = { .sa_handler = on_alarm }, before;
	struct itimerval often = { { 0, 2000 }, { 0, 2000 } };
	struct itimerval never = { { 0, 0 }, { 0, 0 } };

	(void)state;
	sigaction(SIGALRM, &action, &before);
	setitimer(ITIMER_REAL, &often, NULL);
	check_ping(serve_after_a_while, PATIENCE_MS, 0, "");
	setitimer(ITIMER_REAL, &never, NULL);
	sigaction(SIGALRM, &before, NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reply_in_single_bytes_is_a_reply),
		cmocka_unit_test(silence_ends_with_the_timeout),
		cmocka_unit_test(deadline_ends_it_before_the_timeout),
		cmocka_unit_test(timeout_is_of_the_whole_command),
		cmocka_unit_test(server_that_reads_nothing_ends_a_put),
		cmocka_unit_test(connection_closed_while_idle_is_made_anew),
		cmocka_unit_test(server_that_hangs_up_has_failed),
		cmocka_unit_test(half_a_reply_is_a_failure_and_forgotten),
		cmocka_unit_test(late_reply_is_not_taken_for_the_next),
		cmocka_unit_test(other_protocol_is_said),
		cmocka_unit_test(reply_of_another_shape_is_a_failure),
		cmocka_unit_test(reply_without_end_is_bounded),
		cmocka_unit_test(refusal_is_said_in_own_words),
		cmocka_unit_test(server_that_is_full_of_clients_is_said),
		cmocka_unit_test(cluster_is_said_to_be_one),
		cmocka_unit_test(user_and_password_come_first),
		cmocka_unit_test(database_that_is_not_there_is_said),
		cmocka_unit_test(refused_port_is_said),
		cmocka_unit_test(signals_do_not_end_a_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
