/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "test/unit/fake_tier.h"

static const char *const op_names[] = {
	[FAKE_PUT_SESSION] = "put_session",
	[FAKE_GET_SESSION] = "get_session",
	[FAKE_PUT_CHUNK] = "put_chunk",
	[FAKE_GET_CHUNK] = "get_chunk",
	[FAKE_LIST_CHUNKS] = "list_chunks",
	[FAKE_CLAIM] = "claim",
	[FAKE_RELEASE] = "release",
	[FAKE_IS_CLAIMED] = "is_claimed",
	[FAKE_FINISH] = "finish",
	[FAKE_DROP_SESSION] = "drop_session",
	[FAKE_DROP_CHUNK] = "drop_chunk",
	[FAKE_DROP_CHUNKS] = "drop_chunks",
	[FAKE_SWEEP] = "sweep",
	[FAKE_PING] = "ping",
};

void journal_add(struct journal *journal, const char *who, const char *what)
{
	size_t at;

	if (!journal)
		return;
	at = strlen(journal->text);
	assert_true(at + strlen(who) + strlen(what) + 3 < JOURNAL_MAX);
	snprintf(journal->text + at, JOURNAL_MAX - at, "%s.%s ", who, what);
}

void assert_journal(struct journal *journal, const char *expected)
{
	assert_string_equal(journal->text, expected);
	journal->text[0] = '\0';
}

static struct fake_tier *fake_of(struct tier *t)
{
	return (struct fake_tier *)t;
}

static bool stores(enum fake_op op)
{
	return op == FAKE_PUT_SESSION || op == FAKE_PUT_CHUNK ||
	       op == FAKE_CLAIM || op == FAKE_FINISH;
}

/* What the script says to @op before anything is done. */
static int begin(struct fake_tier *fake, enum fake_op op)
{
	int said = 0;

	fake->calls[op]++;
	journal_add(fake->journal, fake->name, op_names[op]);
	if (fake->before)
		said = fake->before(fake, op);
	if (!said && (fake->fails < 0 || stores(op)))
		said = fake->fails;
	if (!said)
		said = fake->says[op];
	if (said < 0)
		tier_fail(&fake->base, said, "%s: %s failed", fake->name,
			  op_names[op]);
	return said;
}

/* What is said of an operation that came to @r. */
static int end(struct fake_tier *fake, enum fake_op op, int r)
{
	if (!fake->lies[op])
		return r;
	if (fake->lies[op] < 0)
		tier_fail(&fake->base, fake->lies[op], "%s: %s lied",
			  fake->name, op_names[op]);
	return fake->lies[op];
}

static void serve(struct fake_tier *fake)
{
	fake->base.served = fake->name;
}

static struct session copy_session(const struct session *session)
{
	struct session copy = *session;
	char *body;

	if (copy.answer.body) {
		body = strndup(copy.answer.body, copy.answer.body_size);
		assert_non_null(body);
		copy.answer.body = body;
	}
	return copy;
}

void fake_has(struct fake_tier *fake, const struct session *session)
{
	if (fake->has_record)
		session_done(&fake->record);
	fake->record = copy_session(session);
	fake->has_record = true;
}

static void forget_chunk(struct chunk *chunk)
{
	free((char *)(uintptr_t)chunk->data);
	*chunk = (struct chunk){ 0 };
}

void fake_has_chunk(struct fake_tier *fake, uint32_t index,
		    enum chunk_kind kind, const char *data, size_t size)
{
	struct chunk chunk = fake_chunk(index, kind, data, size);
	char *copy = malloc(size + 1);

	assert_non_null(copy);
	assert_true(index < FAKE_CHUNKS_MAX);
	memcpy(copy, data, size);
	copy[size] = '\0';
	forget_chunk(&fake->chunks[index]);
	chunk.data = copy;
	fake->chunks[index] = chunk;
}

static int fake_put_session(struct tier *t, const struct session *session,
			    struct deadline dl)
{
	struct fake_tier *fake = fake_of(t);
	int r = begin(fake, FAKE_PUT_SESSION);

	(void)dl;
	if (r)
		return r;
	if (!fake->has_record || fake->record.state < session->state)
		fake_has(fake, session);
	serve(fake);
	return end(fake, FAKE_PUT_SESSION, 0);
}

