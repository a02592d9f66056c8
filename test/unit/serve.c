/* SPDX-License-Identifier: MIT */

/* The program around a function: what goes out, and what the log says. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/service.h"
#include "common/store.h"
#include "test/unit/fake_front.h"
#include "test/unit/fake_tier.h"

#define ID "1700000000000-01234567890123456789012345"

static struct fake_front front;
static struct fake_tier tier;
static char text[8192];

/* In place of the real ones, which serve() would open. */
int front_open(struct front **ret_front)
{
	*ret_front = &front.base;
	return 0;
}

int store_open(const struct config *config, struct tier **ret_store)
{
	(void)config;
	fake_init(&tier, "redis", NULL);
	*ret_store = &tier.base;
	return 0;
}

static int setup(void **state)
{
	(void)state;
	unsetenv("REDIS_URL");
	unsetenv("MONGODB_URI");
	setenv("TRANCHE_LOG_LEVEL", "info", 1);
	setenv("TRANCHE_SINK", "file:/nowhere", 1);
	unsetenv("TRANCHE_CORS_ORIGINS");
	unsetenv("TRANCHE_MAX_REQUESTS");
	return 0;
}

static struct body_limit small(const struct config *config,
			       const struct request *req)
{
	(void)config;
	(void)req;
	return (struct body_limit){ 10, "maxThing", 7 };
}

/* Serves @n requests, and catches what is said on standard error. */
static int serve_all(const struct fake_request *requests, size_t n,
		     unsigned methods, endpoint_fn *fn)
{
	const struct endpoint endpoint = {
		.name = "thing",
		.methods = methods,
		.body_max = small,
		.handle = fn,
	};
	int saved = dup(STDERR_FILENO), r;
	FILE *log = tmpfile();

	assert_non_null(log);
	fake_front_done(&front);
	fake_front_init(&front, requests, n);
	assert_true(dup2(fileno(log), STDERR_FILENO) >= 0);
	r = serve(&endpoint);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	rewind(log);
	text[fread(text, 1, sizeof(text) - 1, log)] = '\0';
	fclose(log);
	fake_done(&tier);
	if (front.written.data)
		print_message("%s\n%s\n", front.written.data, text);
	return r;
}

static void serve_one(const struct fake_request *request, endpoint_fn *fn)
{
	assert_int_equal(serve_all(request, 1, HTTP_GET | HTTP_POST, fn), 0);
	assert_true(front.closed && tier.closed);
}

static void assert_out(const char *words)
{
	assert_non_null(strstr(front.written.data, words));
}

static void assert_not_out(const char *words)
{
	assert_null(strstr(front.written.data, words));
}

static void assert_log(const char *words)
{
	assert_non_null(strstr(text, words));
}

static void assert_not_log(const char *words)
{
	assert_null(strstr(text, words));
}

static int says_yes(struct service *service, struct request *req,
		    struct reply *reply)
{
	(void)req;
	strcpy(service->session_id, ID);
	service->store->served = "redis";
	reply_open(reply, 200);
	reply_bool(reply, "yes", true);
	return reply_close(reply);
}

static const struct fake_request get = {
	.params = { { "REQUEST_METHOD", "GET" } },
};

static void answer_has_its_headers(void **state)
{
	(void)state;
	serve_one(&(struct fake_request){ .params = {
			{ "REQUEST_METHOD", "GET" },
			{ "HTTP_X_REQUEST_ID", "abc.1" } } }, says_yes);
	assert_string_equal(front.written.data,
		"Status: 200 OK\r\n"
		"Cache-Control: no-store\r\n"
		"X-Request-Id: abc.1\r\n"
		"Content-Type: application/json; charset=utf-8\r\n"
		"Content-Length: 12\r\n"
		"Tranche-Tier: redis\r\n"
		"\r\n"
		"{\"yes\":true}\f");
}

static void log_has_a_line_and_no_secret(void **state)
{
	(void)state;
	serve_one(&(struct fake_request){ .params = {
			{ "REQUEST_METHOD", "POST" },
			{ "REMOTE_USER", "anna" },
			{ "QUERY_STRING", "sessionId=" ID },
			{ "HTTP_X_REQUEST_ID", "abc" } },
		  .body = "body data" }, says_yes);
	assert_log(" level=info event=request function=thing id=abc session=");
	assert_log(" status=200 tier=redis bytes=9 ms=");
	assert_int_equal(strcspn(text, "\n"), strlen(text) - 1);
	assert_not_log("reason=");
	/* Whoever has the id may send, complete and abort. */
	assert_not_log("01234567890123456789012345");
	assert_not_log("anna");
	assert_not_log("data");
}

static void head_is_get_without_a_body(void **state)
{
	(void)state;
	serve_one(&(struct fake_request){ .params = {
			{ "REQUEST_METHOD", "HEAD" } } }, says_yes);
	assert_out("Status: 200 OK\r\n");
	assert_out("\r\n\r\n\f");
	assert_not_out("yes");
}

