/* SPDX-License-Identifier: MIT */

/*
 * interrupt-exec FAULT FROM AT REPORT COMMAND...
 *
 * Runs the command, and disturbs it at one of its system calls. FAULT is what
 * is done to the call (calls.h); with a + behind it, to all such calls from
 * this one on. Calls are counted, from 0, that the fault can befall, once a
 * call named FROM has begun ("accept", "umask"; "-": at once); AT is the number
 * of one. AT "-" disturbs none, and counts for all faults.
 *
 * REPORT is made: a line "CALL WHAT" of the one that was disturbed, and a line
 * "FAULT MARKS" for each fault, with a mark for each call that was counted: "."
 * or, where it is about a file of the system's (call_is_of_system()), "s".
 * Exits as the command does, with 128 more where a signal ended it; 125 when
 * this program itself failed.
 */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base.h"
#include "test/fault/calls.h"
#include "test/lib/listener.h"

#define EXIT_OWN 125
#define AT_NONE ULONG_MAX
#define TEXT_MAX 512		/* bytes of a call's description */
#define MARKS_MAX 65536		/* calls that are marked */
#define CALL_MS_MAX 120000	/* until the next call of a command that hangs */

struct plan {
	enum call_fault fault;
	bool stays;
	const char *from;
	unsigned long at;
};

struct course {
	bool begun;
	unsigned long n[CALL_FAULTS];	/* calls counted */
	char marks[CALL_FAULTS][MARKS_MAX];
	char text[TEXT_MAX];		/* of the one that was disturbed */
};

static void run(void *user)
{
	char **command = user;

	execvp(command[0], command);
	fprintf(stderr, "interrupt-exec: %s: %s\n", command[0],
		strerror(errno));
	_exit(127);
}

static bool begins(const struct seccomp_notif *call, const char *from)
{
	if (!strcmp(from, "accept"))
		return call->data.nr == SYS_accept ||
		       call->data.nr == SYS_accept4;
	if (!strcmp(from, "umask"))
		return call->data.nr == SYS_umask;
	return true;
}

static int disturb(const struct plan *plan, const struct listener *listener,
		   const struct seccomp_notif *call)
{
	switch (plan->fault) {
	case CALL_KILL:
		return kill(listener->child, SIGKILL) ? -errno : 0;
	case CALL_SHORT:
		return listener_answer(listener, call, call_shorten(call));
	default:
		return listener_answer(listener, call,
				       -call_fault_errno(plan->fault));
	}
}

static void mark(struct course *course, enum call_fault fault,
		 const struct seccomp_notif *call)
{
	unsigned long n = course->n[fault]++;

	if (n < MARKS_MAX - 1)
		course->marks[fault][n] = call_is_of_system(call) ? 's' : '.';
}

static int step(const struct plan *plan, const struct listener *listener,
		const struct seccomp_notif *call, struct course *course)
{
	unsigned long n;

	course->begun = course->begun || begins(call, plan->from);
	if (!course->begun)
		return listener_allow(listener, call);
	if (plan->at == AT_NONE) {
		for (enum call_fault f = 0; f < CALL_FAULTS; f++)
			if (call_may(call, f))
				mark(course, f, call);
		return listener_allow(listener, call);
	}
	if (!call_may(call, plan->fault))
		return listener_allow(listener, call);
	n = course->n[plan->fault]++;
	if (n == plan->at)
		call_describe(call, course->text, sizeof(course->text));
	if (n == plan->at || (plan->stays && n > plan->at))
		return disturb(plan, listener, call);
	return listener_allow(listener, call);
}

static int supervise(const struct plan *plan, const struct listener *listener,
		     struct course *course)
{
	struct seccomp_notif call;
	int r;

	while ((r = listener_next(listener, CALL_MS_MAX, &call)) > 0) {
		r = step(plan, listener, &call, course);
		if (r < 0)
			break;
	}
	return r;
}

static int report(const char *path, const struct course *course)
{
	FILE *file = fopen(path, "we");

	if (!file)
		return -errno;
	fprintf(file, "%s\n", course->text);
	for (enum call_fault f = 0; f < CALL_FAULTS; f++)
		fprintf(file, "%s %s\n", call_fault_name(f), course->marks[f]);
	return fclose(file) ? -errno : 0;
}

static int read_plan(char **args, struct plan *ret_plan)
{
	char *mark = strchr(args[0], '+'), *end = "";

	ret_plan->stays = mark;
	if (mark)
		*mark = '\0';
	ret_plan->fault = call_fault_parse(args[0]);
	ret_plan->from = args[1];
	ret_plan->at = AT_NONE;
	if (strcmp(args[2], "-"))
		ret_plan->at = strtoul(args[2], &end, 10);
	return ret_plan->fault == CALL_FAULTS || *end ? -EINVAL : 0;
}

/* The command's is the only one: who waits for it is to see its end. */
static void let_go_of_input(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd > 0) {
		dup2(fd, 0);
		close(fd);
	}
}

int main(int argc, char **argv)
{
	static struct course course;
	struct listener listener;
	struct plan plan;
	int r, status;

	if (argc < 6 || read_plan(argv + 1, &plan)) {
		fprintf(stderr, "usage: interrupt-exec FAULT[+] FROM AT REPORT "
			"COMMAND...\n");
		return EXIT_OWN;
	}
	r = listener_start(run, argv + 5, &listener);
	if (r) {
		fprintf(stderr, "interrupt-exec: %s\n", strerror(-r));
		return EXIT_OWN;
	}
	let_go_of_input();
	r = supervise(&plan, &listener, &course);
	if (r < 0)
		kill(listener.child, SIGKILL);
	listener_close(&listener);
	if (waitpid(listener.child, &status, 0) < 0 || r < 0 ||
	    report(argv[4], &course)) {
		fprintf(stderr, "interrupt-exec: %s\n", strerror(-r));
		return EXIT_OWN;
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
				     WEXITSTATUS(status);
}
