/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "test/unit/fake_sink.h"

#define STORED_MAX MIB(64)

static const char *const op_names[] = {
	[FAKE_FIND] = "find",
	[FAKE_BEGIN] = "begin",
	[FAKE_WRITE] = "write",
	[FAKE_COMMIT] = "commit",
	[FAKE_ABANDON] = "abandon",
};

static struct fake_sink *fake_of(struct sink *sink)
{
	return (struct fake_sink *)sink;
}

static int say(struct fake_sink *fake, enum fake_sink_op op, int said)
{
	if (said < 0)
		sink_fail(&fake->base, said, "sink: %s failed", op_names[op]);
	if (said == SINK_E_BAD_DATA || said == SINK_E_BAD_FIELDS)
		sink_refuse(&fake->base, said, "no good");
	if (said == SINK_E_TOO_LARGE) {
		fake->base.limit = "maxDocument";
		fake->base.limit_max = 99;
	}
	return said;
}

static int begin(struct fake_sink *fake, enum fake_sink_op op)
{
	int said = 0;

	fake->calls[op]++;
	journal_add(fake->journal, "sink", op_names[op]);
	if (fake->before)
		said = fake->before(fake, op);
	return say(fake, op, said ? said : fake->says[op]);
}

/* Where it stores. */
static struct fake_sink *place(struct fake_sink *fake)
{
	return fake->shared ? fake->shared : fake;
}

static void answer(struct answer *ret_answer)
{
	static const char body[] = "{\"persistentId\":\"route-1\"}";

	*ret_answer = (struct answer){ .status = 201 };
	strcpy(ret_answer->persistent_id, "route-1");
	ret_answer->body = strdup(body);
	ret_answer->body_size = strlen(body);
	assert_non_null(ret_answer->body);
}

static void store(struct fake_sink *fake, const struct session *session,
		  const char *data, size_t size)
{
	buf_reset(&fake->stored);
	assert_int_equal(buf_append(&fake->stored, data, size), 0);
	strcpy(fake->session_id, session->id);
	fake->has = true;
}

static int fake_find(struct sink *sink, const struct session *session,
		     struct deadline dl, struct answer *ret_answer)
{
	struct fake_sink *fake = fake_of(sink);
	int r = begin(fake, FAKE_FIND);

	(void)dl;
	if (r)
		return r;
	if (!place(fake)->has ||
	    strcmp(place(fake)->session_id, session->id) != 0)
		return SINK_E_ABSENT;
	answer(ret_answer);
	return 0;
}

static int fake_begin(struct sink *sink, const struct session *session,
		      struct deadline dl)
{
	struct fake_sink *fake = fake_of(sink);
	int r = begin(fake, FAKE_BEGIN);

	(void)session;
	(void)dl;
	if (r)
		return r;
	buf_reset(&fake->written);
	fake->writing = true;
	return 0;
}

static int fake_write(struct sink *sink, const void *data, size_t size,
		      struct deadline dl)
{
	struct fake_sink *fake = fake_of(sink);

	(void)dl;
	fake->calls[FAKE_WRITE]++;
	assert_true(fake->writing);
	assert_true(size > 0);
	if (fake->says[FAKE_WRITE] &&
	    fake->written.size + size > fake->write_max)
		return say(fake, FAKE_WRITE, fake->says[FAKE_WRITE]);
	return buf_append(&fake->written, data, size);
}

static int fake_commit(struct sink *sink, const struct session *session,
		       const struct sink_content *content, struct deadline dl,
		       struct answer *ret_answer)
{
	struct fake_sink *fake = fake_of(sink);
	int r = begin(fake, FAKE_COMMIT);

	(void)dl;
	assert_true(fake->writing);
	fake->writing = false;
	if (r)
		return r;
	assert_int_equal(content->size, fake->written.size);
	fake->content = *content;
	if (!place(fake)->has)
		store(place(fake), session, fake->written.data, fake->written.size);
	if (fake->lies[FAKE_COMMIT])
		return say(fake, FAKE_COMMIT, fake->lies[FAKE_COMMIT]);
	answer(ret_answer);
	return 0;
}

static void fake_abandon(struct sink *sink)
{
	struct fake_sink *fake = fake_of(sink);

	fake->calls[FAKE_ABANDON]++;
	journal_add(fake->journal, "sink", "abandon");
	fake->writing = false;
}

static void fake_close(struct sink *sink)
{
	(void)sink;
}

static const struct sink_impl fake_impl = {
	.name = "fake",
	.find = fake_find,
	.begin = fake_begin,
	.write = fake_write,
	.commit = fake_commit,
	.abandon = fake_abandon,
	.close = fake_close,
};

void fake_sink_init(struct fake_sink *fake, struct journal *journal)
{
	*fake = (struct fake_sink){
		.base.impl = &fake_impl,
		.journal = journal,
	};
	buf_init(&fake->written, STORED_MAX);
	buf_init(&fake->stored, STORED_MAX);
}

void fake_sink_done(struct fake_sink *fake)
{
	buf_done(&fake->written);
	buf_done(&fake->stored);
}

void fake_sink_has(struct fake_sink *fake, const struct session *session,
		   const char *text)
{
	store(fake, session, text, strlen(text));
}
