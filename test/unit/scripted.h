/* SPDX-License-Identifier: MIT */

/*
 * scripted - a server on loopback that does as a test says, in a process of
 * its own: to show a client what a healthy server never does.
 */

#pragma once

#include <stdint.h>
#include <sys/types.h>

/* What the server does; it is killed at the end. */
typedef void serve_fn(int listener);

struct server {
	int listener;
	uint16_t port;
	pid_t pid;
};

/* Fails the test when it cannot; server_stop() it. */
void server_start(struct server *server, serve_fn *serve);
void server_stop(struct server *server);

/* For a serve_fn; each ends the server when the client has gone. */

/* The next connection. */
int next(int listener);

/* Reads until @end has come, which is not asked for twice. */
void hear(int fd, const char *end);

void say(int fd, const char *text);
