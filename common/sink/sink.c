/* SPDX-License-Identifier: MIT */

#include <stdarg.h>
#include <stdio.h>

#include "common/sink/sink.h"

static void forget_words(struct sink *sink)
{
	sink->error[0] = '\0';
	sink->reason[0] = '\0';
	sink->limit = NULL;
	sink->limit_max = 0;
}

int sink_find(struct sink *sink, const struct session *session,
	      struct deadline dl, struct answer *ret_answer)
{
	forget_words(sink);
	return sink->impl->find(sink, session, dl, ret_answer);
}

int sink_begin(struct sink *sink, const struct session *session,
	       struct deadline dl)
{
	forget_words(sink);
	return sink->impl->begin(sink, session, dl);
}

int sink_write(struct sink *sink, const void *data, size_t size,
	       struct deadline dl)
{
	forget_words(sink);
	return sink->impl->write(sink, data, size, dl);
}

int sink_commit(struct sink *sink, const struct session *session,
		const struct sink_content *content, struct deadline dl,
		struct answer *ret_answer)
{
	forget_words(sink);
	return sink->impl->commit(sink, session, content, dl, ret_answer);
}

void sink_abandon(struct sink *sink)
{
	sink->impl->abandon(sink);
}

struct sink *sink_close(struct sink *sink)
{
	if (sink)
		sink->impl->close(sink);
	return NULL;
}

int sink_fail(struct sink *sink, int r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(sink->error, sizeof(sink->error), format, args);
	va_end(args);
	return r;
}

int sink_refuse(struct sink *sink, int answer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(sink->reason, sizeof(sink->reason), format, args);
	va_end(args);
	return answer;
}
