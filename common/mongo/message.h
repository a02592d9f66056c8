/* SPDX-License-Identifier: MIT */

/*
 * message - whether the messages of a server keep to MongoDB's wire protocol,
 * judged by the first bytes of each as they come.
 *
 * libmongoc before 1.25 believes what a message says of the length of its
 * document, and reads what is not there.
 */

#pragma once

#include "common/base.h"

#define MESSAGE_HEAD_MAX 40	/* bytes, of the longest that is judged */

/* Where in the stream of messages it is; zeroed at the beginning. */
struct message {
	uint8_t head[MESSAGE_HEAD_MAX];
	size_t size;		/* bytes of the head that are known */
	uint64_t left;		/* bytes of the message after its head */
};

/* Goes on over @size bytes that have come. -EBADMSG: no server sends these. */
int message_take(struct message *message, const void *data, size_t size);
