/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <mongoc/mongoc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mongo/client.h"
#include "common/mongo/guard.h"
#include "common/mongo/value.h"
#include "common/mongo/verdict.h"

#define DATABASE_MAX 64		/* bytes, by the server's own limit */
#define ERROR_MAX 160		/* bytes, the NUL included */

struct client {
	mongoc_uri_t *uri;
	char database[DATABASE_MAX];
	int64_t timeout_ms;
	mongoc_client_t *mongoc;	/* NULL until needed, after failure */
	int64_t waits_ms;		/* what mongoc's timeouts are */
	bool was_used;			/* mongoc has had an answer before */
	char error[ERROR_MAX];
};

int client_fail(struct client *c, int r, const char *words)
{
	snprintf(c->error, sizeof(c->error), "%s", words);
	return r;
}

int client_open(const char *uri, int64_t timeout_ms, char *ret_why,
		size_t why_size, struct client **ret_client)
{
	struct client *c;
	const char *database;
	bson_error_t error;

	/* Both may be called again, and do nothing then. */
	mongoc_init();
	mongoc_log_set_handler(NULL, NULL);

	c = calloc(1, sizeof(*c));
	if (!c)
		return -ENOMEM;
	/* libmongoc's own words repeat parts of the URI, and so secrets. */
	c->uri = mongoc_uri_new_with_error(uri, &error);
	if (!c->uri) {
		snprintf(ret_why, why_size, "no valid mongodb:// URI");
		goto invalid;
	}
	database = mongoc_uri_get_database(c->uri);
	if (!database || !database[0])
		database = "tranche";
	if (strlen(database) >= sizeof(c->database)) {
		snprintf(ret_why, why_size, "the database's name is too long");
		goto invalid;
	}
	memcpy(c->database, database, strlen(database) + 1);
	c->timeout_ms = timeout_ms;
	*ret_client = c;
	return 0;
invalid:
	client_close(c);
	return -EINVAL;
}

void client_disconnect(struct client *c)
{
	if (c->mongoc)
		mongoc_client_destroy(c->mongoc);
	c->mongoc = NULL;
}

void client_close(struct client *c)
{
	if (!c)
		return;
	client_disconnect(c);
	if (c->uri)
		mongoc_uri_destroy(c->uri);
	free(c);
}

const char *client_error(const struct client *c)
{
	return c->error;
}

/* Of the hosts and the database: a URI has secrets besides. */
uint64_t client_hash(const struct client *c)
{
	const char *service = mongoc_uri_get_srv_hostname(c->uri);
	const mongoc_host_list_t *host;
	char name[1024];
	bson_oid_t oid;
	uint64_t hash;
	size_t n;

	n = (size_t)snprintf(name, sizeof(name), "%s/%s", c->database,
			     service ? service : "");
	for (host = mongoc_uri_get_hosts(c->uri); host && n < sizeof(name);
	     host = host->next)
		n += (size_t)snprintf(name + n, sizeof(name) - n, ",%s",
				      host->host_and_port);
	value_derive_oid("server", name, &oid);
	memcpy(&hash, oid.bytes, sizeof(hash));
	return hash;
}

static int connect_waiting(struct client *c, int64_t waits_ms)
{
	int32_t waits = waits_ms > INT32_MAX ? INT32_MAX : (int32_t)waits_ms;
	mongoc_uri_t *uri = mongoc_uri_copy(c->uri);
	mongoc_client_t *mongoc = NULL;
	bson_error_t error;

	mongoc_uri_set_appname(uri, "tranche");
	mongoc_uri_set_option_as_bool(uri, MONGOC_URI_SERVERSELECTIONTRYONCE,
				      true);
	mongoc_uri_set_option_as_int32(uri, MONGOC_URI_SERVERSELECTIONTIMEOUTMS,
				       waits);
	mongoc_uri_set_option_as_int32(uri, MONGOC_URI_CONNECTTIMEOUTMS, waits);
	mongoc_uri_set_option_as_int32(uri, MONGOC_URI_SOCKETTIMEOUTMS, waits);
	/* A retry within libmongoc waits anew: run() does its own, in time. */
	mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYREADS, false);
	mongoc_uri_set_option_as_bool(uri, MONGOC_URI_RETRYWRITES, false);
	mongoc = mongoc_client_new_from_uri_with_error(uri, &error);
	mongoc_uri_destroy(uri);
	if (!mongoc)
		return client_fail(c, -EHOSTUNREACH,
			    "the URI's hosts or options cannot be used");
	mongoc_client_set_error_api(mongoc, MONGOC_ERROR_API_VERSION_2);
	guard_client(mongoc);
	c->mongoc = mongoc;
	c->waits_ms = waits_ms;
	c->was_used = false;
	return 0;
}

/*
 * Makes sure of a client that waits no longer than is left, and not much
 * shorter than it may. A new one gets half of what is left: it may wait twice,
 * for the connection and for the command, and it serves a while as the
 * deadline comes nearer.
 */
static int get_ready(struct client *c, struct deadline dl)
{
	int64_t left = deadline_left(dl), waits = left / 2;

	if (left < 2)
		return client_fail(c, -ETIMEDOUT, "no time was left to ask");
	if (waits > c->timeout_ms)
		waits = c->timeout_ms;
	if (c->mongoc && (c->waits_ms > left || c->waits_ms < waits / 2))
		client_disconnect(c);
	return c->mongoc ? 0 : connect_waiting(c, waits);
}

int64_t client_patience(const struct client *c, struct deadline dl)
{
	int64_t left = deadline_left(dl);

	if (left > c->timeout_ms)
		left = c->timeout_ms;
	return left > 0 ? left : 1;
}

/* Keeps the words of a failure, and closes what failed. */
static int settle(struct client *c, const bson_error_t *error, bool timed_out)
{
	int r;

	r = verdict_of_error(error, timed_out, c->error, sizeof(c->error));
	if (r < 0)
		client_disconnect(c);
	return r;
}

int client_run(struct client *c, const bson_t *command, bool may_repeat,
	       struct deadline dl, bson_t *ret_reply)
{
	int64_t begun, waits;
	bson_error_t error;
	bson_t reply;
	bool was_used;
	int r;

	for (;;) {
		r = get_ready(c, dl);
		if (r)
			return r;
		was_used = c->was_used;
		waits = c->waits_ms;
		begun = clock_monotonic_ms();
		if (mongoc_client_command_simple(c->mongoc, c->database,
						 command, NULL, &reply,
						 &error))
			break;
		bson_destroy(&reply);
		r = settle(c, &error, clock_monotonic_ms() - begun >= waits);
		if (r != -ECONNRESET || !was_used || !may_repeat)
			return r;
		may_repeat = false;
	}
	c->was_used = true;
	r = verdict_of_reply(&reply, c->error, sizeof(c->error));
	if (r) {
		if (r < 0)
			client_disconnect(c);
		bson_destroy(&reply);
		return r;
	}
	bson_steal(ret_reply, &reply);
	return 0;
}

int client_ping(struct client *c, struct deadline dl)
{
	bson_t command = BSON_INITIALIZER, reply;
	int r;

	BSON_APPEND_INT32(&command, "ping", 1);
	r = client_run(c, &command, /* may_repeat= */ true, dl, &reply);
	bson_destroy(&command);
	if (!r)
		bson_destroy(&reply);
	return r;
}
