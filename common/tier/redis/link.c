/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/tier/redis/link.h"
#include "common/tier/redis/socket.h"

#define READ_SIZE KIB(16)	/* bytes of one read; more come as a value */

void redis_link_init(struct redis_link *link, const struct redis_url *url,
		     int64_t timeout_ms)
{
	*link = (struct redis_link){ .timeout_ms = timeout_ms, .fd = -1 };
	link->url = *url;
}

void redis_link_close(struct redis_link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	link->fd = -1;
	redis_reader_close(&link->reader);
}

void redis_link_done(struct redis_link *link)
{
	redis_link_close(link);
	explicit_bzero(&link->url, sizeof(link->url));
}

void redis_replies_free(redisReply **replies, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		/* NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Branch): n are */
		if (replies[i])
			freeReplyObject(replies[i]);
		replies[i] = NULL;
	}
}

static int fail(struct redis_link *link, int r, const char *words)
{
	snprintf(link->why, sizeof(link->why), "%s", words);
	return r;
}

/* The words of a socket's failure. */
static int fail_socket(struct redis_link *link, int r)
{
	switch (r) {
	case -ETIMEDOUT:
		return fail(link, r, "no answer in time");
	case -ECONNRESET:
		return fail(link, r, "the server closed the connection");
	case -ENXIO:
		return fail(link, r, "the server's name is not known");
	default:
		return fail(link, r, strerror(-r));
	}
}

static int send_batch(struct redis_link *link, const struct redis_batch *batch,
		      struct deadline dl)
{
	/* sendmsg(2) takes but does not change the bytes. */
	char *text = batch->text.data, *big = (char *)(uintptr_t)batch->big;
	struct iovec stretches[] = {
		{ text, batch->big ? batch->big_at : batch->text.size },
		{ big, batch->big_size },
		{ text + batch->big_at,
		  batch->big ? batch->text.size - batch->big_at : 0 },
	};
	int r;

	r = redis_socket_send(link->fd, stretches, ARRAY_SIZE(stretches), dl);
	return r ? fail_socket(link, r) : 0;
}

/* The words of a reader's failure. */
static int fail_reader(struct redis_link *link, int r)
{
	return fail(link, r, r == -ENOMEM ? "no memory for a reply" :
		    "what answers does not speak Redis's protocol");
}

static int feed(struct redis_link *link, const char *data, size_t size)
{
	int r = redis_reader_feed(&link->reader, data, size);

	return r ? fail_reader(link, r) : 0;
}

static int read_reply(struct redis_link *link, struct deadline dl,
		      redisReply **ret_reply)
{
	char data[READ_SIZE];
	const struct iovec room = { data, sizeof(data) };
	size_t read = 0, size;
	redisReply *reply;
	int r;

	for (;;) {
		r = redis_reader_next(&link->reader, &reply);
		if (r)
			return fail_reader(link, r);
		if (reply) {
			*ret_reply = reply;
			return 0;
		}
		if (read > REDIS_REPLY_MAX)
			return fail(link, -EMSGSIZE, "a reply is too long");
		r = redis_socket_receive(link->fd, &room, 1, dl, &size);
		if (r)
			return fail_socket(link, r);
		r = feed(link, data, size);
		if (r)
			return r;
		read += size;
	}
}

/*
 * Reads a bulk string of value->size bytes to where it shall be. As soon as
 * the reply turns out to be something else, what came of it goes to hiredis,
 * and the rest with read_reply(). The reader has nothing left over here: this
 * is the first reply of its batch.
 */
static int read_value(struct redis_link *link, struct redis_value *value,
		      struct deadline dl)
{
	char expected[32], head[32], tail[2];
	size_t head_size = (size_t)snprintf(expected, sizeof(expected),
					    "$%zu\r\n", value->size);
	struct iovec room[] = {
		{ head, head_size },
		{ value->data, value->size },
		{ tail, sizeof(tail) },
	};
	struct iovec left[] = { room[0], room[1], room[2] };
	size_t whole = head_size + value->size + sizeof(tail);
	size_t got = 0, size;
	int r = 0;

	while (got < whole) {
		r = redis_socket_receive(link->fd, left, ARRAY_SIZE(left), dl,
					 &size);
		if (r)
			return fail_socket(link, r);
		redis_socket_advance(left, ARRAY_SIZE(left), size);
		got += size;
		if (memcmp(head, expected,
			   got < head_size ? got : head_size) != 0)
			break;
	}
	if (got == whole && memcmp(head, expected, head_size) == 0) {
		if (memcmp(tail, "\r\n", sizeof(tail)) != 0)
			return fail(link, -EPROTO, "what answers does not "
				    "speak Redis's protocol");
		value->whole = true;
		return 0;
	}
	for (size_t i = 0; !r && i < ARRAY_SIZE(room); i++)
		r = feed(link, room[i].iov_base,
			 room[i].iov_len - left[i].iov_len);
	return r;
}

