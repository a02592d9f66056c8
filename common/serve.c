/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/body_file.h"
#include "common/confine.h"
#include "common/cors.h"
#include "common/log.h"
#include "common/service.h"
#include "common/store.h"

#define EXIT_CONFIG 78		/* sysexits.h: EX_CONFIG */
#define HEADERS_MAX KIB(4)	/* bytes of an answer's header lines */

/* What a process holds from its first request to its last. */
struct server {
	const struct endpoint *endpoint;
	struct config config;
	struct service service;
	struct front *front;
	struct request request;
	struct reply reply;
};

/* The mistakes that it does not start with are for people; not a log yet. */
static void tell(const struct buf *lines)
{
	const char *line = lines->data;

	for (size_t len; line && *line; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		fprintf(stderr, "tranche: %.*s\n", (int)len, line);
	}
}

static void log_warnings(const struct config *config, const struct buf *lines)
{
	struct log_line line;
	char *rest = lines->data, *text;

	while (rest && (text = strsep(&rest, "\n")) && *text) {
		log_begin(&line, config, CONFIG_LOG_WARN, "config");
		log_text(&line, "reason", text);
		log_end(&line);
	}
}

static int read_config(struct config *ret_config)
{
	struct buf errors, warnings;
	int r;

	buf_init(&errors, CONFIG_ERRORS_MAX);
	buf_init(&warnings, CONFIG_ERRORS_MAX);
	r = config_read(getenv, ret_config, &errors, &warnings);
	tell(&errors);
	if (r)
		tell(&warnings);
	else
		log_warnings(ret_config, &warnings);
	buf_done(&errors);
	buf_done(&warnings);
	return r;
}

static struct body_limit body_max(const struct server *server)
{
	const struct endpoint *endpoint = server->endpoint;

	if (endpoint->body_max)
		return endpoint->body_max(&server->config, &server->request);
	return (struct body_limit){
		ENDPOINT_BODY_MAX, "maxBody", ENDPOINT_BODY_MAX,
	};
}

static bool wants_body(const struct server *server)
{
	const struct request *req = &server->request;

	return (req->method == HTTP_POST || req->method == HTTP_PUT) &&
	       (server->endpoint->methods & req->method);
}

static int read_body(struct server *server)
{
	struct body_limit limit = body_max(server);
	int r;

	r = request_read_body(&server->request, server->front, &limit,
			      server->config.body_dir);
	if (r == -EPIPE)
		service_reason(&server->service, "the body broke off");
	else if (r < 0 && r != -ENOMEM)
		service_reason(&server->service, body_file_words(r));
	return r;
}

static int answer(struct server *server)
{
	const struct endpoint *endpoint = server->endpoint;
	struct request *req = &server->request;
	struct reply *reply = &server->reply;
	int r = 0;

	if (wants_body(server))
		r = read_body(server);
	else
		request_skip_body(req, server->front);
	if (r)
		return request_refuse(req, r, reply);
	if (req->method == HTTP_OPTIONS) {
		reply_open(reply, HTTP_NO_CONTENT);
		return 0;
	}
	if (!(endpoint->methods & req->method))
		return reply_error(reply, HTTP_METHOD_NOT_ALLOWED, "method",
				   "Method not allowed");
	return endpoint->handle(&server->service, req, reply);
}

static int allow_header(const struct endpoint *endpoint, struct buf *out)
{
	static const struct {
		enum http_method method;
		const char *names;
	} methods[] = {
		{ HTTP_GET, "GET, HEAD, " },
		{ HTTP_POST, "POST, " },
		{ HTTP_PUT, "PUT, " },
		{ HTTP_DELETE, "DELETE, " },
	};
	int r;

	r = buf_append_string(out, "Allow: ");
	for (size_t i = 0; !r && i < ARRAY_SIZE(methods); i++)
		if (endpoint->methods & methods[i].method)
			r = buf_append_string(out, methods[i].names);
	return r ? r : buf_append_string(out, "OPTIONS\r\n");
}

/* The tier that served the request; NULL when none did. */
static const char *served_by(const struct server *server)
{
	return server->reply.status < 500 ? server->service.store->served :
					    NULL;
}

static int write_headers(const struct server *server, struct buf *out)
{
	const struct request *req = &server->request;
	const struct reply *reply = &server->reply;
	bool preflight = req->method == HTTP_OPTIONS;
	int r;

	r = buf_printf(out, "Status: %u %s\r\n"
		       "Cache-Control: no-store\r\n"
		       "X-Request-Id: %s\r\n",
		       reply->status, http_reason(reply->status), req->id);
	if (!r && reply->status != HTTP_NO_CONTENT)
		r = buf_append_string(out, "Content-Type: application/json; "
				      "charset=utf-8\r\n");
	if (!r && reply->status != HTTP_NO_CONTENT && !req->is_head)
		r = buf_printf(out, "Content-Length: %zu\r\n",
			       reply->body.size);
	if (!r && served_by(server))
		r = buf_printf(out, "Tranche-Tier: %s\r\n", served_by(server));
	if (!r && reply->retry_after)
		r = buf_printf(out, "Retry-After: %u\r\n", reply->retry_after);
	if (!r && (preflight || reply->status == HTTP_METHOD_NOT_ALLOWED))
		r = allow_header(server->endpoint, out);
	if (!r)
		r = cors_headers(server->config.cors_origins, req->origin,
				 preflight, out);
	return r ? r : buf_append_string(out, "\r\n");
}

