/* SPDX-License-Identifier: MIT */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "test/unit/fake_clock.h"
#include "test/unit/peers.h"

struct order {
	enum { ENTER, WELL, SICK, UNKNOWN, WORDS, TROUBLE, FULL, END } what;
	int64_t ahead_ms;
	int cause;
};

struct report {
	int r;
	char words[CIRCUIT_WORDS_MAX];
};

static void fill_disk(void)
{
	const struct rlimit none = { 0, 0 };

	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &none);
}

static void obey(struct circuit *c, const struct order *order,
		 struct report *report)
{
	struct deadline dl = deadline_in(60000);
	const char *words = "";

	fake_clock_set(order->ahead_ms);
	switch (order->what) {
	case ENTER:
		report->r = circuit_enter(c, &dl);
		break;
	case WELL:
		circuit_well(c);
		break;
	case SICK:
		circuit_sick(c, order->cause, "the words of a failure");
		break;
	case UNKNOWN:
		circuit_unknown(c);
		break;
	case WORDS:
		words = circuit_words(c);
		break;
	case TROUBLE:
		words = circuit_trouble(c);
		break;
	case FULL:
		fill_disk();
		break;
	case END:
		break;
	}
	snprintf(report->words, sizeof(report->words), "%s",
		 words ? words : "");
}

static _Noreturn void serve_orders(const struct peers *peers, int from, int to)
{
	struct circuit c;
	struct order order;
	struct report report;

	/* Also when the test ends in the middle. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (circuit_init(&c, &peers->server, peers->folder,
			 peers->cooldown_ms))
		_exit(1);
	/* A later one has this one's pipes, too: nothing ends by itself. */
	while (read(from, &order, sizeof(order)) == sizeof(order) &&
	       order.what != END) {
		memset(&report, 0, sizeof(report));
		obey(&c, &order, &report);
		if (write(to, &report, sizeof(report)) != sizeof(report))
			_exit(1);
	}
	circuit_done(&c);
	_exit(0);
}

struct peer peer_begin(const struct peers *peers, int64_t ahead_ms)
{
	int orders[2], reports[2];
	struct peer peer;

	assert_int_equal(pipe(orders), 0);
	assert_int_equal(pipe(reports), 0);
	fake_clock_set(ahead_ms);
	peer.pid = fork();
	assert_true(peer.pid >= 0);
	if (peer.pid == 0) {
		close(orders[1]);
		close(reports[0]);
		serve_orders(peers, orders[0], reports[1]);
	}
	close(orders[0]);
	close(reports[1]);
	peer.to = orders[1];
	peer.from = reports[0];
	return peer;
}

static void tell(struct peer *peer, struct order order)
{
	assert_int_equal(write(peer->to, &order, sizeof(order)),
			 sizeof(order));
}

static struct report *hear(struct peer *peer)
{
	static struct report report;

	assert_int_equal(read(peer->from, &report, sizeof(report)),
			 sizeof(report));
	return &report;
}

void peer_start_entering(struct peer *peer, int64_t ahead_ms)
{
	tell(peer, (struct order){ ENTER, ahead_ms, 0 });
}

int peer_entered(struct peer *peer)
{
	return hear(peer)->r;
}

int peer_enter(struct peer *peer, int64_t ahead_ms)
{
	peer_start_entering(peer, ahead_ms);
	return peer_entered(peer);
}

void peer_well(struct peer *peer, int64_t ahead_ms)
{
	tell(peer, (struct order){ WELL, ahead_ms, 0 });
	hear(peer);
}

void peer_sick(struct peer *peer, int64_t ahead_ms, int cause)
{
	tell(peer, (struct order){ SICK, ahead_ms, cause });
	hear(peer);
}

void peer_unknown(struct peer *peer, int64_t ahead_ms)
{
	tell(peer, (struct order){ UNKNOWN, ahead_ms, 0 });
	hear(peer);
}

const char *peer_words(struct peer *peer)
{
	tell(peer, (struct order){ WORDS, 0, 0 });
	return hear(peer)->words;
}

const char *peer_trouble(struct peer *peer)
{
	tell(peer, (struct order){ TROUBLE, 0, 0 });
	return hear(peer)->words;
}

void peer_disk_full(struct peer *peer)
{
	tell(peer, (struct order){ FULL, 0, 0 });
	hear(peer);
}

static void forget(struct peer *peer)
{
	int status;

	close(peer->to);
	close(peer->from);
	assert_int_equal(waitpid(peer->pid, &status, 0), peer->pid);
}

void peer_end(struct peer *peer)
{
	tell(peer, (struct order){ END, 0, 0 });
	forget(peer);
}

void peer_kill(struct peer *peer)
{
	assert_int_equal(kill(peer->pid, SIGKILL), 0);
	forget(peer);
}
