/* SPDX-License-Identifier: MIT */

/* memory - what the arguments of another process's system call point to. */

#pragma once

#include <linux/seccomp.h>
#include <stddef.h>

/* The process's descriptor in argument @arg, here; close it. -errno. */
int memory_fd(const struct seccomp_notif *call, int arg);

/* The text that argument @arg points to, cut to @size bytes; "" for none. */
void memory_text(const struct seccomp_notif *call, int arg, char *ret_text,
		 size_t size);

/* Bytes that a call of the read or write kind is to transfer. */
size_t memory_bytes(const struct seccomp_notif *call);

/*
 * Does that for the first @size of them, at most 1 MiB, on @fd. How many were
 * transferred, or -errno.
 */
long memory_transfer(const struct seccomp_notif *call, int fd, size_t size);
