/* SPDX-License-Identifier: MIT */

/* What comes in: lengths that are right, wrong and not known. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "common/request.h"
#include "test/unit/fake_front.h"

static const struct body_limit limit = { 10, "maxThing", 7 };

/* What one request's body comes to, and what is left of it afterwards. */
struct reading {
	struct fake_front front;
	struct request request;
	int r;
};

static void read_as(struct reading *reading, const struct fake_request *from,
		    size_t piece)
{
	fake_front_init(&reading->front, from, 1);
	reading->front.piece = piece;
	request_init(&reading->request);
	assert_int_equal(request_begin(&reading->request, &reading->front.base,
				       1, deadline_in(10000)), 0);
	reading->r = request_read_body(&reading->request, &reading->front.base,
				       &limit, /* folder= */ NULL);
}

static void done(struct reading *reading)
{
	request_done(&reading->request);
	fake_front_done(&reading->front);
}

static void body_is_as_long_as_it_says(void **state)
{
	static const struct {
		const char *length;	/* NULL: none */
		const char *body, *expected;
	} cases[] = {
		{ "5", "hello", "hello" },
		{ "05", "hello", "hello" },
		{ "0", "", "" },
		{ "10", "0123456789", "0123456789" },
		/* What is beyond is another's. */
		{ "5", "helloGET /", "hello" },
		/* Not known, in the words of several servers: to its end. */
		{ NULL, "hello", "hello" },
		{ "", "hello", "hello" },
		{ "-1", "hello", "hello" },
		{ NULL, "0123456789", "0123456789" },
		{ NULL, "", "" },
	};

	(void)state;
	for (size_t i = 0; i < 2 * ARRAY_SIZE(cases); i++) {
		struct fake_request from = { .body = cases[i / 2].body };
		struct reading reading;

		if (cases[i / 2].length) {
			from.params[0][0] = "CONTENT_LENGTH";
			from.params[0][1] = cases[i / 2].length;
		}
		read_as(&reading, &from, i % 2);
		assert_int_equal(reading.r, 0);
		assert_int_equal(reading.request.body.size,
				 strlen(cases[i / 2].expected));
		assert_string_equal(reading.request.body.data,
				    cases[i / 2].expected);
		done(&reading);
	}
}

static void body_shorter_than_it_says_is_invalid(void **state)
{
	const struct fake_request from = {
		.params = { { "CONTENT_LENGTH", "6" } }, .body = "hello",
	};
	struct reading reading;

	(void)state;
	read_as(&reading, &from, 2);
	assert_int_equal(reading.r, REQUEST_E_INVALID);
	assert_string_equal(reading.request.invalid,
			    "The body is shorter than its Content-Length");
	done(&reading);
}

static void length_that_is_no_number_is_invalid(void **state)
{
	static const char *const lengths[] = {
		"-2", "+5", "5 ", " 5", "5, 5", "0x5", "5.0", "five",
		"18446744073709551616", "99999999999999999999999999",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
		const struct fake_request from = {
			.params = { { "CONTENT_LENGTH", lengths[i] } },
			.body = "hello",
		};
		struct reading reading;

		read_as(&reading, &from, 0);
		assert_int_equal(reading.r, REQUEST_E_INVALID);
		done(&reading);
	}
}

static void assert_too_large(const struct reading *reading)
{
	assert_int_equal(reading->r, REQUEST_E_TOO_LARGE);
	assert_string_equal(reading->request.limit, "maxThing");
	assert_int_equal(reading->request.limit_max, 7);
}

