/* SPDX-License-Identifier: MIT */

/*
 * circuit - a circuit breaker for one server, shared by the processes of a
 * host: the server is asked, or is kept off for a cool-down after a failure,
 * or is on trial: one process asks it, and the others keep off until they know
 * what came of that.
 *
 * Around each call to the server:
 *
 *	r = circuit_enter(c, &dl);
 *	if (r)
 *		return r;	(circuit_words() say why)
 *	ask the server, until dl;
 *	circuit_well(c), circuit_sick(c) or circuit_unknown(c);
 *
 * A failure counts only while all is as it was when its call began: one that
 * comes in late, after another opened the circuit or closed it again, changes
 * nothing. A process that is killed or stopped in a trial holds the others off
 * until the trial's time is over, no longer: then another may try, and what
 * becomes of the first one changes nothing.
 *
 * Where the file cannot be used (circuit_file.h) each process has a circuit of
 * its own. With a cool-down of 0 nobody is ever kept off.
 */

#pragma once

#include "common/base.h"
#include "common/circuit_file.h"
#include "common/deadline.h"

#define CIRCUIT_WORDS_MAX 256	/* bytes, the NUL included */

struct circuit_server {
	const char *name;	/* a literal, of a file's name and of words */
	const char *url;	/* what tells it from others; may be a secret */
	int64_t patience_ms;	/* for which a call waits for it at once */
	/* Keeps off only a server that was silent, whatever else it said. */
	bool silence_only;
};

struct circuit {
	struct circuit_file file;
	int64_t cooldown_ms;
	int64_t trial_ms;		/* for which a call on trial may wait */
	bool silence_only;
	struct circuit_record own;	/* not closed: the file was refused */
	struct circuit_record seen;	/* as the call at work began */
	bool is_trial;			/* the call at work is one */
	bool has_told;			/* circuit_trouble() has spoken */
	char words[CIRCUIT_WORDS_MAX];
};

/*
 * A circuit for @server in @folder, which may be NULL. Touches nothing yet.
 * circuit_done() it, also after a failure. -ENOMEM.
 */
int circuit_init(struct circuit *c, const struct circuit_server *server,
		 const char *folder, int64_t cooldown_ms);
void circuit_done(struct circuit *c);

/*
 * Whether the server may be asked now. The trial's *dl is brought nearer, to
 * what a trial may take. -EHOSTDOWN: it is kept off.
 */
int circuit_enter(struct circuit *c, struct deadline *dl);

/* "is not asked for 4200 ms more: ...", after -EHOSTDOWN. */
const char *circuit_words(const struct circuit *c);

/* The server answered. */
void circuit_well(struct circuit *c);

/* It failed with @cause (-errno) and @why, words without secrets. */
void circuit_sick(struct circuit *c, int cause, const char *why);

/* The call failed and says nothing of the server; the next one may try. */
void circuit_unknown(struct circuit *c);

/* Why other processes are not told, once; then, and when they are, NULL. */
const char *circuit_trouble(struct circuit *c);

/*
 * circuit_sick() with @words, of at most @size bytes, which circuit_trouble() is
 * added to.
 */
void circuit_report(struct circuit *c, int cause, char *words, size_t size);

/* Whether @r is how it reads when nothing answers, rather than a complaint. */
bool circuit_is_silence(int r);
