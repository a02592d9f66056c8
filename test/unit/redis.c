/* SPDX-License-Identifier: MIT */

/*
 * The redis tier against a server that misbehaves: what a healthy one does is
 * for the tier contract (test/tier).
 */

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/module.h"
#include "common/tier/redis.h"
#include "test/unit/scripted.h"

#define TIMEOUT_MS 500		/* of the tier, where it shall run out */
#define PATIENCE_MS 20000	/* where it shall not */

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

struct trial {
	struct server server;	/* and a tier on it */
	struct tier *t;
};

/* @user stands before the host in the URL, @db behind the port. */
static void begin_as(struct trial *trial, serve_fn *serve, const char *user,
		     const char *db, int64_t timeout_ms)
{
	char why[TIER_ERROR_MAX + MODULE_ERROR_MAX];
	char url[128];
	void *address;
	open_fn *open;

	if (module_symbol("redis", "tier_redis_open", why, &address))
		fail_msg("%s", why);
	memcpy(&open, &address, sizeof(open));
	server_start(&trial->server, serve);
	snprintf(url, sizeof(url), "redis://%s127.0.0.1:%u%s", user,
		 trial->server.port, db);
	assert_int_equal(open(url, timeout_ms, why, &trial->t), 0);
}

static void begin(struct trial *trial, serve_fn *serve, int64_t timeout_ms)
{
	begin_as(trial, serve, "", "", timeout_ms);
}

static void end(struct trial *trial)
{
	tier_close(trial->t);
	server_stop(&trial->server);
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
	struct trial trial;

	begin(&trial, serve, timeout_ms);
	assert_ping(trial.t, expected, words);
	end(&trial);
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
	struct trial trial;

	(void)state;
	begin(&trial, serve_nothing, PATIENCE_MS);
	assert_int_equal(tier_ping(trial.t, deadline_in(TIMEOUT_MS)), -ETIMEDOUT);
	assert_int_equal(tier_ping(trial.t, deadline_in(0)), -ETIMEDOUT);
	end(&trial);
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
	struct trial trial;

	(void)state;
	chunk.data = calloc(1, MIB(16));
	assert_non_null(chunk.data);
	assert_int_equal(session_id_make(s.created_at, s.id), 0);
	begin(&trial, serve_nothing, TIMEOUT_MS);
	assert_int_equal(tier_put_chunk(trial.t, &s, &chunk,
					deadline_in(PATIENCE_MS), &count),
			 -ETIMEDOUT);
	end(&trial);
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
	struct trial trial;

	(void)state;
	begin(&trial, serve_once_a_connection, PATIENCE_MS);
	for (int i = 0; i < 5; i++)
		assert_ping(trial.t, 0, "");
	end(&trial);
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
	struct trial trial;

	(void)state;
	begin(&trial, serve_half_a_reply_first, PATIENCE_MS);
	assert_ping(trial.t, -ECONNRESET, "closed");
	assert_ping(trial.t, 0, "");
	end(&trial);
}

static void serve_two_replies_first(int listener)
{
	int fd = next(listener);

	hear(fd, "chunked:ping\r\n");
	say(fd, ":0\r\n:1\r\n");
	answer_pings(next(listener), ":0\r\n");
}

static void reply_too_many_is_a_failure_and_forgotten(void **state)
{
	struct trial trial;

	(void)state;
	begin(&trial, serve_two_replies_first, PATIENCE_MS);
	assert_ping(trial.t, -EPROTO, "more replies");
	assert_ping(trial.t, 0, "");
	end(&trial);
}

static int out_of_turn[2];	/* the server's end, and the client's */

static void serve_out_of_turn(int listener)
{
	int fd = next(listener);

	hear(fd, "chunked:ping\r\n");
	say(fd, ":0\r\n");
	/* Not before the client has what it waits for. */
	hear(out_of_turn[0], "heard");
	say(fd, "+OK\r\n");
	say(out_of_turn[0], "spoken");
	answer_pings(next(listener), ":0\r\n");
}

static void what_comes_unasked_is_no_reply(void **state)
{
	struct trial trial;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, out_of_turn), 0);
	begin(&trial, serve_out_of_turn, PATIENCE_MS);
	assert_ping(trial.t, 0, "");
	say(out_of_turn[1], "heard");
	hear(out_of_turn[1], "spoken");
	assert_ping(trial.t, 0, "");
	end(&trial);
	close(out_of_turn[0]);
	close(out_of_turn[1]);
}

static void serve_another_shape_first(int listener)
{
	int fd = next(listener);

	hear(fd, "chunked:ping\r\n");
	say(fd, "$1\r\n0\r\n");
	answer_pings(next(listener), ":0\r\n");
}

static void after_another_shape_it_is_made_anew(void **state)
{
	struct trial trial;

	(void)state;
	begin(&trial, serve_another_shape_first, PATIENCE_MS);
	assert_ping(trial.t, -EPROTO, "not what its command gives");
	assert_ping(trial.t, 0, "");
	end(&trial);
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
	struct trial trial;

	(void)state;
	begin(&trial, serve_late_first, TIMEOUT_MS);
	assert_ping(trial.t, -ETIMEDOUT, "");
	assert_ping(trial.t, 0, "");
	end(&trial);
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
	struct trial trial;

	(void)state;
	begin(&trial, serve_refusal, PATIENCE_MS);
	assert_ping(trial.t, -EAGAIN, "loading its data");
	assert_null(strstr(trial.t->error, "SECRET"));
	end(&trial);
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
	struct trial trial;

	(void)state;
	begin_as(&trial, serve_password, "ann:SEC%40ET@", "",
		 PATIENCE_MS);
	assert_ping(trial.t, 0, "");
	assert_ping(trial.t, 0, "");
	end(&trial);
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
	struct trial trial;

	(void)state;
	begin_as(&trial, serve_no_database, "", "/99", PATIENCE_MS);
	assert_ping(trial.t, -EINVAL, "database");
	assert_ping(trial.t, -EINVAL, "database");
	end(&trial);
}

static void refused_port_is_said(void **state)
{
	struct trial trial;

	(void)state;
	begin(&trial, serve_nothing, PATIENCE_MS);
	server_stop(&trial.server);
	assert_ping(trial.t, -ECONNREFUSED, "refused");
	tier_close(trial.t);
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
		cmocka_unit_test(reply_too_many_is_a_failure_and_forgotten),
		cmocka_unit_test(what_comes_unasked_is_no_reply),
		cmocka_unit_test(after_another_shape_it_is_made_anew),
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
