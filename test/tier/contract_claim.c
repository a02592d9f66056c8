/* SPDX-License-Identifier: MIT */

/* claim, release and is_claimed. */

#include "test/tier/contract.h"
#include "test/tier/crowd.h"

static struct tier_token token(void)
{
	struct tier_token made;

	assert_int_equal(tier_token_make(&made), 0);
	return made;
}

static int claim(struct contract *c, const struct session *s,
		 const struct tier_token *t)
{
	return tier_claim(c->tier, s, t, patience());
}

static int release(struct contract *c, const struct session *s,
		   const struct tier_token *t)
{
	return tier_release(c->tier, s, t, patience());
}

static bool is_claimed(struct contract *c, const struct session *s)
{
	bool held = false;

	assert_result(c->tier, tier_is_claimed(c->tier, s, patience(), &held),
		      0);
	return held;
}

static void claim_is_held_by_one(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3);
	struct tier_token mine = token(), other = token();

	assert_result(c->tier, tier_put_session(c->tier, &s, patience()), 0);
	assert_false(is_claimed(c, &s));
	assert_result(c->tier, claim(c, &s, &mine), 0);
	assert_true(is_claimed(c, &s));
	assert_result(c->tier, claim(c, &s, &other), TIER_E_CONFLICT);
	assert_string_equal(c->tier->error, "");
	assert_true(is_claimed(c, &s));
	assert_result(c->tier, release(c, &s, &mine), 0);
}

static void claim_needs_no_record(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3);
	struct tier_token mine = token();

	assert_result(c->tier, claim(c, &s, &mine), 0);
	assert_true(is_claimed(c, &s));
	assert_session_is_absent(c->tier, s.id);
	assert_list_is(c->tier, &s, 0, 0);
}

static void holder_renews_its_claim(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3);
	struct tier_token mine = token(), other = token();

	assert_result(c->tier, claim(c, &s, &mine), 0);
	assert_result(c->tier, claim(c, &s, &mine), 0);
	assert_result(c->tier, claim(c, &s, &other), TIER_E_CONFLICT);
	assert_result(c->tier, claim(c, &s, &mine), 0);
}

static void released_claim_is_free(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3);
	struct tier_token mine = token(), other = token();

	assert_result(c->tier, claim(c, &s, &mine), 0);
	assert_result(c->tier, release(c, &s, &mine), 0);
	assert_false(is_claimed(c, &s));
	assert_result(c->tier, claim(c, &s, &other), 0);
	assert_result(c->tier, claim(c, &s, &mine), TIER_E_CONFLICT);
}

static void release_by_another_does_nothing(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3);
	struct tier_token mine = token(), other = token();

	assert_result(c->tier, claim(c, &s, &mine), 0);
	assert_result(c->tier, release(c, &s, &other), 0);
	assert_true(is_claimed(c, &s));
	assert_result(c->tier, claim(c, &s, &other), TIER_E_CONFLICT);
	assert_result(c->tier, claim(c, &s, &mine), 0);
}

static void release_of_what_nobody_holds_is_done(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3);
	struct tier_token mine = token();

	assert_result(c->tier, release(c, &s, &mine), 0);
	assert_result(c->tier, claim(c, &s, &mine), 0);
	assert_result(c->tier, release(c, &s, &mine), 0);
	assert_result(c->tier, release(c, &s, &mine), 0);
	assert_false(is_claimed(c, &s));
}

static void claims_of_sessions_do_not_mix(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3), t = session_of(1, 3);
	struct tier_token mine = token(), other = token();

	assert_result(c->tier, claim(c, &s, &mine), 0);
	assert_result(c->tier, claim(c, &t, &other), 0);
	assert_result(c->tier, release(c, &s, &mine), 0);
	assert_true(is_claimed(c, &t));
}

static void claim_ends_with_its_lease(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3);
	struct tier_token mine = token(), other = token();

	assert_result(c->tier, claim(c, &s, &mine), 0);
	assert_int_equal(end_lease(c, &s), setting_parts(c->setting));
	assert_false(is_claimed(c, &s));
	assert_result(c->tier, claim(c, &s, &other), 0);
	/* The first holder has lost it, and cannot give it away. */
	assert_result(c->tier, claim(c, &s, &mine), TIER_E_CONFLICT);
	assert_result(c->tier, release(c, &s, &mine), 0);
	assert_true(is_claimed(c, &s));
}

