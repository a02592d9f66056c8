/* SPDX-License-Identifier: MIT */
#pragma once

/*
 * What the generator is to send: a text of one directive a line, written by
 * lib/load.py.
 *
 *	address HOST PORT	an IPv4 address
 *	wait_ms N		for a server to take or give anything
 *	run_ms N		for all of it
 *	connection		what follows is sent on one of its own,
 *	list			one unit of what is counted and timed, of
 *	request METHOD STATUS PATH
 *	header NAME: VALUE
 *	text TEXT		part of its body, to the end of the line
 *	file PATH		part of its body
 *	capture header NAME	what of the answer replaces @captured@ in
 *	capture json FIELD	paths and texts of the list's later requests
 */

#include <stdbool.h>
#include <stddef.h>

#define PLAN_CONNECTIONS_MAX 64
#define PLAN_HEADERS_MAX 16 /* of a request */
#define PLAN_PARTS_MAX 8    /* of a body */

/* A range of the next smaller things, by their numbers in the plan. */
struct plan_range {
	size_t first;
	size_t n;
};

struct plan_part {
	const char *data;
	size_t size;
	bool is_text;
};

enum plan_capture {
	PLAN_CAPTURE_NOTHING,
	PLAN_CAPTURE_HEADER,
	PLAN_CAPTURE_JSON,
};

struct plan_request {
	const char *method;
	const char *path;
	int status;
	struct plan_range headers;
	struct plan_range parts;
	enum plan_capture capture;
	const char *capture_name;
};

struct plan_file {
	const char *path;
	const char *data;
	size_t size;
};

struct plan {
	char *text; /* all strings lie in it */
	const char *host;
	int port;
	int wait_ms;
	int run_ms;
	struct plan_range *connections; /* of lists */
	size_t n_connections;
	struct plan_range *lists; /* of requests */
	size_t n_lists;
	struct plan_request *requests;
	size_t n_requests;
	const char **headers;
	size_t n_headers;
	struct plan_part *parts;
	size_t n_parts;
	struct plan_file *files;
	size_t n_files;
};

/*
 * Reads a plan and all files that it names into memory. Ends the program with
 * a complaint where it cannot: nothing is to be done without.
 */
struct plan plan_read(const char *path);
