/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "common/hex.h"
#include "common/tier/tier.h"

int tier_put_session(struct tier *t, const struct session *session,
		     struct deadline dl)
{
	t->error[0] = '\0';
	return t->impl->put_session(t, session, dl);
}

int tier_get_session(struct tier *t, const char *id, enum tier_read read,
		     struct deadline dl, struct session *ret_session)
{
	t->error[0] = '\0';
	return t->impl->get_session(t, id, read, dl, ret_session);
}

int tier_put_chunk(struct tier *t, const struct session *session,
		   const struct chunk *chunk, struct deadline dl,
		   struct chunk_count *ret_count)
{
	t->error[0] = '\0';
	return t->impl->put_chunk(t, session, chunk, dl, ret_count);
}

int tier_get_chunk(struct tier *t, const struct session *session,
		   uint32_t index, struct deadline dl, struct buf *data,
		   struct chunk_info *ret_info)
{
	t->error[0] = '\0';
	return t->impl->get_chunk(t, session, index, dl, data, ret_info);
}

int tier_list_chunks(struct tier *t, const struct session *session,
		     struct deadline dl, struct chunk_list *ret_list)
{
	t->error[0] = '\0';
	return t->impl->list_chunks(t, session, dl, ret_list);
}

int tier_claim(struct tier *t, const struct session *session,
	       const struct tier_token *token, struct deadline dl)
{
	t->error[0] = '\0';
	return t->impl->claim(t, session, token, dl);
}

int tier_release(struct tier *t, const struct session *session,
		 const struct tier_token *token, struct deadline dl)
{
	t->error[0] = '\0';
	return t->impl->release(t, session, token, dl);
}

int tier_is_claimed(struct tier *t, const struct session *session,
		    struct deadline dl, bool *ret_held)
{
	t->error[0] = '\0';
	return t->impl->is_claimed(t, session, dl, ret_held);
}

int tier_finish(struct tier *t, const struct session *session,
		struct deadline dl)
{
	t->error[0] = '\0';
	return t->impl->finish(t, session, dl);
}

int tier_drop_session(struct tier *t, const struct session *session,
		      struct deadline dl)
{
	t->error[0] = '\0';
	return t->impl->drop_session(t, session, dl);
}

int tier_drop_chunk(struct tier *t, const struct session *session,
		    const struct chunk_info *info, struct deadline dl)
{
	t->error[0] = '\0';
	return t->impl->drop_chunk(t, session, info, dl);
}

int tier_drop_chunks(struct tier *t, const struct session *session,
		     struct deadline dl)
{
	t->error[0] = '\0';
	return t->impl->drop_chunks(t, session, dl);
}

int tier_sweep(struct tier *t, struct deadline dl)
{
	t->error[0] = '\0';
	return t->impl->sweep ? t->impl->sweep(t, dl) : 0;
}

int tier_ping(struct tier *t, struct deadline dl)
{
	t->error[0] = '\0';
	return t->impl->ping(t, dl);
}

struct tier *tier_close(struct tier *t)
{
	if (t)
		t->impl->close(t);
	return NULL;
}

int tier_token_make(struct tier_token *ret_token)
{
	uint8_t random[TIER_TOKEN_LEN / 2];

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return errno ? -errno : -EIO;
	hex_format(random, sizeof(random), ret_token->text);
	return 0;
}

int tier_fail(struct tier *t, int r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(t->error, sizeof(t->error), format, args);
	va_end(args);
	return r;
}
