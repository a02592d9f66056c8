/* SPDX-License-Identifier: MIT */

/*
 * log - one line an event on standard error, as logfmt or JSON.
 *
 * A line is built in a buffer of its own and written by one write(2), so
 * that lines of several processes do not mix. One that would be longer than
 * LOG_LINE_MAX loses the fields that do not fit. Values are escaped; nobody
 * puts a secret or an upload's data into one.
 */

#pragma once

#include "common/base.h"
#include "common/config.h"

#define LOG_LINE_MAX KIB(4)	/* bytes; PIPE_BUF, so that writes are atomic */

struct log_line {
	const struct config *config;
	enum config_log_level level;
	size_t size;
	char text[LOG_LINE_MAX];
};

/* Begins a line: time, level and @event ("request", "start", ...). */
void log_begin(struct log_line *line, const struct config *config,
	       enum config_log_level level, const char *event);

/* Adds a field; a NULL or empty text adds nothing. */
void log_text(struct log_line *line, const char *name, const char *value);
void log_number(struct log_line *line, const char *name, int64_t value);

/* Writes the line unless its level is under the configured one. */
void log_end(struct log_line *line);
