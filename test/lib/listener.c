/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <linux/filter.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/base.h"
#include "test/lib/listener.h"

/* Calls that nobody is asked about: memory, time, signals, the end. */
static const unsigned own_affairs[] = {
	SYS_brk, SYS_clock_gettime, SYS_exit_group, SYS_futex, SYS_madvise,
	SYS_mmap, SYS_mprotect, SYS_munmap, SYS_rt_sigaction,
	SYS_rt_sigprocmask, SYS_sigaltstack,
};

static int filter_self(void)
{
	struct sock_filter code[2 * ARRAY_SIZE(own_affairs) + 2];
	struct sock_fprog program = { .filter = code };

	code[program.len++] = (struct sock_filter)BPF_STMT(
		BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < ARRAY_SIZE(own_affairs); i++) {
		code[program.len++] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, own_affairs[i], 0, 1);
		code[program.len++] = (struct sock_filter)BPF_STMT(
			BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	}
	code[program.len++] = (struct sock_filter)BPF_STMT(
		BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -1;
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			    SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

/*
 * The child cannot make a call without an answer any more, not even to hand
 * its end over: it says the number in memory that both have.
 */
static int take_over(pid_t child, const int *number)
{
	int pidfd, fd, said, status;

	while (!(said = __atomic_load_n(number, __ATOMIC_ACQUIRE))) {
		if (waitpid(child, &status, WNOHANG))
			return -ECHILD;
		sched_yield();
	}
	pidfd = (int)syscall(SYS_pidfd_open, child, 0);
	if (pidfd < 0)
		return -errno;
	fd = (int)syscall(SYS_pidfd_getfd, pidfd, said, 0);
	if (fd < 0)
		fd = -errno;
	close(pidfd);
	return fd;
}

int listener_start(listener_fn *work, void *user,
		   struct listener *ret_listener)
{
	int *number, fd;
	pid_t child;

	number = mmap(NULL, sizeof(*number), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (number == MAP_FAILED)
		return -errno;
	child = fork();
	if (child < 0) {
		fd = -errno;
		munmap(number, sizeof(*number));
		return fd;
	}
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fd = filter_self();
		if (fd <= 0)
			_exit(2);
		__atomic_store_n(number, fd, __ATOMIC_RELEASE);
		work(user);
		_exit(0);
	}
	fd = take_over(child, number);
	munmap(number, sizeof(*number));
	if (fd < 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		return fd;
	}
	*ret_listener = (struct listener){ .child = child, .fd = fd };
	return 0;
}

void listener_close(struct listener *listener)
{
	close(listener->fd);
	listener->fd = -1;
}

int listener_next(const struct listener *listener, int ms,
		  struct seccomp_notif *ret_call)
{
	struct pollfd poll_for = { .fd = listener->fd, .events = POLLIN };
	int n;

	for (;;) {
		n = poll(&poll_for, 1, ms);
		if (n <= 0)
			return n ? -errno : -ETIMEDOUT;
		if (!(poll_for.revents & POLLIN))
			return 0;
		*ret_call = (struct seccomp_notif){ 0 };
		if (!ioctl(listener->fd, SECCOMP_IOCTL_NOTIF_RECV, ret_call))
			return 1;
		/* ENOENT: a signal came to the child meanwhile. */
		if (errno != ENOENT && errno != EINTR)
			return -errno;
	}
}

static int respond(const struct listener *listener,
		   struct seccomp_notif_resp answer)
{
	if (ioctl(listener->fd, SECCOMP_IOCTL_NOTIF_SEND, &answer))
		return errno == ENOENT ? 0 : -errno;
	return 0;
}

int listener_allow(const struct listener *listener,
		   const struct seccomp_notif *call)
{
	return respond(listener, (struct seccomp_notif_resp){
		.id = call->id,
		.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE,
	});
}

int listener_answer(const struct listener *listener,
		    const struct seccomp_notif *call, long result)
{
	return respond(listener, (struct seccomp_notif_resp){
		.id = call->id,
		.val = result < 0 ? 0 : result,
		.error = result < 0 ? (int)result : 0,
	});
}