static int send_reply(struct server *server)
{
	const struct front_impl *front = server->front->impl;
	const struct reply *reply = &server->reply;
	struct buf headers;
	int r;

	buf_init(&headers, HEADERS_MAX);
	r = write_headers(server, &headers);
	if (!r)
		r = front->write(server->front, headers.data, headers.size);
	if (!r && !server->request.is_head && reply->status != HTTP_NO_CONTENT)
		r = front->write(server->front, reply->body.data,
				 reply->body.size);
	buf_done(&headers);
	return r;
}

/* The words of whoever failed; @r is what the handler gave. */
static const char *reason_of(const struct server *server, int r)
{
	const char *words = service_words(&server->service);

	return words[0] || r >= 0 ? words : strerrordesc_np(-r);
}

/* Who knows a session's id may do with it as they like: no log has it. */
static void log_session(struct log_line *line, const char *id)
{
	char digest[SESSION_PERSISTENT_ID_MAX + 1] = "";

	if (*id)
		session_derive_persistent_id(id, digest);
	log_text(line, "session", digest);
}

static void log_request(const struct server *server, int r, int sent,
			int64_t began_ms)
{
	const struct request *req = &server->request;
	const struct reply *reply = &server->reply;
	enum config_log_level level = CONFIG_LOG_INFO;
	struct log_line line;

	if (reply->status >= 500 || sent)
		level = CONFIG_LOG_WARN;
	log_begin(&line, &server->config, level, "request");
	log_text(&line, "function", server->endpoint->name);
	log_text(&line, "id", req->id);
	log_session(&line, server->service.session_id);
	log_number(&line, "status", reply->status);
	log_text(&line, "code", reply->code);
	log_text(&line, "tier", served_by(server));
	log_number(&line, "bytes", (int64_t)req->body.size);
	log_number(&line, "ms", clock_monotonic_ms() - began_ms);
	log_text(&line, "reason", reason_of(server, r));
	if (sent)
		log_text(&line, "sent", "no");
	log_end(&line);
}

static void serve_request(struct server *server)
{
	struct service *service = &server->service;
	struct request *req = &server->request;
	struct reply *reply = &server->reply;
	int64_t began = clock_monotonic_ms();
	int r, sent;

	service->session_id[0] = '\0';
	service->reason[0] = '\0';
	service->store->served = NULL;
	service->store->error[0] = '\0';
	if (service->sink)
		service->sink->error[0] = '\0';
	r = request_begin(req, server->front, clock_now_ms(),
			  deadline_in(server->endpoint->is_long ?
				      server->config.complete_timeout_ms :
				      server->config.request_timeout_ms));
	r = r ? request_refuse(req, r, reply) : answer(server);
	if (r < 0)
		(void)reply_unavailable(reply);
	sent = send_reply(server);
	server->front->impl->finish(server->front);
	log_request(server, r, sent, began);
	request_end(req);
	reply_end(reply);
}

/*
 * Chunks live on the heap for one request. Without this each of them would be
 * mapped and returned anew, and touching fresh memory costs more than copying
 * into it.
 */
static void keep_memory(void)
{
	mallopt(M_MMAP_THRESHOLD, (int)MIB(32));
	mallopt(M_TRIM_THRESHOLD, (int)MIB(2));
}

static int open_all(struct server *server)
{
	int r;

	r = store_open(&server->config, &server->service.store);
	if (!r)
		r = front_open(&server->front);
	if (r)
		fprintf(stderr, "tranche: cannot start: %s\n",
			strerrordesc_np(-r));
	return r;
}

static void close_all(struct server *server)
{
	if (server->front)
		server->front->impl->close(server->front);
	sink_close(server->service.sink);
	tier_close(server->service.store);
	request_done(&server->request);
	reply_done(&server->reply);
}

int serve(const struct endpoint *endpoint)
{
	struct server server = { .endpoint = endpoint };
	uint64_t served = 0;

	server.service.config = &server.config;
	if (read_config(&server.config))
		return EXIT_CONFIG;
	/* Both come back as errors of the call, which are handled. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	confine(&server.config);
	keep_memory();
	request_init(&server.request);
	reply_init(&server.reply);
	if (open_all(&server)) {
		close_all(&server);
		return EXIT_FAILURE;
	}
	while (server.front->impl->accept(server.front,
				server.config.idle_timeout_ms) == 0) {
		serve_request(&server);
		if (++served == server.config.max_requests)
			break;
	}
	close_all(&server);
	return EXIT_SUCCESS;
}
