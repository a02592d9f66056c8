/* SPDX-License-Identifier: MIT */

#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "test/unit/scripted.h"

void server_start(struct server *server, serve_fn *serve)
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

void server_stop(struct server *server)
{
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
}

int next(int listener)
{
	int fd = accept(listener, NULL, NULL);

	if (fd < 0)
		_exit(1);
	return fd;
}

void hear(int fd, const char *end)
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

void say(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) < 0)
		_exit(1);
}
