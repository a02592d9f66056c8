/* SPDX-License-Identifier: MIT */

/*
 * calls - the system calls of another process: which failures make sense of
 * each, what each is about, and how it is made short.
 */

#pragma once

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>

enum call_fault {
	CALL_KILL,	/* the process, before the call */
	CALL_EINTR,
	CALL_EIO,	/* of files */
	CALL_ENOSPC,
	CALL_EMFILE,
	CALL_RESET,	/* ECONNRESET, of sockets */
	CALL_SHORT,	/* half of the bytes */
	CALL_FAULTS,
};

/* By name ("kill", "EINTR", ...); CALL_FAULTS: there is none of it. */
enum call_fault call_fault_parse(const char *name);
const char *call_fault_name(enum call_fault fault);

/* The errno of a fault that is one. */
int call_fault_errno(enum call_fault fault);

/* Whether the fault can befall this call. */
bool call_may(const struct seccomp_notif *call, enum call_fault fault);

/* "openat /path", "read port 6379", ..., cut to @size bytes. */
void call_describe(const struct seccomp_notif *call, char *ret_text,
		   size_t size);

/*
 * Whether it is about a file that is installed: the system's settings and
 * libraries, and a module of ours as one of them.
 */
bool call_is_of_system(const struct seccomp_notif *call);

/*
 * Makes a call that CALL_SHORT may befall in its process's place, for half of
 * the bytes. What it gives: how many, or -errno.
 */
long call_shorten(const struct seccomp_notif *call);
