/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/sink/mongodb/document.h"
#include "common/sink/mongodb.h"
#include "common/sink/mongodb/store.h"

struct sink_mongodb {
	struct sink base;
	struct mongodb_store store;
	struct sink_mongodb_limits limits;
	struct buf json;		/* what was written */
};

static struct sink_mongodb *mongodb_of(struct sink *sink)
{
	return (struct sink_mongodb *)sink;
}

static int refuse_size(struct sink *sink, const char *limit, uint64_t max)
{
	sink->limit = limit;
	sink->limit_max = max;
	return SINK_E_TOO_LARGE;
}

/* The store's result as the sink's, with words. */
static int result(struct sink_mongodb *m, int r)
{
	switch (r) {
	case MONGODB_STORE_E_TAKEN:
		return SINK_E_TAKEN;
	case MONGODB_STORE_E_NO_ROUTE:
		return SINK_E_NO_ROUTE;
	case MONGODB_STORE_E_REFUSED:
		return sink_refuse(&m->base, SINK_E_BAD_DATA,
				   "the collection has a rule, or a field "
				   "that must be unique, against it");
	case MONGODB_STORE_E_TOO_LARGE:
		sink_refuse(&m->base, SINK_E_TOO_LARGE,
			    "more than 16 MiB as BSON; a gridfs sink takes "
			    "larger ones");
		return refuse_size(&m->base, "maxBson", MONGO_DOCUMENT_MAX);
	case MONGODB_STORE_E_FULL:
		return SINK_E_FULL;
	default:
		return r < 0 ? sink_fail(&m->base, r, "%s",
					 client_error(m->store.client)) : r;
	}
}

static int find(struct sink *sink, const struct session *session,
		struct deadline dl, struct answer *ret_answer)
{
	struct sink_mongodb *m = mongodb_of(sink);
	int r;

	r = mongodb_store_find(&m->store, session, dl, ret_answer);
	return r == MONGODB_STORE_E_ABSENT ? SINK_E_ABSENT : result(m, r);
}

static int begin(struct sink *sink, const struct session *session,
		 struct deadline dl)
{
	struct sink_mongodb *m = mongodb_of(sink);

	/* Nothing is said yet of the name: what is wrong with the data is to
	 * be said first. */
	(void)session;
	(void)dl;
	buf_reset(&m->json);
	return 0;
}

static int write_json(struct sink *sink, const void *data, size_t size,
		      struct deadline dl)
{
	struct sink_mongodb *m = mongodb_of(sink);
	int r;

	(void)dl;
	r = buf_append(&m->json, data, size);
	if (r == -ENOBUFS)
		return refuse_size(sink, "maxDocument", m->limits.json_max);
	return r ? sink_fail(sink, r, "no memory for the document") : 0;
}

/* Whether the fields are there that a create must have. */
static int check_fields(struct sink *sink, const struct session *session,
			const struct document *document)
{
	if (!document->is_object)
		return sink_refuse(sink, SINK_E_BAD_FIELDS,
				   "the data is no JSON object");
	if (session->is_update)
		return 0;
	if (!document->has_name)
		return sink_refuse(sink, SINK_E_BAD_FIELDS,
				   "name is missing or no string");
	if (!session->persistent_id[0] && document->id == DOCUMENT_ID_INVALID)
		return sink_refuse(sink, SINK_E_BAD_DATA,
				   "persistentId has not the form of one");
	return 0;
}

/* What was written as BSON, if it is what the sink stores. */
static int parse(struct sink_mongodb *m, const struct session *session,
		 struct document *ret_document, struct buf *bson)
{
	const char *json = m->json.data ? m->json.data : "";
	char reason[DOCUMENT_REASON_MAX];
	struct document document = { 0 };
	int r;

	r = document_check(json, m->json.size, m->limits.depth_max, reason,
			   &document);
	if (r == DOCUMENT_E_BAD_DATA)
		return sink_refuse(&m->base, SINK_E_BAD_DATA, "%s", reason);
	if (r == DOCUMENT_E_DEPTH)
		return refuse_size(&m->base, "maxDepth", m->limits.depth_max);
	if (r)
		return sink_fail(&m->base, r, "no memory for the document");
	r = check_fields(&m->base, session, &document);
	if (!r) {
		r = document_write_bson(&document, bson);
		if (r == DOCUMENT_E_TOO_LARGE)
			r = result(m, MONGODB_STORE_E_TOO_LARGE);
		else if (r)
			sink_fail(&m->base, r, "no memory for the document");
	}
	if (r) {
		document_done(&document);
		return r;
	}
	*ret_document = document;
	return 0;
}

static int commit(struct sink *sink, const struct session *session,
		  const struct sink_content *content, struct deadline dl,
		  struct answer *ret_answer)
{
	struct sink_mongodb *m = mongodb_of(sink);
	struct document document = { 0 };
	struct buf bson;
	bson_t fields;
	int r;

	(void)content;
	buf_init(&bson, MONGO_DOCUMENT_MAX);
	r = parse(m, session, &document, &bson);
	buf_done(&m->json);
	if (r)
		goto out;
	if (!bson_init_static(&fields, (const uint8_t *)bson.data, bson.size))
		r = sink_fail(sink, -EBADMSG, "the document is no BSON");
	else if (session->is_update)
		r = result(m, mongodb_store_update(&m->store, session, &fields,
						   dl, ret_answer));
	else
		r = result(m, mongodb_store_create(&m->store, session,
				document.id == DOCUMENT_ID_VALID ?
				document.persistent_id : NULL, &fields, dl,
				ret_answer));
	document_done(&document);
out:
	buf_done(&bson);
	return r;
}

static void abandon(struct sink *sink)
{
	buf_done(&mongodb_of(sink)->json);
}

static void close_sink(struct sink *sink)
{
	struct sink_mongodb *m = mongodb_of(sink);

	client_close(m->store.client);
	free(m->store.collection);
	free(m->store.origins);
	buf_done(&m->json);
	free(m);
}

static const struct sink_impl mongodb_impl = {
	.name = "mongodb",
	.find = find,
	.begin = begin,
	.write = write_json,
	.commit = commit,
	.abandon = abandon,
	.close = close_sink,
};

EXPORT int sink_mongodb_open(const char *uri, const char *collection,
			     const struct sink_mongodb_limits *limits,
			     int64_t timeout_ms, char *ret_why,
			     struct sink **ret_sink)
{
	struct sink_mongodb *m;
	int r;

	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->base.impl = &mongodb_impl;
	m->limits = *limits;
	buf_init(&m->json, limits->json_max > SIZE_MAX ?
		 SIZE_MAX : (size_t)limits->json_max);
	r = client_open(uri, timeout_ms, ret_why, SINK_ERROR_MAX,
			&m->store.client);
	if (r)
		goto fail;
	m->store.collection = strdup(collection);
	if (!m->store.collection ||
	    asprintf(&m->store.origins, "%s.tranche", collection) < 0) {
		m->store.origins = NULL;
		r = -ENOMEM;
		goto fail;
	}
	*ret_sink = &m->base;
	return 0;
fail:
	close_sink(&m->base);
	return r;
}
