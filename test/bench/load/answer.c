/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "answer.h"

static const char ended[] = "the server closed the connection";

static const char *fill(struct client *client)
{
	ssize_t n;

	client->in_at = client->in_end = 0;
	do
		n = read(client->fd, client->in, CLIENT_ANSWER_MAX);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return strerror(errno);
	if (n == 0)
		return ended;
	client->in_end = (size_t)n;
	return NULL;
}

/* To the end of a line, without its CR LF. */
static const char *read_line(struct client *client, char *line, size_t size)
{
	size_t n = 0;

	for (;;) {
		const char *why = NULL;
		char c;

		if (client->in_at == client->in_end)
			why = fill(client);
		if (why)
			return why;
		c = client->in[client->in_at++];
		if (c == '\n')
			break;
		if (n + 1 == size)
			return "a line is too long";
		line[n++] = c;
	}
	if (n > 0 && line[n - 1] == '\r')
		n--;
	line[n] = '\0';
	return NULL;
}

/* Lines to the empty one, the first of them the status. */
static const char *read_head(struct client *client, struct answer *answer)
{
	size_t at = 0;

	do {
		const char *why = read_line(client, answer->head + at,
					    sizeof(answer->head) - at - 1);

		if (why)
			return why;
		if (!answer->head[at])
			break;
		at += strlen(answer->head + at);
		answer->head[at++] = '\n';
		answer->head[at] = '\0';
	} while (at + 2 < sizeof(answer->head));
	if (sscanf(answer->head, "HTTP/1.%*1[01] %d", &answer->status) != 1)
		return "no HTTP/1.1 answer";
	return NULL;
}

static const char *read_body(struct client *client, struct answer *answer,
			     size_t size)
{
	while (size > 0) {
		const char *why = NULL;
		size_t n, keep;

		if (client->in_at == client->in_end)
			why = fill(client);
		if (why)
			return why;
		n = client->in_end - client->in_at;
		if (n > size)
			n = size;
		keep = ANSWER_KEPT_MAX - answer->kept;
		if (keep > n)
			keep = n;
		memcpy(answer->body + answer->kept, client->in + client->in_at,
		       keep);
		answer->kept += keep;
		answer->body[answer->kept] = '\0';
		client->in_at += n;
		size -= n;
	}
	return NULL;
}

static const char *read_chunked(struct client *client, struct answer *answer)
{
	char line[256];
	size_t size;

	do {
		const char *why = read_line(client, line, sizeof(line));

		if (why)
			return why;
		size = strtoul(line, NULL, 16);
		why = read_body(client, answer, size);
		if (!why)
			why = read_line(client, line, sizeof(line));
		if (why)
			return why;
	} while (size > 0);
	return line[0] ? "trailers are not read" : NULL;
}

static const char *read_to_end(struct client *client, struct answer *answer)
{
	const char *why = NULL;

	while (!why)
		why = read_body(client, answer, 1);
	return why == ended ? NULL : why;
}

const char *answer_read(struct client *client, struct answer *answer)
{
	const char *why;
	char value[64];

	do {
		answer->body[0] = '\0';
		answer->kept = 0;
		why = read_head(client, answer);
	} while (!why && answer->status < 200);
	if (why)
		return why;

	answer->closes = answer_header(answer, "Connection", value,
				       sizeof(value)) &&
			 !strcasecmp(value, "close");
	if (answer->status == 204 || answer->status == 304)
		return NULL;
	if (answer_header(answer, "Transfer-Encoding", value, sizeof(value)))
		return read_chunked(client, answer);
	if (answer_header(answer, "Content-Length", value, sizeof(value)))
		return read_body(client, answer, strtoul(value, NULL, 10));
	answer->closes = true;
	return read_to_end(client, answer);
}

bool answer_header(const struct answer *answer, const char *name, char *value,
		   size_t size)
{
	const char *line = strchr(answer->head, '\n');
	size_t length = strlen(name);

	for (; line && *++line; line = strchr(line, '\n')) {
		if (strncasecmp(line, name, length) || line[length] != ':')
			continue;
		line += length + 1;
		line += strspn(line, " \t");
		snprintf(value, size, "%.*s", (int)strcspn(line, "\n"), line);
		return true;
	}
	return false;
}

void answer_json(const struct answer *answer, const char *name, char *value,
		 size_t size)
{
	char key[128];
	const char *at;

	snprintf(key, sizeof(key), "\"%s\"", name);
	at = strstr(answer->body, key);
	if (!at)
		return;
	at += strlen(key);
	at += strspn(at, " \t\r\n:");
	if (*at++ == '"')
		snprintf(value, size, "%.*s", (int)strcspn(at, "\""), at);
}
