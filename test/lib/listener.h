/* SPDX-License-Identifier: MIT */

/*
 * listener - a process whose system calls another is asked about: seccomp(2)
 * with user notification (seccomp_unotify(2)).
 *
 * Asked about is every call that can change or see anything outside of the
 * process, that is all but those about its own memory, time and signals.
 * Between two such calls nothing outside changes, but for what it has mapped
 * shared, so that to disturb it at each is to disturb it anywhere.
 */

#pragma once

#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/types.h>

struct listener {
	pid_t child;
	int fd;		/* of the notifications */
};

typedef void listener_fn(void *user);

/*
 * Runs @work in a child, whose calls wait for answers from now on; with it the
 * child ends, and at the latest with its parent. listener_close() the result.
 * 0, -errno.
 */
int listener_start(listener_fn *work, void *user,
		   struct listener *ret_listener);

/* Forgets the child, which is the caller's to wait for. */
void listener_close(struct listener *listener);

/*
 * Waits for the next call, at most @ms milliseconds: 1: *ret_call is it; 0:
 * there is none any more, the child has ended; -ETIMEDOUT, -errno.
 */
int listener_next(const struct listener *listener, int ms,
		  struct seccomp_notif *ret_call);

/* Lets @call be made. 0 also when the child has ended; -errno. */
int listener_allow(const struct listener *listener,
		   const struct seccomp_notif *call);

/*
 * Answers in its place: @result is what the call gives, a negative one is
 * -errno. 0 also when the child has ended; -errno.
 */
int listener_answer(const struct listener *listener,
		    const struct seccomp_notif *call, long result);
