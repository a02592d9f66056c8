/* SPDX-License-Identifier: MIT */

/*
 * message - the input is what a MongoDB server sends, after a byte that says in
 * how large pieces it comes. The judgement is that of one look at the whole, and
 * what is let pass gives no document that ends behind its message.
 */

#include <errno.h>
#include <stdlib.h>

#include "common/mongo/message.h"
#include "test/fuzz/fuzz.h"

static uint32_t number(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

/* Where the first document of a message is; 0: it is compressed, -1: nowhere. */
static int document_at(uint32_t opcode)
{
	switch (opcode) {
	case 1:
		return 36;
	case 2012:
		return 0;
	case 2013:
		return 21;
	default:
		return -1;
	}
}

/* Whether the message at @at, all of which is there, gives a document in it. */
static bool is_sound(const uint8_t *at, uint32_t length)
{
	int start = document_at(number(at + 12));
	uint64_t document, end;

	if (start <= 0)
		return start == 0 && length >= 25;
	if (length < (uint32_t)start + 4)
		return false;
	document = number(at + start);
	end = (uint64_t)start + document;
	if (document < 5 || end > length)
		return false;
	if (start == 36)
		return number(at + 32) >= 1;
	return at[20] == 0 && end + (at[16] & 1 ? 4 : 0) == length;
}

/* What is to be said of the input; *ret_sure is false where it breaks off. */
static bool is_taken(const uint8_t *at, size_t left, bool *ret_sure)
{
	*ret_sure = true;
	while (left > 0) {
		uint32_t length = left < 16 ? 0 : number(at);

		if (left < 16 || (length <= MIB(48) && length > left)) {
			*ret_sure = false;
			return true;
		}
		if (length < 16 || length > MIB(48) || !is_sound(at, length))
			return false;
		at += length;
		left -= length;
	}
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message message = { .size = 0 };
	size_t piece;
	bool sure, taken;
	int r = 0;

	if (size == 0)
		return 0;
	piece = (size_t)data[0] + 1;
	data++;
	size--;
	for (size_t at = 0; !r && at < size; at += piece) {
		size_t n = size - at < piece ? size - at : piece;
		/* Of its own size, so that a byte too many is seen. */
		char *copy = fuzz_copy(data + at, n);

		r = message_take(&message, copy, n);
		free(copy);
	}
	must(r == 0 || r == -EBADMSG, "it is taken, or it is no message");
	must(r || message.size < MESSAGE_HEAD_MAX, "a head ends");
	taken = is_taken(data, size, &sure);
	if (sure)
		must(taken == (r == 0), "in pieces it is what it is as a whole");
	else
		must(r == 0 || taken, "what breaks off may be wrong already");
	return 0;
}
