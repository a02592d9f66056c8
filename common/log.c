/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/deadline.h"
#include "common/log.h"

static const char *const level_names[] = {
	[CONFIG_LOG_ERROR] = "error",
	[CONFIG_LOG_WARN] = "warn",
	[CONFIG_LOG_INFO] = "info",
	[CONFIG_LOG_DEBUG] = "debug",
};

/* Room kept for the closing brace and the line's end. */
#define LOG_TAIL 2

static bool is_json(const struct log_line *line)
{
	return line->config->log_format == CONFIG_LOG_JSON;
}

/*
 * Text that both formats take between quotes: ASCII, escaped as JSON. Other
 * bytes are what a server said, and may be no UTF-8.
 */
static size_t escape(const char *value, char *out, size_t room)
{
	size_t n = 0;

	for (; *value && n + 6 < room; value++) {
		unsigned char c = (unsigned char)*value;

		if (c == '"' || c == '\\') {
			out[n++] = '\\';
			out[n++] = (char)c;
		} else if (c < 0x20 || c == 0x7f) {
			n += (size_t)snprintf(out + n, room - n, "\\u%04x", c);
		} else {
			out[n++] = (char)(c < 0x80 ? c : '?');
		}
	}
	return n;
}

/* Adds the field whole, or not at all. */
static void add(struct log_line *line, const char *name, const char *value,
		bool quoted)
{
	char field[LOG_LINE_MAX];
	size_t n;

	n = (size_t)snprintf(field, sizeof(field), is_json(line) ?
			     "%s\"%s\":" : "%s%s=",
			     line->size <= 1 ? "" : is_json(line) ? "," : " ",
			     name);
	if (quoted)
		field[n++] = '"';
	n += escape(value, field + n, sizeof(field) - n - 2);
	if (quoted)
		field[n++] = '"';
	if (line->size + n + LOG_TAIL > sizeof(line->text))
		return;
	memcpy(line->text + line->size, field, n);
	line->size += n;
}

void log_begin(struct log_line *line, const struct config *config,
	       enum config_log_level level, const char *event)
{
	char now[CLOCK_ISO_MAX];

	line->config = config;
	line->level = level;
	line->size = 0;
	if (is_json(line))
		line->text[line->size++] = '{';
	clock_iso(clock_now_ms(), now);
	log_text(line, "time", now);
	log_text(line, "level", level_names[level]);
	log_text(line, "event", event);
}

/* Whether logfmt takes it without quotes. */
static bool is_plain(const char *value)
{
	for (; *value; value++)
		if (*value <= ' ' || *value > '~' || strchr("\"=\\", *value))
			return false;
	return true;
}

void log_text(struct log_line *line, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	add(line, name, value, is_json(line) || !is_plain(value));
}

void log_number(struct log_line *line, const char *name, int64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%lld", (long long)value);
	add(line, name, text, false);
}

void log_end(struct log_line *line)
{
	size_t done = 0;

	if (line->level > line->config->log_level)
		return;
	if (is_json(line))
		line->text[line->size++] = '}';
	line->text[line->size++] = '\n';
	while (done < line->size) {
		ssize_t n = write(STDERR_FILENO, line->text + done,
				  line->size - done);

		if (n < 0 && errno == EINTR)
			continue;
		/* There is nowhere left to say that the log is broken. */
		if (n <= 0)
			return;
		done += (size_t)n;
	}
}
