/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/base.h"
#include "test/lib/interrupt.h"

/* Calls that nobody is asked about: memory, time, signals, the end, and how the
 * listener reaches the parent. */
static const unsigned own_affairs[] = {
	SYS_brk, SYS_clock_gettime, SYS_exit_group, SYS_futex, SYS_madvise,
	SYS_mmap, SYS_mprotect, SYS_munmap, SYS_rt_sigaction,
	SYS_rt_sigprocmask, SYS_sendmsg, SYS_sigaltstack,
};

#define LOAD_NR BPF_STMT(BPF_LD | BPF_W | BPF_ABS, \
			 offsetof(struct seccomp_data, nr))

void *interrupt_shared(unsigned size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	assert_true(memory != MAP_FAILED);
	return memory;
}

static int filter(const struct sock_filter *code, size_t n, unsigned flags)
{
	struct sock_fprog program = {
		.len = (unsigned short)n,
		.filter = (struct sock_filter *)code,
	};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags,
			    &program);
}

/* A listener that is told of all calls but own_affairs. */
static int listen_to_self(void)
{
	struct sock_filter code[2 * ARRAY_SIZE(own_affairs) + 2];
	size_t n = 0;

	code[n++] = (struct sock_filter)LOAD_NR;
	for (size_t i = 0; i < ARRAY_SIZE(own_affairs); i++) {
		code[n++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, own_affairs[i], 0, 1);
		code[n++] = (struct sock_filter)BPF_STMT(
			BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	code[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
						 SECCOMP_RET_USER_NOTIF);
	return filter(code, n, SECCOMP_FILTER_FLAG_NEW_LISTENER);
}

static void send_fd(int to, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(fd))] = { 0 };
	struct iovec part = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	if (sendmsg(to, &message, 0) != 1)
		_exit(3);
}

static int receive_fd(int from)
{
	char byte, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec part = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	int fd;

	assert_int_equal(recvmsg(from, &message, 0), 1);
	assert_non_null(CMSG_FIRSTHDR(&message));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

/* The next call into *@ret_call; false when there is none for ever. */
static bool next_call(int listener, struct seccomp_notif *ret_call)
{
	struct pollfd poll_for = { .fd = listener, .events = POLLIN };

	for (;;) {
		assert_int_equal(poll(&poll_for, 1, 60000), 1);
		if (!(poll_for.revents & POLLIN))
			return false;
		*ret_call = (struct seccomp_notif){ 0 };
		if (!ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, ret_call))
			return true;
	}
}

/* Answers the calls of @child until it ends; as interrupt_run(). */
static int supervise(int listener, pid_t child, unsigned at, int error)
{
	struct seccomp_notif_resp answer;
	struct seccomp_notif call;
	int reached = -1;

	for (unsigned n = 0; next_call(listener, &call); n++) {
		answer = (struct seccomp_notif_resp){
			.id = call.id,
			.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE,
		};
		if (n == at)
			reached = call.data.nr;
		if (n == at && !error) {
			assert_int_equal(kill(child, SIGKILL), 0);
			break;
		}
		/* Linux closes a descriptor whatever close(2) says. */
		if (n == at && call.data.nr != SYS_close) {
			answer.flags = 0;
			answer.error = -error;
		}
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer))
			assert_int_equal(errno, ENOENT);
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

/* @work, whose calls *@ret_listener is told of, in a child. */
static pid_t start(interrupt_fn *work, void *user, int *ret_listener)
{
	int pair[2], listener;
	pid_t child;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
				    pair), 0);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		listener = listen_to_self();
		if (listener < 0)
			_exit(2);
		send_fd(pair[1], listener);
		work(user);
		_exit(0);
	}
	close(pair[1]);
	*ret_listener = receive_fd(pair[0]);
	close(pair[0]);
	return child;
}

int interrupt_run(interrupt_fn *work, void *user, unsigned at, int error)
{
	int listener, interrupted;
	pid_t child;

	child = start(work, user, &listener);
	interrupted = supervise(listener, child, at, error);
	close(listener);
	expect_end(child, interrupted >= 0 && !error);
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
	struct seccomp_notif_resp answer;
	struct seccomp_notif call;
	char path[PATH_MAX];
	int listener;
	pid_t child;

	child = start(work, user, &listener);
	while (next_call(listener, &call)) {
		path_of(&call, path);
		watch(watcher, call.data.nr, path);
		answer = (struct seccomp_notif_resp){
			.id = call.id,
			.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE,
		};
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer))
			assert_int_equal(errno, ENOENT);
	}
	close(listener);
	expect_end(child, false);
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
		    filter(code, ARRAY_SIZE(code), 0))
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
