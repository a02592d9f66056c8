/* SPDX-License-Identifier: MIT */
#pragma once

/* One connection that sends requests of a plan and reads whole answers. */

#include "plan.h"

#define CLIENT_CAPTURED_MAX 1024 /* bytes */
#define CLIENT_FAILURE_MAX 400   /* bytes */
#define CLIENT_ANSWER_MAX 65536  /* bytes that are held at once */

struct client {
	const struct plan *plan;
	int fd; /* -1: to be connected */
	char captured[CLIENT_CAPTURED_MAX];
	/* Why the last request failed. */
	char failure[CLIENT_FAILURE_MAX];
	unsigned long long sent;      /* bytes of bodies */
	unsigned long long connected; /* how often */

	char in[CLIENT_ANSWER_MAX + 1];
	size_t in_at, in_end;
};

void client_init(struct client *client, const struct plan *plan);
void client_done(struct client *client);

/* 0, or -1 with a failure. */
int client_connect(struct client *client);

/*
 * Sends a request, reads the answer to its end, checks its status. 0, or -1
 * with a failure; then the next request goes on a new connection.
 */
int client_ask(struct client *client, const struct plan_request *request);