static void body_over_the_limit_is_read_to_its_end(void **state)
{
	static const struct fake_request cases[] = {
		{ .params = { { "CONTENT_LENGTH", "11" } },
		  .body = "0123456789a" },
		{ .body = "0123456789a" },
		{ .params = { { "CONTENT_LENGTH", "1000011" } },
		  .body = "0123456789a", .endless = 1000000 },
		{ .body = "0123456789a", .endless = 1000000 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct reading reading;

		read_as(&reading, &cases[i], 0);
		assert_too_large(&reading);
		assert_int_equal(reading.front.given, 11 + cases[i].endless);
		assert_true(reading.request.body.capacity < KIB(256));
		done(&reading);
	}
}

static void body_over_the_limit_is_not_read_beyond_its_end(void **state)
{
	/* Some servers never say that it is over. */
	const struct fake_request from = {
		.params = { { "CONTENT_LENGTH", "11" } },
		.body = "0123456789a", .endless = 1000000,
	};
	struct reading reading;

	(void)state;
	read_as(&reading, &from, 0);
	assert_too_large(&reading);
	assert_int_equal(reading.front.given, 11);
	done(&reading);
}

static void endless_body_is_left_at_some_time(void **state)
{
	static const struct fake_request cases[] = {
		{ .params = { { "CONTENT_LENGTH", "18446744073709551615" } },
		  .endless = ((size_t)4 << 30) },
		{ .endless = ((size_t)4 << 30) },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct reading reading;

		read_as(&reading, &cases[i], 0);
		assert_too_large(&reading);
		assert_in_range(reading.front.given, MIB(64), MIB(65));
		done(&reading);
	}
}

static void body_that_breaks_off_is_a_failure(void **state)
{
	static const struct fake_request cases[] = {
		{ .params = { { "CONTENT_LENGTH", "9" } }, .body = "hello" },
		{ .body = "hello" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct request request;
		struct fake_front front;

		fake_front_init(&front, &cases[i], 1);
		front.piece = 2;
		front.breaks_at = 4;
		request_init(&request);
		assert_int_equal(request_begin(&request, &front.base, 1,
					       deadline_in(10000)), 0);
		assert_int_equal(request_read_body(&request, &front.base,
						   &limit, NULL), -EPIPE);
		request_done(&request);
		fake_front_done(&front);
	}
}

static size_t skipped(const struct fake_request *from, int64_t ms)
{
	struct fake_front front;
	struct request request;
	size_t given;

	fake_front_init(&front, from, 1);
	request_init(&request);
	assert_int_equal(request_begin(&request, &front.base, 1,
				       deadline_in(ms)), 0);
	request_skip_body(&request, &front.base);
	assert_int_equal(request.body.size, 0);
	given = front.given;
	request_done(&request);
	fake_front_done(&front);
	return given;
}

static void body_that_nobody_wants_is_read_to_its_known_end(void **state)
{
	(void)state;
	assert_int_equal(skipped(&(struct fake_request){
		.params = { { "CONTENT_LENGTH", "5" } }, .body = "hello there",
	}, 10000), 5);
	assert_int_equal(skipped(&(struct fake_request){
		.params = { { "CONTENT_LENGTH", "500000" } },
		.endless = 500000 }, 10000), 500000);
	assert_int_equal(skipped(&(struct fake_request){
		.params = { { "CONTENT_LENGTH", "99999999999" } },
		.endless = ((size_t)4 << 30) }, 10000), MIB(64));
	/* None that is known, and no time. */
	assert_int_equal(skipped(&(struct fake_request){ .body = "hello" },
				 10000), 0);
	assert_int_equal(skipped(&(struct fake_request){
		.params = { { "CONTENT_LENGTH", "?" } }, .body = "hello",
	}, 10000), 0);
	assert_int_equal(skipped(&(struct fake_request){
		.params = { { "CONTENT_LENGTH", "5" } }, .body = "hello",
	}, 0), 0);
}

static void begin(struct request *request, const char *name, const char *value,
		  int expected)
{
	const struct fake_request from = { .params = { { name, value } } };
	struct fake_front front;

	fake_front_init(&front, &from, 1);
	request_init(request);
	assert_int_equal(request_begin(request, &front.base, 1234,
				       deadline_in(10000)), expected);
	fake_front_done(&front);
}

static void methods_are_known_by_their_exact_names(void **state)
{
	static const struct {
		const char *name;
		enum http_method method;
		bool is_head;
	} cases[] = {
		{ "GET", HTTP_GET, false }, { "HEAD", HTTP_GET, true },
		{ "POST", HTTP_POST, false }, { "PUT", HTTP_PUT, false },
		{ "DELETE", HTTP_DELETE, false },
		{ "OPTIONS", HTTP_OPTIONS, false }, { "PATCH", 0, false },
		{ "get", 0, false }, { "GETX", 0, false }, { "", 0, false },
	};
	struct request request;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(&request, "REQUEST_METHOD", cases[i].name, 0);
		assert_int_equal(request.method, cases[i].method);
		assert_int_equal(request.is_head, cases[i].is_head);
		assert_int_equal(request.now_ms, 1234);
		request_done(&request);
	}
	begin(&request, "X", "", 0);
	assert_int_equal(request.method, 0);
	assert_string_equal(request.query, "");
	assert_string_equal(request.owner, "");
	assert_null(request.origin);
	request_done(&request);
}

static void requests_own_id_is_kept_when_it_is_harmless(void **state)
{
	char longest[REQUEST_ID_MAX + 1], longer[REQUEST_ID_MAX + 2];
	const char *const good[] = { "a", "A-z_0.9", longest };
	const char *const bad[] = {
		"", " ", "a b", "a\r\nX: y", "\xc3\xa9", "a/b", longer,
	};
	struct request request;

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[REQUEST_ID_MAX] = '\0';
	memset(longer, 'x', sizeof(longer));
	longer[REQUEST_ID_MAX + 1] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		begin(&request, "HTTP_X_REQUEST_ID", good[i], 0);
		assert_string_equal(request.id, good[i]);
		request_done(&request);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		begin(&request, "HTTP_X_REQUEST_ID", bad[i], 0);
		assert_int_equal(strlen(request.id), 16);
		assert_int_equal(strspn(request.id, "0123456789abcdef"), 16);
		request_done(&request);
	}
}

