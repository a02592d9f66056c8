/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/mongo/value.h"
#include "common/tier/mongodb.h"
#include "common/tier/mongodb/parts.h"

int mongodb_result(struct mongodb *m, int r)
{
	if (r == 0)
		return 0;
	if (r == MONGO_E_FULL)
		return TIER_E_FULL;
	if (r > 0)
		return tier_fail(&m->base, -EIO, "an answer that does not fit");
	return tier_fail(&m->base, r, "%s", client_error(m->client));
}

int mongodb_unsettled(struct mongodb *m)
{
	return tier_fail(&m->base, -EAGAIN, "others kept changing it");
}

struct stamp mongodb_stamp_read(const bson_t *document)
{
	struct stamp stamp = { 0 };
	bson_iter_t iter;

	if (bson_iter_init_find(&iter, document, "stamp") &&
	    BSON_ITER_HOLDS_INT64(&iter)) {
		stamp.is_there = true;
		stamp.number = bson_iter_int64(&iter);
	}
	return stamp;
}

void mongodb_stamp_pin(bson_t *filter, struct stamp stamp)
{
	if (stamp.is_there)
		BSON_APPEND_INT64(filter, "stamp", stamp.number);
	else
		BCON_APPEND(filter, "stamp", "{", "$not", "{",
			    "$type", BCON_UTF8("long"), "}", "}");
}

void mongodb_stamp_pin_or(bson_t *filter, struct stamp stamp, int64_t mine)
{
	bson_t either, was, is;

	BSON_APPEND_ARRAY_BEGIN(filter, "$or", &either);
	BSON_APPEND_DOCUMENT_BEGIN(&either, "0", &was);
	mongodb_stamp_pin(&was, stamp);
	bson_append_document_end(&either, &was);
	BSON_APPEND_DOCUMENT_BEGIN(&either, "1", &is);
	BSON_APPEND_INT64(&is, "stamp", mine);
	bson_append_document_end(&either, &is);
	bson_append_array_end(filter, &either);
}

void mongodb_append_session_id(bson_t *to, const char *id)
{
	bson_oid_t oid;

	value_derive_oid("session", id, &oid);
	BSON_APPEND_OID(to, "_id", &oid);
}

static int ping(struct tier *t, struct deadline dl)
{
	struct mongodb *m = mongodb_of(t);

	return mongodb_result(m, client_ping(m->client, dl));
}

static void close_tier(struct tier *t)
{
	struct mongodb *m = mongodb_of(t);

	client_close(m->client);
	free(m->index_mark);
	free(m);
}

static const struct tier_impl mongodb_impl = {
	.name = "mongodb",
	.put_session = mongodb_put_session,
	.get_session = mongodb_get_session,
	.put_chunk = mongodb_put_chunk,
	.get_chunk = mongodb_get_chunk,
	.list_chunks = mongodb_list_chunks,
	.claim = mongodb_claim,
	.release = mongodb_release,
	.is_claimed = mongodb_is_claimed,
	.finish = mongodb_finish,
	.drop_session = mongodb_drop_session,
	.drop_chunk = mongodb_drop_chunk,
	.drop_chunks = mongodb_drop_chunks,
	.ping = ping,
	.close = close_tier,
};

EXPORT int tier_mongodb_open(const char *uri, int64_t timeout_ms,
			     const char *state_dir, char *ret_why,
			     struct tier **ret_tier)
{
	struct mongodb *m;
	int r;

	m = calloc(1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	m->base.impl = &mongodb_impl;
	r = client_open(uri, timeout_ms, ret_why, TIER_ERROR_MAX, &m->client);
	if (!r && state_dir &&
	    asprintf(&m->index_mark, "%s/mongodb-indexes-%016" PRIx64,
		     state_dir, client_hash(m->client)) < 0) {
		m->index_mark = NULL;
		r = -ENOMEM;
	}
	if (r) {
		close_tier(&m->base);
		return r;
	}
	*ret_tier = &m->base;
	return 0;
}
