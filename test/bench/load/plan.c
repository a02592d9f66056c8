/* SPDX-License-Identifier: MIT */

#include <err.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan.h"

/* One more place at the end of an array; it doubles at the powers of two. */
static void *grow(void *array, size_t n, size_t size)
{
	if (n & (n - 1))
		return array;
	array = reallocarray(array, n ? 2 * n : 1, size);
	if (!array)
		err(1, "memory");
	return array;
}

/* All of a file, with a NUL after it; its pages are touched by that. */
static char *read_all(const char *path, size_t *ret_size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t have = 0;
	struct stat st;
	char *data;

	if (fd < 0 || fstat(fd, &st))
		err(1, "%s", path);
	data = malloc((size_t)st.st_size + 1);
	if (!data)
		err(1, "memory");
	while (have < (size_t)st.st_size) {
		ssize_t n = read(fd, data + have, (size_t)st.st_size - have);

		if (n <= 0)
			err(1, "%s", path);
		have += (size_t)n;
	}
	close(fd);
	data[have] = '\0';
	*ret_size = have;
	return data;
}

static int number(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < 0 || n > 100 * 1000 * 1000)
		errx(1, "plan: no number: %s", text);
	return (int)n;
}

/* Cuts the first word off; the rest follows one space. */
static char *cut(char **rest)
{
	char *word = *rest, *space = strchr(word, ' ');

	if (space)
		*space = '\0';
	*rest = space ? space + 1 : word + strlen(word);
	return word;
}

static struct plan_part file_part(struct plan *plan, const char *path)
{
	struct plan_file *file;

	for (size_t i = plan->n_files; i-- > 0;) {
		file = &plan->files[i];
		if (!strcmp(file->path, path))
			return (struct plan_part){ file->data, file->size,
						   false };
	}
	plan->files = grow(plan->files, plan->n_files, sizeof(*plan->files));
	file = &plan->files[plan->n_files++];
	file->path = path;
	file->data = read_all(path, &file->size);
	return (struct plan_part){ file->data, file->size, false };
}

static void add_connection(struct plan *plan)
{
	if (plan->n_connections == PLAN_CONNECTIONS_MAX)
		errx(1, "plan: over %d connections", PLAN_CONNECTIONS_MAX);
	plan->connections = grow(plan->connections, plan->n_connections,
				 sizeof(*plan->connections));
	plan->connections[plan->n_connections++].first = plan->n_lists;
	plan->connections[plan->n_connections - 1].n = 0;
}

static void add_list(struct plan *plan)
{
	if (!plan->n_connections)
		errx(1, "plan: a list before a connection");
	plan->lists = grow(plan->lists, plan->n_lists, sizeof(*plan->lists));
	plan->lists[plan->n_lists++] =
		(struct plan_range){ .first = plan->n_requests };
	plan->connections[plan->n_connections - 1].n++;
}

static void add_request(struct plan *plan, char *rest)
{
	struct plan_request request = {
		.headers.first = plan->n_headers,
		.parts.first = plan->n_parts,
	};

	if (!plan->n_lists)
		errx(1, "plan: a request before a list");
	request.method = cut(&rest);
	request.status = number(cut(&rest));
	request.path = rest;
	plan->requests = grow(plan->requests, plan->n_requests,
			      sizeof(*plan->requests));
	plan->requests[plan->n_requests++] = request;
	plan->lists[plan->n_lists - 1].n++;
}

static struct plan_request *last_request(struct plan *plan)
{
	if (!plan->n_requests)
		errx(1, "plan: no request yet");
	return &plan->requests[plan->n_requests - 1];
}

static void add_header(struct plan *plan, const char *header)
{
	if (++last_request(plan)->headers.n > PLAN_HEADERS_MAX)
		errx(1, "plan: over %d headers", PLAN_HEADERS_MAX);
	plan->headers = grow(plan->headers, plan->n_headers,
			     sizeof(*plan->headers));
	plan->headers[plan->n_headers++] = header;
}

static void add_part(struct plan *plan, struct plan_part part)
{
	if (++last_request(plan)->parts.n > PLAN_PARTS_MAX)
		errx(1, "plan: over %d parts of a body", PLAN_PARTS_MAX);
	plan->parts = grow(plan->parts, plan->n_parts, sizeof(*plan->parts));
	plan->parts[plan->n_parts++] = part;
}

static void set_capture(struct plan *plan, char *rest)
{
	struct plan_request *request = last_request(plan);
	const char *kind = cut(&rest);

	request->capture = !strcmp(kind, "header") ? PLAN_CAPTURE_HEADER
						   : PLAN_CAPTURE_JSON;
	request->capture_name = rest;
}

static void directive(struct plan *plan, char *line)
{
	const char *word = cut(&line);

	if (!strcmp(word, "address")) {
		plan->host = cut(&line);
		plan->port = number(line);
	} else if (!strcmp(word, "wait_ms")) {
		plan->wait_ms = number(line);
	} else if (!strcmp(word, "run_ms")) {
		plan->run_ms = number(line);
	} else if (!strcmp(word, "connection")) {
		add_connection(plan);
	} else if (!strcmp(word, "list")) {
		add_list(plan);
	} else if (!strcmp(word, "request")) {
		add_request(plan, line);
	} else if (!strcmp(word, "header")) {
		add_header(plan, line);
	} else if (!strcmp(word, "text")) {
		add_part(plan, (struct plan_part){ line, strlen(line), true });
	} else if (!strcmp(word, "file")) {
		add_part(plan, file_part(plan, line));
	} else if (!strcmp(word, "capture")) {
		set_capture(plan, line);
	} else {
		errx(1, "plan: unknown: %s", word);
	}
}

struct plan plan_read(const char *path)
{
	struct plan plan = { 0 };
	char *line, *rest;
	size_t size;

	plan.text = rest = read_all(path, &size);
	while ((line = strsep(&rest, "\n"))) {
		if (*line)
			directive(&plan, line);
	}
	if (!plan.host || !plan.wait_ms || !plan.run_ms || !plan.n_lists)
		errx(1, "%s: no address, wait_ms, run_ms or list", path);
	return plan;
}
