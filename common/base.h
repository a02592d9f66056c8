/* SPDX-License-Identifier: MIT */

/*
 * base - what every other file may use.
 *
 * Results of functions, everywhere: 0 is done; a positive number is an
 * answer of that interface (TIER_E_ABSENT, ...), which each caller handles;
 * a negative number is -errno, a failure that callers forward. No function
 * gives both meanings to one number. Results come last in the parameters,
 * are named ret_*, and are untouched unless the function says 0.
 */

#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Run @f on the variable's address when it goes out of scope. */
#define CLEANUP(f) __attribute__((cleanup(f)))

/* The compiler checks the arguments from @first on against @text. */
#define PRINTF_LIKE(text, first) __attribute__((format(printf, text, first)))

/* A module's entry; all else is hidden (-fvisibility=hidden). */
#define EXPORT __attribute__((visibility("default")))

/* A macro, so that it can stand in array sizes and initialisers. */
#define KIB(n) ((size_t)(n) << 10)
#define MIB(n) ((size_t)(n) << 20)
