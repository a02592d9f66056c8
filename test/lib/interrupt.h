/* SPDX-License-Identifier: MIT */

/*
 * interrupt - a process that is killed at, or refused, its n-th system call.
 *
 * The child runs under a seccomp(2) filter that asks its parent about every
 * call that can change or see anything outside of it. Between two calls
 * nothing outside changes, so that to kill it at each is to kill it anywhere.
 */

#pragma once

#include <stdbool.h>

typedef void interrupt_fn(void *user);

/*
 * Runs @work in a child. Its call number @at, from 0, is not made: the child
 * is killed if @error is 0, else sees that errno. Which call that was (SYS_*),
 * or -1 when there were not so many.
 * What the child is to hand back must lie in interrupt_shared() memory.
 */
int interrupt_run(interrupt_fn *work, void *user, unsigned at, int error);

/* A call (SYS_*) is about to be made; @path is what its first argument, a
 * descriptor, is open on, else "". */
typedef void interrupt_watch_fn(void *watcher, int nr, const char *path);

/* Runs @work in a child, and @watch in the parent before each of its calls. */
void interrupt_watch(interrupt_fn *work, void *user, interrupt_watch_fn *watch,
		     void *watcher);

/*
 * Runs @work in a child in which every call of number @nr fails with @error;
 * 0: in which the first one ends it.
 */
void interrupt_refuse(interrupt_fn *work, void *user, int nr, int error);

/* Runs @work in a child of its own, undisturbed. */
void interrupt_fork(interrupt_fn *work, void *user);

/* Zeroed memory that stays shared with children; for the whole run. */
void *interrupt_shared(unsigned size);
