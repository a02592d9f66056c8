/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "common/claim.h"
#include "test/unit/fake_clock.h"
#include "test/unit/fake_tier.h"

static struct fake_tier fake;
static struct session session;
static struct claim claim;

static int setup(void **state)
{
	(void)state;
	fake_clock_set(0);
	fake_init(&fake, "redis", NULL);
	session = fake_session(1, 3);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fake_done(&fake);
	return 0;
}

static struct deadline soon(void)
{
	return deadline_in(10000);
}

static int take(void)
{
	return claim_take(&claim, &fake.base, &session, soon());
}

static void claim_is_taken_and_given_back(void **state)
{
	(void)state;
	assert_int_equal(take(), 0);
	assert_int_equal(strlen(fake.holder), TIER_TOKEN_LEN);
	claim_give_back(&claim);
	assert_string_equal(fake.holder, "");
	/* Once is enough. */
	claim_give_back(&claim);
	assert_int_equal(fake.calls[FAKE_RELEASE], 1);
}

static void nothing_is_given_back_that_was_never_taken(void **state)
{
	struct claim none = { 0 };

	(void)state;
	claim_give_back(&none);
	strcpy(fake.holder, "somebody");
	assert_int_equal(take(), TIER_E_CONFLICT);
	claim_give_back(&claim);
	assert_int_equal(fake.calls[FAKE_RELEASE], 0);
	assert_string_equal(fake.holder, "somebody");
}

static void every_holder_has_a_token_of_its_own(void **state)
{
	struct claim other;

	(void)state;
	assert_int_equal(take(), 0);
	assert_int_equal(claim_take(&other, &fake.base, &session, soon()),
			 TIER_E_CONFLICT);
}

static void claim_that_failed_may_be_held_and_is_given_back(void **state)
{
	(void)state;
	fake.lies[FAKE_CLAIM] = -ETIMEDOUT;
	assert_int_equal(take(), -ETIMEDOUT);
	assert_string_not_equal(fake.holder, "");
	claim_give_back(&claim);
	assert_string_equal(fake.holder, "");
	/* What is said of the failure is what failed first. */
	assert_string_equal(fake.base.error, "redis: claim lied");
}

static void words_of_a_failure_outlive_the_giving_back(void **state)
{
	(void)state;
	assert_int_equal(take(), 0);
	fake.fails = -EIO;
	assert_int_equal(tier_ping(&fake.base, soon()), -EIO);
	claim_give_back(&claim);
	assert_string_equal(fake.base.error, "redis: ping failed");
	assert_int_equal(fake.calls[FAKE_RELEASE], 1);
}

static void no_room_is_a_failure_with_words(void **state)
{
	(void)state;
	fake.says[FAKE_CLAIM] = TIER_E_FULL;
	assert_int_equal(take(), -ENOSPC);
	assert_string_equal(fake.base.error, "no tier has room for a claim");
	claim_give_back(&claim);
}

static int keep_after(int64_t ms)
{
	fake_clock_set(ms);
	return claim_keep(&claim, soon());
}

static void young_claim_is_kept_without_asking(void **state)
{
	(void)state;
	assert_int_equal(take(), 0);
	assert_int_equal(keep_after(TIER_CLAIM_LEASE_MS / 3 - 1000), 0);
	assert_int_equal(fake.calls[FAKE_CLAIM], 1);
}

static void claim_is_renewed_when_a_third_of_it_has_gone(void **state)
{
	(void)state;
	assert_int_equal(take(), 0);
	for (int i = 1; i <= 10; i++) {
		assert_int_equal(keep_after(i * TIER_CLAIM_LEASE_MS / 2), 0);
		assert_int_equal(fake.calls[FAKE_CLAIM], 1 + i);
		assert_int_equal(claim_keep(&claim, soon()), 0);
		assert_int_equal(fake.calls[FAKE_CLAIM], 1 + i);
	}
}

static void claim_of_another_is_lost(void **state)
{
	(void)state;
	assert_int_equal(take(), 0);
	strcpy(fake.holder, "somebody");
	assert_int_equal(keep_after(TIER_CLAIM_LEASE_MS / 2), TIER_E_CONFLICT);
	claim_give_back(&claim);
	assert_string_equal(fake.holder, "somebody");
}

static void claim_that_ran_out_is_lost_though_it_is_free(void **state)
{
	(void)state;
	assert_int_equal(take(), 0);
	fake.holder[0] = '\0';
	assert_int_equal(keep_after(TIER_CLAIM_LEASE_MS), TIER_E_CONFLICT);
	assert_int_equal(fake.calls[FAKE_CLAIM], 1);
	/* And stays lost. */
	assert_int_equal(claim_keep(&claim, soon()), TIER_E_CONFLICT);
}

static void renewal_that_failed_is_asked_for_again(void **state)
{
	(void)state;
	assert_int_equal(take(), 0);
	fake.says[FAKE_CLAIM] = -EIO;
	assert_int_equal(keep_after(TIER_CLAIM_LEASE_MS / 2), -EIO);
	fake.says[FAKE_CLAIM] = 0;
	assert_int_equal(claim_keep(&claim, soon()), 0);
	assert_int_equal(fake.calls[FAKE_CLAIM], 3);
	assert_int_equal(keep_after(TIER_CLAIM_LEASE_MS / 2 +
				    TIER_CLAIM_LEASE_MS / 3 - 1000), 0);
	assert_int_equal(fake.calls[FAKE_CLAIM], 3);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest cases[] = {
	CASE(claim_is_taken_and_given_back),
	CASE(nothing_is_given_back_that_was_never_taken),
	CASE(every_holder_has_a_token_of_its_own),
	CASE(claim_that_failed_may_be_held_and_is_given_back),
	CASE(words_of_a_failure_outlive_the_giving_back),
	CASE(no_room_is_a_failure_with_words),
	CASE(young_claim_is_kept_without_asking),
	CASE(claim_is_renewed_when_a_third_of_it_has_gone),
	CASE(claim_of_another_is_lost),
	CASE(claim_that_ran_out_is_lost_though_it_is_free),
	CASE(renewal_that_failed_is_asked_for_again),
};

int main(void)
{
	return cmocka_run_group_tests(cases, NULL, NULL);
}