static int never(struct service *service, struct request *req,
		 struct reply *reply)
{
	(void)service;
	(void)req;
	(void)reply;
	fail_msg("the handler was called");
	return 0;
}

static void other_method_is_told_what_is_allowed(void **state)
{
	static const char *const methods[] = {
		"PUT", "DELETE", "PATCH", "TRACE", "get", "",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
		serve_one(&(struct fake_request){ .params = {
				{ "REQUEST_METHOD", methods[i] },
				{ "CONTENT_LENGTH", "100" } },
			.endless = 1000 }, never);
		assert_out("Status: 405 Method Not Allowed\r\n");
		assert_out("\r\nAllow: GET, HEAD, POST, OPTIONS\r\n");
		assert_out("\r\n\r\n{\"error\":\"Method not allowed\","
			   "\"code\":\"method\"}\f");
		/* Its body is got rid of. */
		assert_int_equal(front.given, 100);
	}
	assert_int_equal(serve_all(&get, 1, HTTP_PUT | HTTP_DELETE, never), 0);
	assert_out("\r\nAllow: PUT, DELETE, OPTIONS\r\n");
	/* HEAD of what has no GET. */
	assert_int_equal(serve_all(&(struct fake_request){ .params = {
			{ "REQUEST_METHOD", "HEAD" } } }, 1, HTTP_POST, never),
		0);
	assert_out("Status: 405");
	assert_out("\r\n\r\n\f");
}

static void options_is_204_with_and_without_cors(void **state)
{
	const struct fake_request preflight = { .params = {
		{ "REQUEST_METHOD", "OPTIONS" },
		{ "HTTP_ORIGIN", "https://app.example.org" },
	} };

	(void)state;
	serve_one(&preflight, never);
	assert_out("Status: 204 No Content\r\n");
	assert_out("\r\nAllow: GET, HEAD, POST, OPTIONS\r\n");
	assert_out("\r\n\r\n\f");
	assert_not_out("Access-Control");
	assert_not_out("Content-Type");
	assert_not_out("Content-Length");
	setenv("TRANCHE_CORS_ORIGINS", "https://app.example.org", 1);
	serve_one(&preflight, never);
	assert_out("Status: 204 No Content\r\n");
	assert_out("\r\nAccess-Control-Allow-Origin: "
		   "https://app.example.org\r\n");
	assert_out("\r\nAccess-Control-Allow-Methods: ");
}

static void cors_is_on_errors_too(void **state)
{
	(void)state;
	setenv("TRANCHE_CORS_ORIGINS", "*", 1);
	serve_one(&(struct fake_request){ .params = {
			{ "REQUEST_METHOD", "PATCH" },
			{ "HTTP_ORIGIN", "https://any.example" } } }, never);
	assert_out("Status: 405");
	assert_out("\r\nAccess-Control-Allow-Origin: *\r\n");
}

static int fails(struct service *service, struct request *req,
		 struct reply *reply)
{
	struct session got;

	/* What was begun before it failed is forgotten. */
	reply_open(reply, 200);
	reply_bool(reply, "yes", true);
	service->store->served = "redis";
	tier.fails = -ECONNREFUSED;
	return tier_get_session(service->store, "", TIER_READ_FIRST,
				req->deadline, &got);
}

static void failure_is_503_with_its_reason_in_the_log(void **state)
{
	(void)state;
	serve_one(&get, fails);
	assert_out("Status: 503 Service Unavailable\r\n");
	assert_out("\r\nRetry-After: 5\r\n");
	assert_out("\"code\":\"unavailable\"");
	assert_not_out("yes");
	assert_not_out("redis");
	/* Nobody served it. */
	assert_not_out("Tranche-Tier");
	assert_log(" level=warn ");
	assert_log(" status=503 code=unavailable ");
	assert_log(" reason=\"redis: get_session failed\"\n");
	assert_not_log(" tier=");
}

static int fails_silently(struct service *service, struct request *req,
			  struct reply *reply)
{
	(void)service;
	(void)req;
	(void)reply;
	return -ENOMEM;
}

static int is_full(struct service *service, struct request *req,
		   struct reply *reply)
{
	(void)req;
	service_reason(service, "no room");
	service_reason(service, "another");
	return reply_error(reply, 507, "full", "Full");
}

static void every_5xx_has_a_reason(void **state)
{
	(void)state;
	serve_one(&get, fails_silently);
	assert_out("Status: 503");
	assert_log(" reason=\"Cannot allocate memory\"\n");
	serve_one(&get, is_full);
	assert_out("Status: 507 Insufficient Storage\r\n");
	assert_log(" level=warn ");
	assert_log(" code=full ");
	assert_log(" reason=\"no room\"\n");
}

