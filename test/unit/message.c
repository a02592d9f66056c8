/* SPDX-License-Identifier: MIT */

/* What a MongoDB server sends, and what stands between it and libmongoc. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "common/mongo/message.h"

#define ANY 7		/* of a field that nobody looks at */

/* A message as it is written: fields of 32 bits, bytes of 8. */
struct wire {
	uint8_t bytes[128];
	size_t size;
};

static void put(struct wire *wire, uint32_t number)
{
	for (unsigned bit = 0; bit < 32; bit += 8)
		wire->bytes[wire->size++] = (uint8_t)(number >> bit);
}

static struct wire begin(uint32_t length, uint32_t opcode)
{
	struct wire wire = { .size = 0 };

	put(&wire, length);
	put(&wire, ANY);
	put(&wire, ANY);
	put(&wire, opcode);
	return wire;
}

/* Fills it up to @length, as far as there is room. */
static struct wire end(struct wire wire, uint32_t length)
{
	while (wire.size < length && wire.size < sizeof(wire.bytes))
		wire.bytes[wire.size++] = 'x';
	return wire;
}

/* OP_MSG with a section of @kind, and what it says of its document. */
static struct wire msg(uint32_t length, uint32_t flags, uint8_t kind,
		       uint32_t document)
{
	struct wire wire = begin(length, 2013);

	put(&wire, flags);
	wire.bytes[wire.size++] = kind;
	put(&wire, document);
	return end(wire, length);
}

/* OP_REPLY, of so many documents. */
static struct wire reply(uint32_t length, uint32_t n, uint32_t document)
{
	struct wire wire = begin(length, 1);

	put(&wire, ANY);
	put(&wire, ANY);
	put(&wire, ANY);
	put(&wire, ANY);
	put(&wire, n);
	put(&wire, document);
	return end(wire, length);
}

/* Whether it is taken after another, in pieces of @piece bytes. */
static bool is_taken(const struct wire *wire, size_t piece)
{
	struct wire both = msg(61, 0, 0, 40);
	struct message message = { .size = 0 };
	int r = 0;

	memcpy(both.bytes + both.size, wire->bytes,
	       wire->size < sizeof(both.bytes) - both.size ?
	       wire->size : sizeof(both.bytes) - both.size);
	both.size += wire->size;
	if (both.size > sizeof(both.bytes))
		both.size = sizeof(both.bytes);
	for (size_t at = 0; !r && at < both.size; at += piece)
		r = message_take(&message, both.bytes + at,
				 both.size - at < piece ? both.size - at :
							  piece);
	assert_true(r == 0 || r == -EBADMSG);
	return r == 0;
}

static void assert_each(const struct wire *wires, size_t n, bool taken)
{
	for (size_t i = 0; i < n; i++)
		for (size_t piece = 1; piece < sizeof(wires->bytes); piece++)
			if (is_taken(&wires[i], piece) != taken)
				fail_msg("%zu in pieces of %zu", i, piece);
}

static void what_servers_send_is_taken(void **state)
{
	const struct wire wires[] = {
		msg(26, 0, 0, 5),
		msg(61, 0, 0, 40),
		msg(65, 1, 0, 40),		/* with a checksum */
		msg(61, 1u << 16, 0, 40),	/* a flag that may be ignored */
		msg(MIB(16), 0, 0, MIB(16) - 21),
		reply(41, 1, 5),
		reply(60, 2, 12),
		end(begin(40, 2012), 40),	/* compressed: any */
	};

	(void)state;
	assert_each(wires, ARRAY_SIZE(wires), true);
}

static void what_would_be_read_past_its_end_is_not(void **state)
{
	const struct wire wires[] = {
		end(begin(20, 2013), 21),	/* no document */
		end(begin(25, 2013), 26),
		msg(61, 0, 0, 41),		/* longer than its message */
		msg(61, 0, 0, UINT32_MAX),
		msg(61, 0, 0, 39),		/* or shorter */
		msg(61, 1, 0, 40),		/* its end is the checksum */
		msg(25, 0, 0, 4),		/* no document is so short */
		msg(21, 0, 0, 0),
		msg(61, 0, 1, 40),		/* a sequence */
		msg(61, 0, 99, 40),
		reply(40, 0, 4),
		reply(60, 0, 24),		/* no document */
		reply(60, 1, 25),
		reply(39, 1, 5),
	};

	(void)state;
	assert_each(wires, ARRAY_SIZE(wires), false);
}

static void what_is_no_message_is_not_taken(void **state)
{
	const struct wire wires[] = {
		end(begin(0, 2013), 30),
		end(begin(15, 2013), 30),
		end(begin(UINT32_MAX, 2013), 30),
		end(begin(MIB(48) + 1, 2013), 30),
		end(begin(61, 0), 61),
		end(begin(61, 2004), 61),	/* what only clients send */
		end(begin(61, 9999), 61),
		end((struct wire){ .bytes = "HTTP/1.1 400 Bad", .size = 16 },
		    61),
	};

	(void)state;
	assert_each(wires, ARRAY_SIZE(wires), false);
}

static const struct CMUnitTest cases[] = {
	cmocka_unit_test(what_servers_send_is_taken),
	cmocka_unit_test(what_would_be_read_past_its_end_is_not),
	cmocka_unit_test(what_is_no_message_is_not_taken),
};

int main(void)
{
	return cmocka_run_group_tests(cases, NULL, NULL);
}
