/* SPDX-License-Identifier: MIT */

/* Records in a stack: where they are written, and how they are copied. */

#include "common/tier/stack_parts.h"

/* put_session or finish: both write a record, and states move forward only. */
typedef int record_fn(struct tier *t, const struct session *session,
		      struct deadline dl);

/*
 * Whether a tier of one host must be told, though there is a better place for
 * the record: it would go on saying an earlier state. No state is earlier than
 * open.
 */
static bool must_be_told(struct tier *t, const struct session *session,
			 struct deadline dl)
{
	struct session found = { 0 };

	if (session->state == SESSION_OPEN ||
	    tier_get_session(t, session->id, TIER_READ_FIRST, dl, &found))
		return false;
	session_done(&found);
	return true;
}

/*
 * Writes the record to the shared tiers, then to the others by their rule;
 * @wanted must take it, and where that cannot be any more no other is asked. A
 * tier without room for a later state must not go on saying the earlier one.
 * After a conflict no tier needs this state any more.
 */
static int put_record(struct stack *s, record_fn *put,
		      const struct session *session, size_t wanted,
		      struct deadline dl)
{
	bool refused[STACK_TIERS_MAX] = { false };
	struct stack_verdict v = { 0 };
	size_t left = stack_shared(s);

	for (int shared = 1; shared >= 0; shared--) {
		for (size_t i = 0; i < s->n; i++) {
			struct tier *t = s->tiers[i].tier;
			bool had = v.done > 0;
			int r;

			if (s->tiers[i].is_shared != (shared == 1))
				continue;
			if (shared && v.done + left-- < wanted)
				continue;
			if (!shared && (had || s->copies > 1) &&
			    !must_be_told(t, session, dl))
				continue;
			r = put(t, session, dl);
			if (r == TIER_E_CONFLICT)
				return r;
			stack_note(s, &v, t, r);
			refused[i] = r == TIER_E_FULL;
			if (r == 0 && !had)
				s->base.served = t->served;
		}
	}
	for (size_t i = 0; v.done && i < s->n; i++)
		if (refused[i] && session->state != SESSION_OPEN)
			(void)tier_drop_session(s->tiers[i].tier, session, dl);
	return stack_written(s, &v, wanted);
}

int stack_put_session(struct tier *t, const struct session *session,
		      struct deadline dl)
{
	struct stack *s = stack_of(t);

	return put_record(s, tier_put_session, session, s->copies, dl);
}

int stack_finish(struct tier *t, const struct session *session,
		 struct deadline dl)
{
	return put_record(stack_of(t), tier_finish, session, 1, dl);
}

static int get_first(struct stack *s, const char *id, struct deadline dl,
		     struct session *ret_session)
{
	bool lacks[STACK_TIERS_MAX] = { false };
	struct session session = { 0 };
	struct stack_verdict v = { 0 };

	for (size_t i = 0; i < s->n && !v.done; i++) {
		struct tier *t = s->tiers[i].tier;
		int r = tier_get_session(t, id, TIER_READ_FIRST, dl, &session);

		stack_note(s, &v, t, r);
		lacks[i] = r == TIER_E_ABSENT && s->tiers[i].is_shared;
		if (r == 0)
			s->base.served = t->served;
	}
	if (!v.done)
		return stack_not_found(s, &v);
	/* A copy that fails is only a slower way next time. */
	for (size_t i = 0; i < s->n; i++)
		if (lacks[i])
			(void)tier_put_session(s->tiers[i].tier, &session, dl);
	*ret_session = session;
	return 0;
}

/* Brings a tier up to @best; see the policy in the header. */
static void bring_up(struct stack_tier *t, int said, enum session_state has,
		     const struct session *best, struct deadline dl)
{
	int r = 0;

	if (said == TIER_E_ABSENT && !t->is_shared)
		return;
	if (said == TIER_E_ABSENT && best->state == SESSION_OPEN)
		r = tier_put_session(t->tier, best, dl);
	else if (said == TIER_E_ABSENT || (said == 0 && has < best->state))
		r = tier_finish(t->tier, best, dl);
	if (r == TIER_E_FULL && said == 0)
		(void)tier_drop_session(t->tier, best, dl);
}

static int get_all(struct stack *s, const char *id, struct deadline dl,
		   struct session *ret_session)
{
	enum session_state state[STACK_TIERS_MAX] = { SESSION_OPEN };
	int said[STACK_TIERS_MAX] = { 0 };
	struct stack_verdict v = { 0 };
	struct session best = { 0 };

	for (size_t i = 0; i < s->n; i++) {
		struct tier *t = s->tiers[i].tier;
		struct session found = { 0 };

		said[i] = tier_get_session(t, id, TIER_READ_ALL, dl, &found);
		stack_note(s, &v, t, said[i]);
		if (said[i])
			continue;
		state[i] = found.state;
		if (!best.id[0] || found.state > best.state) {
			session_done(&best);
			best = found;
			s->base.served = t->served;
		} else {
			session_done(&found);
		}
	}
	if (!v.done)
		return stack_not_found(s, &v);
	for (size_t i = 0; i < s->n; i++)
		bring_up(&s->tiers[i], said[i], state[i], &best, dl);
	*ret_session = best;
	return 0;
}

int stack_get_session(struct tier *t, const char *id, enum tier_read read,
		      struct deadline dl, struct session *ret_session)
{
	if (read == TIER_READ_ALL)
		return get_all(stack_of(t), id, dl, ret_session);
	return get_first(stack_of(t), id, dl, ret_session);
}