static int fake_finish(struct tier *t, const struct session *session,
		       struct deadline dl)
{
	struct fake_tier *fake = fake_of(t);
	int r = begin(fake, FAKE_FINISH);

	(void)dl;
	if (r)
		return r;
	if (fake->has_record && fake->record.state > session->state)
		return TIER_E_CONFLICT;
	if (!fake->has_record || fake->record.state < session->state)
		fake_has(fake, session);
	serve(fake);
	return end(fake, FAKE_FINISH, 0);
}

static int fake_get_session(struct tier *t, const char *id, enum tier_read read,
			    struct deadline dl, struct session *ret_session)
{
	struct fake_tier *fake = fake_of(t);
	int r = begin(fake, FAKE_GET_SESSION);

	(void)read;
	(void)dl;
	if (r)
		return r;
	if (!fake->has_record || strcmp(fake->record.id, id) != 0)
		return TIER_E_ABSENT;
	serve(fake);
	*ret_session = copy_session(&fake->record);
	return 0;
}

static struct chunk_count count(const struct fake_tier *fake)
{
	struct chunk_count held = { 0 };

	for (size_t i = 0; i < FAKE_CHUNKS_MAX; i++) {
		if (!fake->chunks[i].data)
			continue;
		held.chunks++;
		held.bytes += fake->chunks[i].info.size;
	}
	return held;
}

static int fake_put_chunk(struct tier *t, const struct session *session,
			  const struct chunk *chunk, struct deadline dl,
			  struct chunk_count *ret_count)
{
	struct fake_tier *fake = fake_of(t);
	struct chunk *place = &fake->chunks[chunk->info.index];
	int r = begin(fake, FAKE_PUT_CHUNK);

	(void)dl;
	if (r)
		return r;
	if (place->data && !digest_equal(&place->info.digest,
					 &chunk->info.digest))
		return TIER_E_CONFLICT;
	if (!place->data && count(fake).bytes + chunk->info.size >
			    session_bytes_max(session))
		return TIER_E_LIMIT;
	if (!place->data)
		fake_has_chunk(fake, chunk->info.index, chunk->info.kind,
			       chunk->data, chunk->info.size);
	serve(fake);
	*ret_count = count(fake);
	return end(fake, FAKE_PUT_CHUNK, 0);
}

static int fake_get_chunk(struct tier *t, const struct session *session,
			  uint32_t index, struct deadline dl, struct buf *data,
			  struct chunk_info *ret_info)
{
	struct fake_tier *fake = fake_of(t);
	const struct chunk *chunk = &fake->chunks[index];
	int r = begin(fake, FAKE_GET_CHUNK);

	(void)session;
	(void)dl;
	if (r)
		return r;
	if (!chunk->data)
		return TIER_E_ABSENT;
	buf_reset(data);
	r = buf_append(data, chunk->data, chunk->info.size);
	if (!r)
		*ret_info = chunk->info;
	return r;
}

static int fake_list_chunks(struct tier *t, const struct session *session,
			    struct deadline dl, struct chunk_list *ret_list)
{
	struct fake_tier *fake = fake_of(t);
	struct chunk_list list = { 0 };
	int r = begin(fake, FAKE_LIST_CHUNKS);

	(void)session;
	(void)dl;
	if (r)
		return r;
	for (size_t i = 0; i < FAKE_CHUNKS_MAX; i++)
		if (fake->chunks[i].data)
			assert_int_equal(chunk_list_add(&list,
						&fake->chunks[i].info), 0);
	*ret_list = list;
	return 0;
}

static int fake_claim(struct tier *t, const struct session *session,
		      const struct tier_token *token, struct deadline dl)
{
	struct fake_tier *fake = fake_of(t);
	int r = begin(fake, FAKE_CLAIM);

	(void)session;
	(void)dl;
	if (r)
		return r;
	if (fake->holder[0] && strcmp(fake->holder, token->text) != 0)
		return TIER_E_CONFLICT;
	strcpy(fake->holder, token->text);
	return end(fake, FAKE_CLAIM, 0);
}

static int fake_release(struct tier *t, const struct session *session,
			const struct tier_token *token, struct deadline dl)
{
	struct fake_tier *fake = fake_of(t);
	int r = begin(fake, FAKE_RELEASE);

	(void)session;
	(void)dl;
	if (r)
		return r;
	if (strcmp(fake->holder, token->text) == 0)
		fake->holder[0] = '\0';
	return end(fake, FAKE_RELEASE, 0);
}

