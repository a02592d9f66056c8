/* SPDX-License-Identifier: MIT */

#include <errno.h>

#include "common/mongo/message.h"

/* length, request, in answer to, opcode: four of 32 bits, low byte first. */
#define HEADER 16
#define MESSAGE_MAX MIB(48)	/* bytes, by MongoDB's own limit */
#define DOCUMENT_MIN 5		/* bytes: its length, and its end */

enum {
	OP_REPLY = 1,
	OP_COMPRESSED = 2012,
	OP_MSG = 2013,
};

#define MSG_CHECKSUM 1u		/* a flag: 4 bytes of it come last */

static uint32_t number(const struct message *message, size_t at)
{
	const uint8_t *bytes = message->head + at;

	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 |
	       (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* How much of it is looked at; 0: there is no such message. */
static size_t head_size(const struct message *message)
{
	size_t size;

	switch (number(message, 12)) {
	case OP_MSG:
		size = 25;	/* flags, kind of the section, its length */
		break;
	case OP_REPLY:
		size = 40;	/* flags, cursor, from, documents, a length */
		break;
	case OP_COMPRESSED:
		size = 25;	/* what it was, its length, by what */
		break;
	default:
		return 0;
	}
	return number(message, 0) < size ||
	       number(message, 0) > MESSAGE_MAX ? 0 : size;
}

/* One section, and that one document which fills the message. */
static bool is_sound_msg(const struct message *message)
{
	uint32_t end = number(message, 16) & MSG_CHECKSUM ? 4 : 0;
	uint64_t size = number(message, 21);

	return message->head[20] == 0 && size >= DOCUMENT_MIN &&
	       21 + size + end == number(message, 0);
}

static bool is_sound_reply(const struct message *message)
{
	uint64_t size = number(message, 36);

	return number(message, 32) >= 1 && size >= DOCUMENT_MIN &&
	       36 + size <= number(message, 0);
}

static bool is_sound(const struct message *message)
{
	switch (number(message, 12)) {
	case OP_MSG:
		return is_sound_msg(message);
	case OP_REPLY:
		return is_sound_reply(message);
	default:
		return true;	/* what is compressed cannot be seen */
	}
}

/* One more byte of the head. */
static int take_head(struct message *message, uint8_t byte)
{
	size_t size;

	message->head[message->size++] = byte;
	if (message->size < HEADER)
		return 0;
	size = head_size(message);
	if (message->size < size)
		return 0;
	if (!size || !is_sound(message))
		return -EBADMSG;
	message->left = number(message, 0) - size;
	message->size = 0;
	return 0;
}

int message_take(struct message *message, const void *data, size_t size)
{
	const uint8_t *bytes = data;
	int r = 0;

	while (!r && size > 0) {
		size_t n = message->left < size ? (size_t)message->left : size;

		if (n == 0) {
			n = 1;
			r = take_head(message, *bytes);
		} else {
			message->left -= n;
		}
		bytes += n;
		size -= n;
	}
	return r;
}
