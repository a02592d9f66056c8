/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base.h"
#include "test/lib/interrupt.h"
#include "test/lib/listener.h"

/* For a call of a child that hangs. */
#define CALL_MS_MAX 60000

#define LOAD_NR BPF_STMT(BPF_LD | BPF_W | BPF_ABS, \
			 offsetof(struct seccomp_data, nr))

void *interrupt_shared(unsigned size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(memory != MAP_FAILED);
	return memory;
}

static int filter(const struct sock_filter *code, size_t n)
{
	struct sock_fprog program = {
		.len = (unsigned short)n,
		.filter = (struct sock_filter *)code,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program);
}

/* The next call into *@ret_call; false when there is none for ever. */
static bool next_call(const struct listener *listener,
		      struct seccomp_notif *ret_call)
{
	int r = listener_next(listener, CALL_MS_MAX, ret_call);

	assert_true(r >= 0);
	return r > 0;
}

/* Answers the calls of the child until it ends; as interrupt_run(). */
static int supervise(const struct listener *listener, unsigned at, int error)
{
	struct seccomp_notif call;
	int reached = -1;

	for (unsigned n = 0; next_call(listener, &call); n++) {
		if (n == at)
			reached = call.data.nr;
		if (n == at && !error) {
			assert_int_equal(kill(listener->child, SIGKILL), 0);
			break;
		}
		/* Linux closes a descriptor whatever close(2) says. */
		if (n == at && call.data.nr != SYS_close)
			assert_int_equal(listener_answer(listener, &call,
							 -error), 0);
		else
			assert_int_equal(listener_allow(listener, &call), 0);
	}
	return reached;
}

static void expect_end(pid_t child, bool killed)
{
	int status;

	assert_int_equal(waitpid(child, &status, 0), child);
	if (killed) {
		assert_true(WIFSIGNALED(status));
	} else {
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
}

int interrupt_run(interrupt_fn *work, void *user, unsigned at, int error)
{
	struct listener listener;
	int interrupted;

	assert_int_equal(listener_start(work, user, &listener), 0);
	interrupted = supervise(&listener, at, error);
	listener_close(&listener);
	expect_end(listener.child, interrupted >= 0 && !error);
	return interrupted;
}

static void path_of(const struct seccomp_notif *call, char ret_path[PATH_MAX])
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%u/fd/%d", call->pid,
		 (int)call->data.args[0]);
	n = readlink(link, ret_path, PATH_MAX - 1);
	ret_path[n > 0 ? n : 0] = '\0';
}

void interrupt_watch(interrupt_fn *work, void *user, interrupt_watch_fn *watch,
		     void *watcher)
{
	struct listener listener;
	struct seccomp_notif call;
	char path[PATH_MAX];

	assert_int_equal(listener_start(work, user, &listener), 0);
	while (next_call(&listener, &call)) {
		path_of(&call, path);
		watch(watcher, call.data.nr, path);
		assert_int_equal(listener_allow(&listener, &call), 0);
	}
	listener_close(&listener);
	expect_end(listener.child, false);
}

void interrupt_refuse(interrupt_fn *work, void *user, int nr, int error)
{
	const struct sock_filter code[] = {
		LOAD_NR,
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K,
			 error ? SECCOMP_RET_ERRNO | (unsigned)error :
				 SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child) {
		/* What is killed so would leave its core behind. */
		if (setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 }) ||
		    filter(code, ARRAY_SIZE(code)))
			_exit(2);
		work(user);
		_exit(0);
	}
	expect_end(child, !error);
}

void interrupt_fork(interrupt_fn *work, void *user)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child) {
		work(user);
		_exit(0);
	}
	expect_end(child, false);
}
