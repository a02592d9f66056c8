/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/circuit.h"

/* Milliseconds between a trial's deadline and the end of its right to be. */
#define TRIAL_MARGIN_MS 500

#define TRIES_MAX 4	/* to get hold of a trial that others are after, too */

int circuit_init(struct circuit *c, const struct circuit_server *server,
		 const char *folder, int64_t cooldown_ms)
{
	*c = (struct circuit){
		.cooldown_ms = cooldown_ms,
		/* It may wait for the connection, and then for the answer. */
		.trial_ms = 2 * server->patience_ms + TRIAL_MARGIN_MS,
		.silence_only = server->silence_only,
	};
	return circuit_file_init(&c->file, folder, server->name, server->url);
}

void circuit_done(struct circuit *c)
{
	circuit_file_done(&c->file);
}

bool circuit_is_silence(int r)
{
	switch (r) {
	case -ETIMEDOUT:
	case -ECONNREFUSED:
	case -ECONNRESET:
	case -ECONNABORTED:
	case -EPIPE:
	case -EHOSTUNREACH:
	case -ENETUNREACH:
	case -ENETDOWN:
		return true;
	default:
		return false;
	}
}

/* What holds now, into c->seen. */
static void look(struct circuit *c)
{
	if (c->own.state != CIRCUIT_CLOSED ||
	    circuit_file_read(&c->file, &c->seen))
		c->seen = c->own;
}

/* Makes @next of what was seen. CIRCUIT_FILE_E_CHANGED: others were first. */
static int change(struct circuit *c, struct circuit_record *next)
{
	int r = -ENOTSUP;

	next->epoch = c->seen.epoch + 1;
	if (c->own.state == CIRCUIT_CLOSED)
		r = circuit_file_change(&c->file, c->seen.epoch, next);
	if (r < 0)
		c->own = *next;
	if (r <= 0)
		c->seen = *next;
	return r > 0 ? r : 0;
}

/*
 * How much is left of @ms milliseconds since the record; 0 when they are over.
 * A record from the future is from before the host was started anew.
 */
static int64_t left_of(const struct circuit_record *record, int64_t ms,
		       int64_t now_ms)
{
	int64_t age;

	if (__builtin_sub_overflow(now_ms, record->at_ms, &age) || age < 0 ||
	    age >= ms)
		return 0;
	return ms - age;
}

static int keep_off(struct circuit *c, int64_t left_ms)
{
	if (c->seen.state == CIRCUIT_TRIAL)
		snprintf(c->words, sizeof(c->words),
			 "is asked by another request first: %s", c->seen.why);
	else
		snprintf(c->words, sizeof(c->words),
			 "is not asked for %lld ms more: %s",
			 (long long)left_ms, c->seen.why);
	return -EHOSTDOWN;
}

static bool is_open(const struct circuit *c)
{
	if (c->cooldown_ms == 0 || c->seen.state == CIRCUIT_CLOSED)
		return false;
	return !c->silence_only || circuit_is_silence(c->seen.cause);
}

/* What is left of the cool-down, or of somebody's trial. */
static int64_t time_left(const struct circuit *c, int64_t now_ms)
{
	if (c->seen.state == CIRCUIT_TRIAL)
		return left_of(&c->seen, c->trial_ms + TRIAL_MARGIN_MS, now_ms);
	return left_of(&c->seen, c->cooldown_ms, now_ms);
}

int circuit_enter(struct circuit *c, struct deadline *dl)
{
	struct circuit_record trial;
	int64_t now_ms, left_ms;

	c->is_trial = false;
	for (int tries = 0; tries < TRIES_MAX; tries++) {
		look(c);
		if (!is_open(c))
			return 0;
		now_ms = clock_monotonic_ms();
		left_ms = time_left(c, now_ms);
		if (left_ms > 0)
			return keep_off(c, left_ms);
		trial = c->seen;
		trial.state = CIRCUIT_TRIAL;
		trial.at_ms = now_ms;
		if (change(c, &trial) == 0) {
			c->is_trial = true;
			*dl = deadline_within(*dl, c->trial_ms);
			return 0;
		}
	}
	return keep_off(c, 0);
}

const char *circuit_words(const struct circuit *c)
{
	return c->words;
}

void circuit_well(struct circuit *c)
{
	struct circuit_record closed = {
		.state = CIRCUIT_CLOSED,
		.at_ms = clock_monotonic_ms(),
	};

	if (c->is_trial)
		(void)change(c, &closed);
	c->is_trial = false;
}

void circuit_sick(struct circuit *c, int cause, const char *why)
{
	struct circuit_record open = {
		.state = CIRCUIT_OPEN,
		.at_ms = clock_monotonic_ms(),
		.cause = cause,
	};

	snprintf(open.why, sizeof(open.why), "%s", why);
	if (c->cooldown_ms > 0)
		(void)change(c, &open);
	c->is_trial = false;
}

void circuit_unknown(struct circuit *c)
{
	struct circuit_record open = c->seen;

	open.state = CIRCUIT_OPEN;
	open.at_ms = clock_monotonic_ms() - c->cooldown_ms;
	if (c->is_trial)
		(void)change(c, &open);
	c->is_trial = false;
}

const char *circuit_trouble(struct circuit *c)
{
	if (!c->file.trouble || c->has_told)
		return NULL;
	c->has_told = true;
	return c->file.trouble;
}

void circuit_report(struct circuit *c, int cause, char *words, size_t size)
{
	size_t len = strnlen(words, size);
	const char *trouble;

	circuit_sick(c, cause, words);
	trouble = circuit_trouble(c);
	if (trouble)
		snprintf(words + len, size - len,
			 " (other processes are not told: %s)", trouble);
}
