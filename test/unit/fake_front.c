/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

#include "test/unit/fake_front.h"

static struct fake_front *fake_of(struct front *front)
{
	return (struct fake_front *)front;
}

static const struct fake_request *request_of(const struct fake_front *fake)
{
	return &fake->requests[fake->next ? fake->next - 1 : 0];
}

static int fake_accept(struct front *front, int64_t idle_ms)
{
	struct fake_front *fake = fake_of(front);

	(void)idle_ms;
	if (fake->next == fake->n)
		return FRONT_E_END;
	fake->next++;
	fake->given = 0;
	return 0;
}

static const char *fake_param(struct front *front, const char *name)
{
	const struct fake_request *request = request_of(fake_of(front));

	for (size_t i = 0; i < FAKE_PARAMS_MAX && request->params[i][0]; i++)
		if (strcmp(request->params[i][0], name) == 0)
			return request->params[i][1];
	return NULL;
}

static int fake_read(struct front *front, char *data, size_t size,
		     size_t *ret_n)
{
	struct fake_front *fake = fake_of(front);
	const struct fake_request *request = request_of(fake);
	size_t own = request->size || !request->body ? request->size :
						       strlen(request->body);
	size_t end = own + request->endless;

	if (fake->breaks_at && fake->given >= fake->breaks_at)
		return -EPIPE;
	if (fake->piece && size > fake->piece)
		size = fake->piece;
	if (size > end - fake->given)
		size = end - fake->given;
	for (size_t i = 0; i < size; i++, fake->given++)
		data[i] = fake->given < own ? request->body[fake->given] : 'x';
	*ret_n = size;
	return 0;
}

static int fake_write(struct front *front, const char *data, size_t size)
{
	struct fake_front *fake = fake_of(front);

	if (fake->deaf)
		return -EPIPE;
	return buf_append(&fake->written, data, size);
}

static void fake_finish(struct front *front)
{
	assert_int_equal(buf_append_string(&fake_of(front)->written, "\f"), 0);
}

static void fake_close(struct front *front)
{
	fake_of(front)->closed = true;
}

static const struct front_impl fake_impl = {
	.name = "fake",
	.accept = fake_accept,
	.param = fake_param,
	.read = fake_read,
	.write = fake_write,
	.finish = fake_finish,
	.close = fake_close,
};

void fake_front_init(struct fake_front *fake,
		     const struct fake_request *requests, size_t n)
{
	*fake = (struct fake_front){
		.base.impl = &fake_impl,
		.requests = requests,
		.n = n,
	};
	buf_init(&fake->written, MIB(1));
}

void fake_front_done(struct fake_front *fake)
{
	buf_done(&fake->written);
}
