/* SPDX-License-Identifier: MIT */

/* Lines of the log, as they come out of the process. */

#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "common/log.h"

static struct config config;
static struct log_line line;
static char text[2 * LOG_LINE_MAX];

/* Ends the line, and catches what is written in place of standard error. */
static void end(void)
{
	int saved = dup(STDERR_FILENO), ends[2];
	ssize_t n;

	assert_int_equal(pipe(ends), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	close(ends[1]);
	log_end(&line);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	n = read(ends[0], text, sizeof(text) - 1);
	close(ends[0]);
	assert_true(n >= 0);
	text[n] = '\0';
}

static void begin(enum config_log_format format)
{
	config.log_format = format;
	config.log_level = CONFIG_LOG_DEBUG;
	log_begin(&line, &config, CONFIG_LOG_WARN, "request");
}

/* Asserts what stands behind the time. */
static void assert_rest(const char *expected)
{
	const char *rest = strstr(text, "Z");

	assert_non_null(rest);
	assert_string_equal(rest + 1, expected);
}

static void logfmt_quotes_only_what_needs_it(void **state)
{
	(void)state;
	begin(CONFIG_LOG_LOGFMT);
	log_text(&line, "plain", "a-b_c:d/e%");
	log_text(&line, "space", "a b");
	log_text(&line, "quote", "say \"x\"");
	log_text(&line, "equals", "a=b");
	log_text(&line, "slash", "a\\b");
	log_text(&line, "control", "a\nb\tc\x7f");
	log_text(&line, "other", "\xc3\xa9\xff");
	log_text(&line, "none", NULL);
	log_text(&line, "empty", "");
	log_number(&line, "n", -42);
	log_number(&line, "min", INT64_MIN);
	end();
	assert_memory_equal(text, "time=20", 7);
	assert_rest(" level=warn event=request plain=a-b_c:d/e% space=\"a b\" "
		    "quote=\"say \\\"x\\\"\" equals=\"a=b\" slash=\"a\\\\b\" "
		    "control=\"a\\u000ab\\u0009c\\u007f\" other=\"???\" n=-42 "
		    "min=-9223372036854775808\n");
}

static void json_is_an_object_a_line(void **state)
{
	struct json_object *root, *value;
	char all[128], *out = all;

	(void)state;
	for (int c = 1; c < 0x80; c++)
		*out++ = (char)c;
	*out = '\0';
	begin(CONFIG_LOG_JSON);
	log_text(&line, "all", all);
	log_text(&line, "other", "\xff\xc3");
	log_number(&line, "n", 7);
	log_text(&line, "empty", "");
	end();
	assert_int_equal(strcspn(text, "\n"), strlen(text) - 1);
	root = json_tokener_parse(text);
	assert_non_null(root);
	assert_int_equal(json_object_object_length(root), 6);
	assert_true(json_object_object_get_ex(root, "all", &value));
	assert_string_equal(json_object_get_string(value), all);
	assert_true(json_object_object_get_ex(root, "other", &value));
	assert_string_equal(json_object_get_string(value), "??");
	assert_true(json_object_object_get_ex(root, "n", &value));
	assert_true(json_object_is_type(value, json_type_int));
	assert_true(json_object_object_get_ex(root, "level", &value));
	assert_string_equal(json_object_get_string(value), "warn");
	json_object_put(root);
}

static void long_line_loses_its_last_fields_whole(void **state)
{
	static const enum config_log_format formats[] = {
		CONFIG_LOG_LOGFMT, CONFIG_LOG_JSON,
	};
	static const char *const names[] = {
		"n", "na", "nam", "name", "named", "names", "names_",
	};
	char value[3 * LOG_LINE_MAX];

	(void)state;
	/* Every length around what fits, of bytes that grow and others. */
	for (size_t len = 1; len < sizeof(value); len += len < 600 ||
	     (len > LOG_LINE_MAX - 300 && len < LOG_LINE_MAX + 9) ? 1 : 97) {
		memset(value, len % 2 ? 'v' : '\n', len);
		value[len] = '\0';
		begin(formats[len / 2 % 2]);
		log_text(&line, "first", "1");
		log_text(&line, names[len % ARRAY_SIZE(names)], value);
		log_text(&line, "long", value);
		log_text(&line, "longer", value);
		log_text(&line, "last", "9");
		end();
		assert_true(strlen(text) <= LOG_LINE_MAX);
		assert_int_equal(strcspn(text, "\n"), strlen(text) - 1);
		assert_non_null(strstr(text, "first"));
		if (formats[len / 2 % 2] == CONFIG_LOG_JSON) {
			struct json_object *root = json_tokener_parse(text);

			assert_non_null(root);
			json_object_put(root);
		}
	}
}

static void lines_below_the_level_are_not_written(void **state)
{
	static const enum config_log_level levels[] = {
		CONFIG_LOG_ERROR, CONFIG_LOG_WARN, CONFIG_LOG_INFO,
		CONFIG_LOG_DEBUG,
	};

	(void)state;
	config.log_format = CONFIG_LOG_LOGFMT;
	for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(levels); j++) {
			config.log_level = levels[i];
			log_begin(&line, &config, levels[j], "x");
			end();
			assert_int_equal(text[0] != '\0', j <= i);
		}
	}
}

static const struct CMUnitTest cases[] = {
	cmocka_unit_test(logfmt_quotes_only_what_needs_it),
	cmocka_unit_test(json_is_an_object_a_line),
	cmocka_unit_test(long_line_loses_its_last_fields_whole),
	cmocka_unit_test(lines_below_the_level_are_not_written),
};

int main(void)
{
	return cmocka_run_group_tests(cases, NULL, NULL);
}
