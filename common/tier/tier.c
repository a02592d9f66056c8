/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "common/hex.h"
#include "common/tier/tier.h"

/* The bit of an answer, so that an operation names the set it has. */
static unsigned has(int answer)
{
	return 1u << answer;
}

/*
 * Holds a tier to its operation's answers. Where there is no room to take rot
 * away, or to forget, it may say TIER_E_FULL, which is no answer to a read: it
 * cannot just now.
 */
static int held_to(struct tier *t, int r, unsigned answers)
{
	if (r <= 0 || (r <= TIER_E_LIMIT && has(r) & answers))
		return r;
	return tier_fail(t, -EAGAIN, r == TIER_E_FULL ?
			 "no room for what must be changed" :
			 "an answer that the operation does not have");
}

int tier_put_session(struct tier *t, const struct session *session,
		     struct deadline dl)
{
	int r;

	t->error[0] = '\0';
	r = t->impl->put_session(t, session, dl);
	return held_to(t, r, has(TIER_E_FULL));
}

int tier_get_session(struct tier *t, const char *id, enum tier_read read,
		     struct deadline dl, struct session *ret_session)
{
	int r;

	t->error[0] = '\0';
	r = t->impl->get_session(t, id, read, dl, ret_session);
	return held_to(t, r, has(TIER_E_ABSENT));
}

int tier_put_chunk(struct tier *t, const struct session *session,
		   const struct chunk *chunk, struct deadline dl,
		   struct chunk_count *ret_count)
{
	int r;

	t->error[0] = '\0';
	r = t->impl->put_chunk(t, session, chunk, dl, ret_count);
	return held_to(t, r, has(TIER_E_CONFLICT) | has(TIER_E_FULL) |
			     has(TIER_E_LIMIT));
}

int tier_get_chunk(struct tier *t, const struct session *session,
		   uint32_t index, struct deadline dl, struct buf *data,
		   struct chunk_info *ret_info)
{
	int r;

	t->error[0] = '\0';
	r = t->impl->get_chunk(t, session, index, dl, data, ret_info);
	return held_to(t, r, has(TIER_E_ABSENT));
}

/* A place that others write to may have what the session has no index for. */
static void cut_list(struct chunk_list *list, uint32_t total)
{
	while (list->n && list->chunks[list->n - 1].index >= total)
		list->n--;
}

int tier_list_chunks(struct tier *t, const struct session *session,
		     struct deadline dl, struct chunk_list *ret_list)
{
	int r;

	t->error[0] = '\0';
	r = t->impl->list_chunks(t, session, dl, ret_list);
	if (!r)
		cut_list(ret_list, session->total_chunks);
	return held_to(t, r, 0);
}

int tier_claim(struct tier *t, const struct session *session,
	       const struct tier_token *token, struct deadline dl)
{
	int r;

	t->error[0] = '\0';
	r = t->impl->claim(t, session, token, dl);
	return held_to(t, r, has(TIER_E_CONFLICT) | has(TIER_E_FULL));
}

int tier_release(struct tier *t, const struct session *session,
		 const struct tier_token *token, struct deadline dl)
{
	int r;

	t->error[0] = '\0';
	r = t->impl->release(t, session, token, dl);
	return held_to(t, r, 0);
}

int tier_is_claimed(struct tier *t, const struct session *session,
		    struct deadline dl, bool *ret_held)
{
	int r;

	t->error[0] = '\0';
	r = t->impl->is_claimed(t, session, dl, ret_held);
	return held_to(t, r, 0);
}

int tier_finish(struct tier *t, const struct session *session,
		struct deadline dl)
{
	int r;

	t->error[0] = '\0';
	r = t->impl->finish(t, session, dl);
	return held_to(t, r, has(TIER_E_CONFLICT) | has(TIER_E_FULL));
}

int tier_drop_session(struct tier *t, const struct session *session,
		      struct deadline dl)
{
	int r;

	t->error[0] = '\0';
	r = t->impl->drop_session(t, session, dl);
	return held_to(t, r, 0);
}

int tier_drop_chunk(struct tier *t, const struct session *session,
		    const struct chunk_info *info, struct deadline dl)
{
	int r;

	t->error[0] = '\0';
	r = t->impl->drop_chunk(t, session, info, dl);
	return held_to(t, r, 0);
}

int tier_drop_chunks(struct tier *t, const struct session *session,
		     struct deadline dl)
{
	int r;

	t->error[0] = '\0';
	r = t->impl->drop_chunks(t, session, dl);
	return held_to(t, r, 0);
}

int tier_sweep(struct tier *t, struct deadline dl)
{
	t->error[0] = '\0';
	return t->impl->sweep ? t->impl->sweep(t, dl) : 0;
}

int tier_ping(struct tier *t, struct deadline dl)
{
	int r;

	t->error[0] = '\0';
	r = t->impl->ping(t, dl);
	return held_to(t, r, 0);
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
