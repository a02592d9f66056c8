/* SPDX-License-Identifier: MIT */

/*
 * fuzz - what the targets share. A target is one LLVMFuzzerTestOneInput(),
 * which libFuzzer calls with inputs of its own making, and main.c with the
 * files of a corpus.
 */

#pragma once

#include "common/base.h"
#include "common/buf.h"

/*
 * Takes one input of @size bytes, for which @data is as large and no larger.
 * Gives 0. What must not happen ends the program.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program with @claim on stderr unless @holds. */
void must(bool holds, const char *claim);

/* The same for two stretches of bytes, which are shown when they differ. */
void must_equal(const void *got, size_t got_size, const void *wanted,
		size_t wanted_size, const char *claim);

/* What of an input is not yet read. */
struct fuzz_input {
	const char *at;
	size_t left;
};

/* The next byte; 0 at the end. */
uint8_t fuzz_byte(struct fuzz_input *in);

/* The bytes up to @end, which is left out, or up to the input's end. */
struct fuzz_input fuzz_until(struct fuzz_input *in, char end);

/* The next @size bytes, or what there is of them. */
struct fuzz_input fuzz_take(struct fuzz_input *in, size_t size);

/*
 * A copy as a C string of its own size, cut at its first NUL; free(3) it. No
 * memory is the end of the program, as for all that a target asks for itself.
 */
char *fuzz_string(struct fuzz_input in);

/* A copy of its own size, of at least 1 byte; free(3) it. */
char *fuzz_copy(const void *data, size_t size);

/* For CLEANUP(): frees *@string. */
void fuzz_freep(char **string);