static void program_ends_after_so_many_requests(void **state)
{
	const struct fake_request requests[] = { get, get, get };

	(void)state;
	assert_int_equal(serve_all(requests, 3, HTTP_GET, is_full), 0);
	assert_int_equal(front.next, 3);
	setenv("TRANCHE_MAX_REQUESTS", "2", 1);
	assert_int_equal(serve_all(requests, 3, HTTP_GET, is_full), 0);
	assert_int_equal(front.next, 2);
	assert_true(front.closed);
}

static int alternates(struct service *service, struct request *req,
		      struct reply *reply)
{
	if (req->query[0] != 'f')
		return reply_no_session(reply);
	strcpy(service->session_id, ID);
	service_reason(service, "a reason");
	return fails(service, req, reply);
}

static void reason_and_tier_are_of_this_request(void **state)
{
	const struct fake_request requests[] = {
		{ .params = { { "REQUEST_METHOD", "GET" },
			      { "QUERY_STRING", "f" } } },
		get,
	};
	const char *second;

	(void)state;
	assert_int_equal(serve_all(requests, 2, HTTP_GET, alternates), 0);
	second = strchr(front.written.data, '\f') + 1;
	assert_memory_equal(second, "Status: 404", 11);
	assert_null(strstr(second, "Retry-After"));
	assert_null(strstr(second, "Tranche-Tier"));
	second = strchr(text, '\n') + 1;
	assert_non_null(strstr(second, " status=404 code=not_found "));
	assert_null(strstr(second, "reason="));
	assert_null(strstr(second, "session="));
	assert_log(" reason=\"a reason\"\n");
}

static void body_over_its_limit_is_413(void **state)
{
	(void)state;
	serve_one(&(struct fake_request){ .params = {
			{ "REQUEST_METHOD", "POST" },
			{ "CONTENT_LENGTH", "11" } }, .endless = 11 }, never);
	assert_out("Status: 413 Content Too Large\r\n");
	assert_out("\"limit\":\"maxThing\",\"max\":7}");
	assert_int_equal(front.given, 11);
}

static void body_shorter_than_it_says_is_400(void **state)
{
	(void)state;
	serve_one(&(struct fake_request){ .params = {
			{ "REQUEST_METHOD", "POST" },
			{ "CONTENT_LENGTH", "9" } }, .body = "12" }, never);
	assert_out("Status: 400");
	assert_out("shorter than its Content-Length");
}

static void owner_of_too_long_a_name_is_400(void **state)
{
	char name[300] = { 0 };

	(void)state;
	memset(name, 'u', sizeof(name) - 1);
	serve_one(&(struct fake_request){ .params = {
			{ "REQUEST_METHOD", "GET" },
			{ "REMOTE_USER", name } } }, never);
	assert_out("Status: 400");
	assert_out("\r\nX-Request-Id: ");
}

static int says_much(struct service *service, struct request *req,
		     struct reply *reply)
{
	static char body[100000];

	(void)service;
	(void)req;
	memset(body, ' ', sizeof(body));
	return reply_answer(reply, &(struct answer){
		.status = 201, .body = body, .body_size = sizeof(body) });
}

static void large_answer_goes_out_whole(void **state)
{
	(void)state;
	serve_one(&get, says_much);
	assert_out("Status: 201 Created\r\n");
	assert_out("\r\nContent-Length: 100000\r\n");
	assert_int_equal(strlen(strstr(front.written.data, "\r\n\r\n")),
			 4 + 100000 + 1);
}

static void wrong_environment_is_said_and_nothing_served(void **state)
{
	(void)state;
	setenv("TRANCHE_SINK", "nowhere", 1);
	setenv("TRANCHE_LOG_LEVEL", "loud", 1);
	assert_int_equal(serve_all(&get, 1, HTTP_GET, never), 78);
	assert_log("tranche: TRANCHE_SINK ");
	assert_log("tranche: TRANCHE_LOG_LEVEL ");
	assert_int_equal(front.next, 0);
}

#define CASE(name) cmocka_unit_test_setup(name, setup)

static const struct CMUnitTest cases[] = {
	CASE(answer_has_its_headers),
	CASE(log_has_a_line_and_no_secret),
	CASE(head_is_get_without_a_body),
	CASE(other_method_is_told_what_is_allowed),
	CASE(options_is_204_with_and_without_cors),
	CASE(cors_is_on_errors_too),
	CASE(failure_is_503_with_its_reason_in_the_log),
	CASE(every_5xx_has_a_reason),
	CASE(program_ends_after_so_many_requests),
	CASE(reason_and_tier_are_of_this_request),
	CASE(body_over_its_limit_is_413),
	CASE(body_shorter_than_it_says_is_400),
	CASE(owner_of_too_long_a_name_is_400),
	CASE(large_answer_goes_out_whole),
	CASE(wrong_environment_is_said_and_nothing_served),
};

int main(void)
{
	int failed = cmocka_run_group_tests(cases, NULL, NULL);

	fake_front_done(&front);
	return failed;
}