static int fake_is_claimed(struct tier *t, const struct session *session,
			   struct deadline dl, bool *ret_held)
{
	struct fake_tier *fake = fake_of(t);
	int r = begin(fake, FAKE_IS_CLAIMED);

	(void)session;
	(void)dl;
	if (!r)
		*ret_held = fake->holder[0] != '\0';
	return r;
}

static int fake_drop_session(struct tier *t, const struct session *session,
			     struct deadline dl)
{
	struct fake_tier *fake = fake_of(t);
	int r = begin(fake, FAKE_DROP_SESSION);

	(void)dl;
	if (r)
		return r;
	if (fake->has_record && fake->record.state < session->state) {
		session_done(&fake->record);
		fake->has_record = false;
	}
	return 0;
}

static int fake_drop_chunk(struct tier *t, const struct session *session,
			   const struct chunk_info *info, struct deadline dl)
{
	struct fake_tier *fake = fake_of(t);
	struct chunk *chunk = &fake->chunks[info->index];
	int r = begin(fake, FAKE_DROP_CHUNK);

	(void)session;
	(void)dl;
	if (r)
		return r;
	if (chunk->data && digest_equal(&chunk->info.digest, &info->digest))
		forget_chunk(chunk);
	return 0;
}

static int fake_drop_chunks(struct tier *t, const struct session *session,
			    struct deadline dl)
{
	struct fake_tier *fake = fake_of(t);
	int r = begin(fake, FAKE_DROP_CHUNKS);

	(void)session;
	(void)dl;
	for (size_t i = 0; !r && i < FAKE_CHUNKS_MAX; i++)
		forget_chunk(&fake->chunks[i]);
	return r;
}

static int fake_sweep(struct tier *t, struct deadline dl)
{
	(void)dl;
	return begin(fake_of(t), FAKE_SWEEP);
}

static int fake_ping(struct tier *t, struct deadline dl)
{
	(void)dl;
	return begin(fake_of(t), FAKE_PING);
}

/* The test looks into it afterwards, and frees it by fake_done(). */
static void fake_close(struct tier *t)
{
	fake_of(t)->closed = true;
}

static const struct tier_impl fake_impl = {
	.name = "fake",
	.put_session = fake_put_session,
	.get_session = fake_get_session,
	.put_chunk = fake_put_chunk,
	.get_chunk = fake_get_chunk,
	.list_chunks = fake_list_chunks,
	.claim = fake_claim,
	.release = fake_release,
	.is_claimed = fake_is_claimed,
	.finish = fake_finish,
	.drop_session = fake_drop_session,
	.drop_chunk = fake_drop_chunk,
	.drop_chunks = fake_drop_chunks,
	.sweep = fake_sweep,
	.ping = fake_ping,
	.close = fake_close,
};

void fake_init(struct fake_tier *fake, const char *name,
	       struct journal *journal)
{
	*fake = (struct fake_tier){
		.base.impl = &fake_impl,
		.name = name,
		.journal = journal,
	};
}

void fake_done(struct fake_tier *fake)
{
	session_done(&fake->record);
	for (size_t i = 0; i < FAKE_CHUNKS_MAX; i++)
		forget_chunk(&fake->chunks[i]);
	fake->has_record = false;
}

struct chunk fake_chunk(uint32_t index, enum chunk_kind kind,
			const char *data, size_t size)
{
	return (struct chunk){
		.info = {
			.index = index,
			.kind = kind,
			.size = size,
			.digest = digest_of(data, size),
		},
		.data = data,
	};
}

struct session fake_session(uint32_t chunks, uint64_t size)
{
	struct session session = {
		.total_chunks = chunks,
		.total_size = size,
		.created_at = clock_now_ms(),
	};

	session.expires_at = session.created_at + 3600000;
	assert_int_equal(session_id_make(session.created_at, session.id), 0);
	return session;
}

struct session fake_finished(const struct session *session,
			     enum session_state state, const char *body)
{
	struct session finished = *session;

	finished.state = state;
	finished.answer = (struct answer){ 0 };
	if (state != SESSION_COMPLETED)
		return finished;
	finished.answer.status = 201;
	strcpy(finished.answer.persistent_id, "route-1");
	finished.answer.body = strdup(body);
	finished.answer.body_size = strlen(body);
	return finished;
}
