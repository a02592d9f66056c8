/* SPDX-License-Identifier: MIT */

/*
 * load PLAN: sends what the plan says (plan.h), each connection in a thread of
 * its own, all from one moment on, and writes one JSON object:
 *
 *	lists, requests		done as was expected
 *	failed, first_failure	lists that were not, and why the first
 *	skipped			lists that were not begun within run_ms
 *	wall_ns			from the first request to the last answer
 *	cpu_ns			of this program in that time
 *	sent, connected		bytes of bodies; connections made
 *	at_ns, took_ns		of each list that was done: when it began, from
 *				the first one's beginning, and how long it took
 *
 * A list that fails ends there. Every wait has a limit, and so has the whole.
 */

#include <err.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "client.h"

#define STACK_SIZE (256 * 1024) /* bytes */

struct run {
	const struct plan *plan;
	pthread_barrier_t *start;
	struct plan_range lists;
	struct client client;
	uint64_t *began, *ended; /* of each list done */
	size_t n_done;
	size_t n_requests;
	size_t n_failed;
	size_t n_skipped;
	char first_failure[CLIENT_FAILURE_MAX];
};

static uint64_t now(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static int run_list(struct run *run, const struct plan_range *list)
{
	for (size_t i = 0; i < list->n; i++) {
		if (client_ask(&run->client,
			       &run->plan->requests[list->first + i]))
			return -1;
		run->n_requests++;
	}
	return 0;
}

static void *run_lists(void *user)
{
	struct run *run = user;
	uint64_t end;

	client_connect(&run->client);
	pthread_barrier_wait(run->start);
	end = now(CLOCK_MONOTONIC) + (uint64_t)run->plan->run_ms * 1000000;
	for (size_t i = 0; i < run->lists.n; i++) {
		uint64_t began = now(CLOCK_MONOTONIC);

		if (began >= end) {
			run->n_skipped = run->lists.n - i;
			break;
		}
		if (run_list(run, &run->plan->lists[run->lists.first + i])) {
			if (!run->n_failed++)
				strcpy(run->first_failure,
				       run->client.failure);
			continue;
		}
		run->began[run->n_done] = began;
		run->ended[run->n_done++] = now(CLOCK_MONOTONIC);
	}
	client_done(&run->client);
	return NULL;
}

static void print_text(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\' || c < ' ' || c > '~')
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

/* Of each list when it began, or where from is 0 how long it took. */
static void print_times(const struct run *runs, size_t n, uint64_t from,
			const char *name)
{
	const char *comma = "";

	printf(",\"%s\":[", name);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < runs[i].n_done; k++) {
			uint64_t began = runs[i].began[k], ns;

			ns = from ? began - from : runs[i].ended[k] - began;
			printf("%s%llu", comma, (unsigned long long)ns);
			comma = ",";
		}
	}
	putchar(']');
}

static void print(const struct run *runs, size_t n, uint64_t cpu)
{
	unsigned long long sent = 0, connected = 0;
	size_t lists = 0, requests = 0, failed = 0, skipped = 0;
	uint64_t first = UINT64_MAX, last = 0;
	const char *failure = "";

	for (size_t i = 0; i < n; i++) {
		const struct run *run = &runs[i];

		lists += run->n_done;
		requests += run->n_requests;
		failed += run->n_failed;
		skipped += run->n_skipped;
		sent += run->client.sent;
		connected += run->client.connected;
		if (!*failure)
			failure = run->first_failure;
		if (run->n_done && run->began[0] < first)
			first = run->began[0];
		if (run->n_done && run->ended[run->n_done - 1] > last)
			last = run->ended[run->n_done - 1];
	}
	printf("{\"lists\":%zu,\"requests\":%zu,", lists, requests);
	printf("\"failed\":%zu,\"skipped\":%zu,", failed, skipped);
	printf("\"wall_ns\":%llu,\"cpu_ns\":%llu,",
	       (unsigned long long)(last ? last - first : 0),
	       (unsigned long long)cpu);
	printf("\"sent\":%llu,\"connected\":%llu,\"first_failure\":", sent,
	       connected);
	print_text(failure);
	print_times(runs, n, first, "at_ns");
	print_times(runs, n, 0, "took_ns");
	puts("}");
}

static void prepare(struct run *run, const struct plan *plan, size_t i,
		    pthread_barrier_t *start)
{
	run->plan = plan;
	run->start = start;
	run->lists = plan->connections[i];
	run->began = calloc(run->lists.n + 1, sizeof(*run->began));
	run->ended = calloc(run->lists.n + 1, sizeof(*run->ended));
	if (!run->began || !run->ended)
		err(1, "memory");
	client_init(&run->client, plan);
}

int main(int argc, char *argv[])
{
	pthread_t threads[PLAN_CONNECTIONS_MAX];
	pthread_barrier_t start;
	pthread_attr_t attributes;
	struct plan plan;
	struct run *runs;
	uint64_t cpu;

	if (argc != 2)
		errx(2, "usage: load PLAN");
	signal(SIGPIPE, SIG_IGN);
	plan = plan_read(argv[1]);
	/* The last resort: its connections may be at work still. */
	alarm((unsigned)(plan.run_ms + plan.wait_ms) / 1000 + 10);

	runs = calloc(plan.n_connections, sizeof(*runs));
	if (!runs)
		err(1, "memory");
	pthread_barrier_init(&start, NULL, (unsigned)plan.n_connections + 1);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	for (size_t i = 0; i < plan.n_connections; i++) {
		prepare(&runs[i], &plan, i, &start);
		if (pthread_create(&threads[i], &attributes, run_lists,
				   &runs[i]))
			errx(1, "no thread");
	}
	pthread_barrier_wait(&start);
	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	for (size_t i = 0; i < plan.n_connections; i++)
		pthread_join(threads[i], NULL);
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	print(runs, plan.n_connections, cpu);
	return 0;
}
