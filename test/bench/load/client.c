/* SPDX-License-Identifier: MIT */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "answer.h"
#include "client.h"

#define HEAD_MAX 8192 /* bytes */
#define MARK "@captured@"

__attribute__((format(printf, 2, 3))) static int
fail(struct client *client, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	vsnprintf(client->failure, sizeof(client->failure), format, values);
	va_end(values);
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
	return -1;
}

void client_init(struct client *client, const struct plan *plan)
{
	client->plan = plan;
	client->fd = -1;
	client->captured[0] = client->failure[0] = '\0';
	client->sent = client->connected = 0;
}

void client_done(struct client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
}

int client_connect(struct client *client)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct timeval wait = {
		.tv_sec = client->plan->wait_ms / 1000,
		.tv_usec = client->plan->wait_ms % 1000 * 1000,
	};
	int one = 1;

	to.sin_port = htons((uint16_t)client->plan->port);
	if (inet_pton(AF_INET, client->plan->host, &to.sin_addr) != 1)
		return fail(client, "no IPv4 address");
	client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (client->fd < 0)
		return fail(client, "socket: %s", strerror(errno));
	setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(client->fd, (struct sockaddr *)&to, sizeof(to)))
		return fail(client, "connect: %s", strerror(errno));
	client->connected++;
	client->in_at = client->in_end = 0;
	return 0;
}

/* The text with every mark replaced, in memory of the caller's, or NULL. */
static char *substitute(const char *text, const char *captured)
{
	size_t size = strlen(text) + 1, mark = strlen(MARK);
	const char *found;
	char *out, *at;

	for (found = text; (found = strstr(found, MARK)); found += mark)
		size += strlen(captured);
	out = at = malloc(size);
	while (out && (found = strstr(text, MARK))) {
		at = mempcpy(at, text, (size_t)(found - text));
		at = stpcpy(at, captured);
		text = found + mark;
	}
	if (out)
		strcpy(at, text);
	return out;
}

static int send_parts(struct client *client, struct iovec *parts, int n)
{
	while (n > 0) {
		ssize_t sent = writev(client->fd, parts, n);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			return fail(client, "send: %s", strerror(errno));
		while (n > 0 && (size_t)sent >= parts->iov_len) {
			sent -= (ssize_t)parts->iov_len;
			parts++;
			n--;
		}
		if (n > 0) {
			parts->iov_base = (char *)parts->iov_base + sent;
			parts->iov_len -= (size_t)sent;
		}
	}
	return 0;
}

static int write_head(const struct plan *plan,
		      const struct plan_request *request, const char *path,
		      size_t body_size, char head[HEAD_MAX])
{
	int n = snprintf(head, HEAD_MAX, "%s %s HTTP/1.1\r\nHost: %s:%d\r\n",
			 request->method, path, plan->host, plan->port);

	for (size_t i = 0; i < request->headers.n && n < HEAD_MAX; i++)
		n += snprintf(head + n, HEAD_MAX - (size_t)n, "%s\r\n",
			      plan->headers[request->headers.first + i]);
	if (n < HEAD_MAX && (request->parts.n || *request->method == 'P'))
		n += snprintf(head + n, HEAD_MAX - (size_t)n,
			      "Content-Length: %zu\r\n", body_size);
	if (n < HEAD_MAX)
		n += snprintf(head + n, HEAD_MAX - (size_t)n, "\r\n");
	return n < HEAD_MAX ? n : -1;
}

static int send_request(struct client *client,
			const struct plan_request *request)
{
	struct iovec out[PLAN_PARTS_MAX + 1];
	char *texts[PLAN_PARTS_MAX + 1] = { NULL };
	char head[HEAD_MAX];
	size_t size = 0, n = request->parts.n;
	int length, r = -1;

	texts[0] = substitute(request->path, client->captured);
	for (size_t i = 0; i < n; i++) {
		const struct plan_part *part =
			&client->plan->parts[request->parts.first + i];

		out[i + 1].iov_base = (void *)part->data;
		out[i + 1].iov_len = part->size;
		if (part->is_text) {
			texts[i + 1] = substitute(part->data, client->captured);
			out[i + 1].iov_base = texts[i + 1];
			out[i + 1].iov_len =
				texts[i + 1] ? strlen(texts[i + 1]) : 0;
		}
		size += out[i + 1].iov_len;
	}
	length = texts[0] ? write_head(client->plan, request, texts[0], size,
				       head)
			  : -1;
	if (length < 0) {
		fail(client, "the head of a request is too large");
	} else {
		out[0] = (struct iovec){ head, (size_t)length };
		r = send_parts(client, out, (int)n + 1);
	}
	if (!r)
		client->sent += size;
	for (size_t i = 0; i <= n; i++)
		free(texts[i]);
	return r;
}

static void capture(struct client *client, const struct plan_request *request,
		    const struct answer *answer)
{
	const char *host;

	if (request->capture == PLAN_CAPTURE_HEADER)
		answer_header(answer, request->capture_name, client->captured,
			      sizeof(client->captured));
	else if (request->capture == PLAN_CAPTURE_JSON)
		answer_json(answer, request->capture_name, client->captured,
			    sizeof(client->captured));
	host = strstr(client->captured, "://");
	if (host && request->capture == PLAN_CAPTURE_HEADER) {
		host = strchr(host + 3, '/');
		memmove(client->captured, host ? host : "/",
			host ? strlen(host) + 1 : 2);
	}
}

int client_ask(struct client *client, const struct plan_request *request)
{
	struct answer answer;
	const char *why;

	if (client->fd < 0 && client_connect(client))
		return -1;
	if (send_request(client, request))
		return -1;
	why = answer_read(client, &answer);
	if (why)
		return fail(client, "%s %s: %s", request->method,
			    request->path, why);
	if (answer.status != request->status)
		return fail(client, "%s %s: %d, %.200s", request->method,
			    request->path, answer.status, answer.body);
	if (request->capture != PLAN_CAPTURE_NOTHING) {
		client->captured[0] = '\0';
		capture(client, request, &answer);
		if (!client->captured[0])
			return fail(client, "%s %s: no %s in the answer",
				    request->method, request->path,
				    request->capture_name);
	}
	if (answer.closes) {
		close(client->fd);
		client->fd = -1;
	}
	return 0;
}