static void user_of_too_long_a_name_is_refused(void **state)
{
	char name[SESSION_OWNER_MAX + 2];
	struct request request;

	(void)state;
	memset(name, 'u', sizeof(name));
	name[SESSION_OWNER_MAX] = '\0';
	begin(&request, "REMOTE_USER", name, 0);
	assert_int_equal(strlen(request.owner), SESSION_OWNER_MAX);
	request_done(&request);
	name[SESSION_OWNER_MAX] = 'u';
	name[SESSION_OWNER_MAX + 1] = '\0';
	begin(&request, "REMOTE_USER", name, REQUEST_E_INVALID);
	/* The answer still has an id. */
	assert_int_equal(strlen(request.id), 16);
	request_done(&request);
}

/* The SHA-256 of "hello", and of nothing. */
#define HELLO "LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ="
#define NOTHING "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static void digest_is_compared_with_the_body_as_it_came(void **state)
{
	static const struct {
		const char *header, *body;
		int r;
		bool fits;
	} cases[] = {
		{ "sha-256=:" HELLO ":", "hello", 0, true },
		{ "sha-256=:" HELLO ":", "hellO", 0, false },
		{ "sha-256=:" HELLO ":", "", 0, false },
		{ "sha-256=:" NOTHING ":", "", 0, true },
		{ "md5=:AAAA:", "hello", 0, true },
		{ "sha-256=" HELLO, "hello", REQUEST_E_INVALID, false },
		{ "", "hello", REQUEST_E_INVALID, false },
	};
	struct request request;
	bool fits;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		begin(&request, "HTTP_CONTENT_DIGEST", cases[i].header, 0);
		assert_int_equal(buf_append_string(&request.body,
						   cases[i].body), 0);
		fits = !cases[i].fits;
		assert_int_equal(request_check_digest(&request, &fits),
				 cases[i].r);
		if (cases[i].r == 0)
			assert_int_equal(fits, cases[i].fits);
		request_done(&request);
	}
	begin(&request, "X", "", 0);
	assert_int_equal(request_check_digest(&request, &fits), 0);
	assert_true(fits);
	request_done(&request);
}

static void little_memory_is_kept_between_two(void **state)
{
	struct request request;
	char *room;

	(void)state;
	request_init(&request);
	assert_int_equal(buf_reserve(&request.body, 1000, &room), 0);
	buf_commit(&request.body, 1000);
	strcpy(request.id, "x");
	request_end(&request);
	assert_int_equal(request.body.size, 0);
	assert_true(request.body.capacity >= 1000);
	assert_string_equal(request.id, "");
	assert_int_equal(buf_reserve(&request.body, MIB(2), &room), 0);
	request_end(&request);
	assert_null(request.body.data);
	request_done(&request);
}

static void refusals_have_the_words_of_the_wire(void **state)
{
	struct request request;
	struct reply reply;

	(void)state;
	request_init(&request);
	reply_init(&reply);
	assert_int_equal(request_refuse(&request, -ENOMEM, &reply), -ENOMEM);
	assert_int_equal(request_refuse(&request,
		request_invalid(&request, "%s is \"bad\"", "x"), &reply), 0);
	assert_int_equal(reply.status, 400);
	assert_string_equal(reply.body.data, "{\"error\":\"x is \\u0022bad"
			    "\\u0022\",\"code\":\"bad_request\"}");
	assert_int_equal(request_refuse(&request,
		request_too_large(&request, "maxSize", UINT64_MAX), &reply), 0);
	assert_int_equal(reply.status, 413);
	assert_non_null(strstr(reply.body.data, "\"code\":\"too_large\","
			       "\"limit\":\"maxSize\","
			       "\"max\":18446744073709551615}"));
	reply_done(&reply);
	request_done(&request);
}

static const struct CMUnitTest cases[] = {
	cmocka_unit_test(body_is_as_long_as_it_says),
	cmocka_unit_test(body_shorter_than_it_says_is_invalid),
	cmocka_unit_test(length_that_is_no_number_is_invalid),
	cmocka_unit_test(body_over_the_limit_is_read_to_its_end),
	cmocka_unit_test(body_over_the_limit_is_not_read_beyond_its_end),
	cmocka_unit_test(endless_body_is_left_at_some_time),
	cmocka_unit_test(body_that_breaks_off_is_a_failure),
	cmocka_unit_test(body_that_nobody_wants_is_read_to_its_known_end),
	cmocka_unit_test(methods_are_known_by_their_exact_names),
	cmocka_unit_test(requests_own_id_is_kept_when_it_is_harmless),
	cmocka_unit_test(user_of_too_long_a_name_is_refused),
	cmocka_unit_test(digest_is_compared_with_the_body_as_it_came),
	cmocka_unit_test(little_memory_is_kept_between_two),
	cmocka_unit_test(refusals_have_the_words_of_the_wire),
};

int main(void)
{
	return cmocka_run_group_tests(cases, NULL, NULL);
}