/*
 * A server that turns a connection away says why, and closes it at once: its
 * words are better than those of the socket.
 */
static int parting_words(struct redis_link *link, int r,
			 const redisReply *first)
{
	int refusal;

	if (r != -ECONNRESET || !first || first->type != REDIS_REPLY_ERROR)
		return r;
	refusal = redis_refusal(first->str, link->why);
	return refusal < 0 ? refusal : r;
}

static int exchange(struct redis_link *link, const struct redis_batch *batch,
		    struct redis_value *value, struct deadline dl,
		    redisReply **replies)
{
	size_t i = 0;
	int sent, r = 0;

	if (value)
		value->whole = false;
	sent = send_batch(link, batch, dl);
	if (sent && sent != -ECONNRESET)
		return sent;
	if (value && !sent)
		r = read_value(link, value, dl);
	if (value && value->whole)
		i++;
	while (!r && i < batch->n) {
		r = read_reply(link, dl, &replies[i]);
		i += !r;
	}
	if (!r)
		r = sent;
	if (!r && redis_reader_has_more(&link->reader))
		r = fail(link, -EPROTO, "more replies came than commands went");
	if (r) {
		r = parting_words(link, r, batch->n ? replies[0] : NULL);
		redis_replies_free(replies, batch->n);
	}
	return r;
}

/* What a new connection must be told before it is of use, if anything. */
static void greeting(const struct redis_url *url, struct redis_batch *batch)
{
	if (url->user[0]) {
		const char *const auth[] = { "AUTH", url->user, url->password };

		redis_batch_texts(batch, auth, ARRAY_SIZE(auth));
	} else if (url->password[0]) {
		const char *const auth[] = { "AUTH", url->password };

		redis_batch_texts(batch, auth, ARRAY_SIZE(auth));
	}
	if (url->db) {
		redis_batch_command(batch, 2);
		redis_batch_text(batch, "SELECT");
		redis_batch_number(batch, url->db);
	}
}

/*
 * A trip of its own: commands sent along with it would be done in the wrong
 * database when SELECT is refused.
 */
static int greet(struct redis_link *link, struct deadline dl)
{
	CLEANUP(redis_batch_done) struct redis_batch batch;
	redisReply *replies[2] = { NULL, NULL };
	int r;

	redis_batch_init(&batch);
	greeting(&link->url, &batch);
	if (batch.n == 0)
		return 0;
	r = batch.error;
	if (!r)
		r = exchange(link, &batch, NULL, dl, replies);
	for (size_t i = 0; !r && i < batch.n; i++) {
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it has n */
		if (replies[i]->type != REDIS_REPLY_ERROR)
			continue;
		r = redis_refusal(replies[i]->str, link->why);
		if (r > 0)
			r = fail(link, -EAGAIN, "refused: no memory");
	}
	redis_replies_free(replies, ARRAY_SIZE(replies));
	return r;
}

static int connect_anew(struct redis_link *link, struct deadline dl)
{
	int r;

	r = redis_socket_open(&link->url, dl, &link->fd);
	if (r)
		return fail_socket(link, r);
	r = redis_reader_open(&link->reader);
	if (r)
		return fail(link, r, "no memory for a connection");
	return greet(link, dl);
}

/*
 * Whether nothing has come that nobody asked for. It would be taken for the
 * reply to the next command, and every reply after it for that of another.
 */
static bool is_at_rest(const struct redis_link *link)
{
	char byte;

	return recv(link->fd, &byte, sizeof(byte),
		    MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

int redis_link_call(struct redis_link *link, const struct redis_batch *batch,
		    struct redis_value *value, struct deadline dl,
		    redisReply **ret_replies)
{
	bool reused;
	int r;

	/* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
	memset(ret_replies, 0, batch->n * sizeof(ret_replies[0]));
	if (batch->error)
		return fail_socket(link, batch->error);
	dl = deadline_within(dl, link->timeout_ms);
	if (deadline_left(dl) == 0)
		return fail_socket(link, -ETIMEDOUT);
	if (link->fd >= 0 && !is_at_rest(link))
		redis_link_close(link);
	do {
		reused = link->fd >= 0;
		r = reused ? 0 : connect_anew(link, dl);
		if (!r)
			r = exchange(link, batch, value, dl, ret_replies);
		if (r)
			redis_link_close(link);
	} while (r == -ECONNRESET && reused);
	return r;
}
