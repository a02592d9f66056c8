/* SPDX-License-Identifier: MIT */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test/fuzz/fuzz.h"

#define SHOWN_MAX 512	/* bytes of what differs */

void must(bool holds, const char *claim)
{
	if (holds)
		return;
	fprintf(stderr, "not so: %s\n", claim);
	abort();
}

static void show(const char *what, const void *data, size_t size)
{
	const unsigned char *bytes = data;

	fprintf(stderr, "%s (%zu bytes): ", what, size);
	for (size_t i = 0; i < size && i < SHOWN_MAX; i++)
		if (isprint(bytes[i]) && bytes[i] != '\\')
			fputc(bytes[i], stderr);
		else
			fprintf(stderr, "\\x%02x", bytes[i]);
	fputc('\n', stderr);
}

void must_equal(const void *got, size_t got_size, const void *wanted,
		size_t wanted_size, const char *claim)
{
	if (got_size == wanted_size &&
	    (!got_size || memcmp(got, wanted, got_size) == 0))
		return;
	show("got", got, got_size);
	show("wanted", wanted, wanted_size);
	must(false, claim);
}

uint8_t fuzz_byte(struct fuzz_input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return (uint8_t)*in->at++;
}

struct fuzz_input fuzz_take(struct fuzz_input *in, size_t size)
{
	struct fuzz_input part = { in->at, size < in->left ? size : in->left };

	in->at += part.left;
	in->left -= part.left;
	return part;
}

struct fuzz_input fuzz_until(struct fuzz_input *in, char end)
{
	const char *found = in->left ? memchr(in->at, end, in->left) : NULL;
	struct fuzz_input part;

	if (!found)
		return fuzz_take(in, in->left);
	part = fuzz_take(in, (size_t)(found - in->at));
	fuzz_take(in, 1);
	return part;
}

char *fuzz_copy(const void *data, size_t size)
{
	char *copy = malloc(size ? size : 1);

	must(copy, "there is memory for a copy");
	if (size)
		memcpy(copy, data, size);
	return copy;
}

char *fuzz_string(struct fuzz_input in)
{
	char *string = strndup(in.left ? in.at : "", in.left);

	must(string, "there is memory for a string");
	return string;
}

void fuzz_freep(char **string)
{
	free(*string);
	*string = NULL;
}