static void holder_takes_its_ended_lease_again(void **state)
{
	struct contract *c = *state;
	struct session s = session_of(1, 3);
	struct tier_token mine = token(), other = token();

	assert_result(c->tier, claim(c, &s, &mine), 0);
	assert_int_equal(end_lease(c, &s), setting_parts(c->setting));
	assert_result(c->tier, claim(c, &s, &mine), 0);
	assert_true(is_claimed(c, &s));
	assert_result(c->tier, claim(c, &s, &other), TIER_E_CONFLICT);
}

static int claim_once(const struct crowd_member *member)
{
	struct tier_token mine;
	int r;

	r = tier_token_make(&mine);
	return r ? r : tier_claim(member->tier, member->arg, &mine, patience());
}

static void of_claims_at_once_one_is_held(void **state)
{
	enum { ROUNDS = 10 };
	struct contract *c = *state;

	for (int round = 0; round < ROUNDS; round++) {
		struct session s = session_of(1, 3);
		struct crowd_result results[CROWD_MAX];
		int held = 0;

		crowd_run(c->setting, &c->place, CROWD_MAX, claim_once, &s,
			  results);
		for (int i = 0; i < CROWD_MAX; i++) {
			if (results[i].r == 0)
				held++;
			else if (results[i].r != TIER_E_CONFLICT)
				fail_msg("%d: %s", results[i].r,
					 results[i].error);
		}
		assert_int_equal(held, 1);
		assert_true(is_claimed(c, &s));
	}
}

/* Holds it, checks that it is alone, and gives it back, many times. */
struct alone {
	struct session session;
	int inside;	/* atomic: members that hold the claim */
	int turns;	/* atomic */
};

static int take_turns(const struct crowd_member *member)
{
	struct alone *alone = member->arg;
	struct deadline dl = patience();
	struct tier_token mine;
	int done = 0, r;

	r = tier_token_make(&mine);
	while (!r && done < 10) {
		r = tier_claim(member->tier, &alone->session, &mine, dl);
		if (r == TIER_E_CONFLICT) {
			r = deadline_sleep(dl, 1);
			continue;
		}
		if (r)
			return r;
		if (__atomic_add_fetch(&alone->inside, 1, __ATOMIC_SEQ_CST) > 1)
			return -1;
		__atomic_add_fetch(&alone->turns, 1, __ATOMIC_SEQ_CST);
		__atomic_sub_fetch(&alone->inside, 1, __ATOMIC_SEQ_CST);
		r = tier_release(member->tier, &alone->session, &mine, dl);
		done++;
	}
	return r;
}

static void claim_given_back_goes_to_one_of_many(void **state)
{
	struct contract *c = *state;
	struct alone *alone = crowd_share(sizeof(*alone));
	struct crowd_result results[CROWD_MAX];

	alone->session = session_of(1, 3);
	crowd_run(c->setting, &c->place, 4, take_turns, alone, results);
	for (int i = 0; i < 4; i++)
		if (results[i].r)
			fail_msg("%d: %s", results[i].r, results[i].error);
	assert_int_equal(alone->turns, 40);
	assert_false(is_claimed(c, &alone->session));
	crowd_unshare(alone, sizeof(*alone));
}

static const struct CMUnitTest cases[] = {
	cmocka_unit_test(claim_is_held_by_one),
	cmocka_unit_test(claim_needs_no_record),
	cmocka_unit_test(holder_renews_its_claim),
	cmocka_unit_test(released_claim_is_free),
	cmocka_unit_test(release_by_another_does_nothing),
	cmocka_unit_test(release_of_what_nobody_holds_is_done),
	cmocka_unit_test(claims_of_sessions_do_not_mix),
	cmocka_unit_test(claim_ends_with_its_lease),
	cmocka_unit_test(holder_takes_its_ended_lease_again),
	cmocka_unit_test(of_claims_at_once_one_is_held),
	cmocka_unit_test(claim_given_back_goes_to_one_of_many),
};

const struct subject claim_subject = { cases, ARRAY_SIZE(cases) };
