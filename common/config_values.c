/* SPDX-License-Identifier: MIT */

#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/config_values.h"
#include "common/redis_url.h"

int config_complain(struct buf *to, const char *name, const char *format, ...)
{
	va_list args;
	int r;

	r = buf_printf(to, "%s ", name);
	va_start(args, format);
	if (!r)
		r = buf_vprintf(to, format, args);
	va_end(args);
	return r ? r : buf_append_string(to, "\n");
}

int config_parse_redis_url(struct config_reader *in, const char *name,
			   const char *value)
{
	char why[REDIS_URL_ERROR_MAX];
	struct redis_url url;
	int r;

	if (!*value)
		return 0;
	r = redis_url_parse(value, &url, why);
	if (r < 0)
		return r;
	if (r == REDIS_URL_E_UNSERVED)
		return config_complain(in->errors, name, "%s", why);
	if (r)
		return config_complain(in->warnings, name,
				       "is invalid and not used: %s", why);
	in->config->redis_url = value;
	return 0;
}

int config_parse_mongodb_uri(struct config_reader *in, const char *name,
			     const char *value)
{
	static const char *const schemes[] = { "mongodb://", "mongodb+srv://" };

	if (!*value)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		size_t n = strlen(schemes[i]);

		/* The rest is libmongoc's to judge, when it is loaded. */
		if (strncmp(value, schemes[i], n) == 0 && value[n]) {
			in->config->mongodb_uri = value;
			return 0;
		}
	}
	return config_complain(
		in->warnings, name,
		"is invalid and not used: "
		"it must begin with mongodb:// or mongodb+srv://");
}

static const struct {
	const char *name;
	enum config_tier tier;
} tier_names[] = {
	{ "redis", CONFIG_REDIS },
	{ "mongodb", CONFIG_MONGODB },
	{ "memory", CONFIG_MEMORY },
};

static bool find_tier(const char *name, size_t len, enum config_tier *ret_tier)
{
	for (size_t i = 0; i < ARRAY_SIZE(tier_names); i++) {
		if (strlen(tier_names[i].name) == len &&
		    memcmp(tier_names[i].name, name, len) == 0) {
			*ret_tier = tier_names[i].tier;
			return true;
		}
	}
	return false;
}

static bool has_url(const struct config *config, enum config_tier tier)
{
	if (tier == CONFIG_REDIS)
		return config->redis_url;
	if (tier == CONFIG_MONGODB)
		return config->mongodb_uri;
	return true;
}

/* Whether the variable behind the tier is set at all, valid or not. */
static bool is_set(const struct config_reader *in, enum config_tier tier)
{
	const char *value = NULL;

	if (tier == CONFIG_REDIS)
		value = in->get("REDIS_URL");
	else if (tier == CONFIG_MONGODB)
		value = in->get("MONGODB_URI");
	return value && *value;
}

static int add_tier(struct config_reader *in, const char *name,
		    const char *word, size_t len, bool named)
{
	struct config *config = in->config;
	enum config_tier tier;

	if (!find_tier(word, len, &tier))
		return config_complain(in->errors, name,
				       "knows redis, mongodb and "
				       "memory, with commas between");
	for (size_t i = 0; i < config->n_tiers; i++)
		if (config->tiers[i] == tier)
			return config_complain(in->errors, name,
					       "names %.*s twice", (int)len,
					       word);
	if (is_set(in, tier))
		in->shared++;
	if (!has_url(config, tier)) {
		if (named && !is_set(in, tier))
			return config_complain(in->errors, name,
					       "names %.*s, but %s "
					       "is not set",
					       (int)len, word,
					       tier == CONFIG_REDIS
						       ? "REDIS_URL"
						       : "MONGODB_URI");
		return 0;
	}
	config->tiers[config->n_tiers++] = tier;
	return 0;
}

int config_parse_tiers(struct config_reader *in, const char *name,
		       const char *value)
{
	/* The default names them all and takes those that have a URL. */
	bool named = in->get(name) && *in->get(name);
	size_t complaints = in->errors->size;
	int r;

	for (;;) {
		size_t len = strcspn(value, ",");

		r = add_tier(in, name, value, len, named);
		/* One is enough: of a long list they would fill the buffer. */
		if (r || !value[len] || in->errors->size > complaints)
			return r;
		value += len + 1;
	}
}

int config_parse_copies(struct config_reader *in, const char *name,
			const char *value)
{
	if (strcmp(value, "1") != 0 && strcmp(value, "2") != 0)
		return config_complain(in->errors, name, "must be 1 or 2");
	in->config->copies = (uint64_t)(value[0] - '0');
	if (in->config->copies > 1 && in->shared < in->config->copies)
		return config_complain(
			in->errors, name,
			"is 2, but there are not two tiers to keep them: set "
			"both REDIS_URL and MONGODB_URI, and name both in "
			"TRANCHE_TIERS");
	return 0;
}

/* As MongoDB wants it: no $, no NUL, not system., and a sane length. */
static bool is_collection(const char *name)
{
	return *name && strlen(name) <= 100 && !strchr(name, '$') &&
	       name[0] != '.' && strncmp(name, "system.", 7) != 0;
}

int config_parse_sink(struct config_reader *in, const char *name,
		      const char *value)
{
	struct config *config = in->config;

	if (strncmp(value, "file:", 5) == 0) {
		config->sink = CONFIG_SINK_FILE;
		config->sink_target = value + 5;
		if (value[5] != '/')
			return config_complain(
				in->errors, name,
				"must give file: an "
				"absolute path, as file:/var/lib/tranche");
		return 0;
	}
	if (strncmp(value, "mongodb:", 8) == 0) {
		config->sink = CONFIG_SINK_MONGODB;
		config->sink_target = value + 8;
		if (!is_collection(value + 8))
			return config_complain(in->errors, name,
					       "must give mongodb: "
					       "the name of a collection");
		if (!config->mongodb_uri)
			return config_complain(
				in->errors, name,
				"is mongodb:, but "
				"MONGODB_URI is not set or not valid");
		return 0;
	}
	if (strncmp(value, "gridfs:", 7) == 0 ||
	    strncmp(value, "http:", 5) == 0 || strncmp(value, "https:", 6) == 0)
		return config_complain(
			in->errors, name,
			"is not served by this "
			"version: use file:DIR or mongodb:COLLECTION");
	return config_complain(in->errors, name,
			       "must be file:DIR or mongodb:COLLECTION");
}

int config_parse_sink_mode(struct config_reader *in, const char *name,
			   const char *value)
{
	unsigned mode = 0;

	if (!*value || strlen(value) > 4)
		return config_complain(in->errors, name,
				       "must be octal, as 0640");
	for (const char *c = value; *c; c++) {
		if (*c < '0' || *c > '7')
			return config_complain(in->errors, name,
					       "must be octal, as 0640");
		mode = mode * 8 + (unsigned)(*c - '0');
	}
	if (mode > 0777 || !(mode & 0400))
		return config_complain(in->errors, name,
				       "must be at most 0777, and "
				       "readable to its owner");
	in->config->sink_mode = mode;
	return 0;
}

/* The host's memory where it is a tmpfs, else the folder for temporary files.
 */
int config_parse_memory_dir(struct config_reader *in, const char *name,
			    const char *value)
{
	struct config *config = in->config;
	const char *given = in->get(name), *parent = "/dev/shm";
	struct statfs fs;
	int n;

	(void)value;
	if (given && *given) {
		if (*given != '/')
			return config_complain(in->errors, name,
					       "must be an absolute path");
		config->memory_dir = given;
		return 0;
	}
	if (statfs(parent, &fs) || fs.f_type != TMPFS_MAGIC) {
		parent = in->get("TMPDIR");
		if (!parent || *parent != '/')
			parent = P_tmpdir;
	}
	n = snprintf(config->memory_dir_default,
		     sizeof(config->memory_dir_default), "%s/tranche-%u",
		     parent, (unsigned)geteuid());
	if (n < 0 || (size_t)n >= sizeof(config->memory_dir_default))
		return config_complain(in->errors, name,
				       "must be set: TMPDIR is too long");
	config->memory_dir = config->memory_dir_default;
	return 0;
}

/* "" leaves what is there. */
static int parse_folder(struct config_reader *in, const char *name,
			const char *value, const char **folder)
{
	if (!*value)
		return 0;
	if (*value != '/')
		return config_complain(in->errors, name,
				       "must be an absolute path");
	*folder = value;
	return 0;
}

int config_parse_state_dir(struct config_reader *in, const char *name,
			   const char *value)
{
	return parse_folder(in, name, value, &in->config->state_dir);
}

int config_parse_body_dir(struct config_reader *in, const char *name,
			  const char *value)
{
	return parse_folder(in, name, value, &in->config->body_dir);
}

int config_parse_cors_origins(struct config_reader *in, const char *name,
			      const char *value)
{
	const char *rest = value;

	in->config->cors_origins = value;
	if (!*value || strcmp(value, "*") == 0)
		return 0;
	for (;;) {
		size_t len = strcspn(rest, ",");

		if ((strncmp(rest, "http://", 7) != 0 &&
		     strncmp(rest, "https://", 8) != 0) ||
		    strcspn(rest, " \t\r\n") < len || rest[len - 1] == '/')
			return config_complain(
				in->errors, name,
				"must be * or "
				"origins with commas between, as "
				"https://app.example.org, without a path");
		if (!rest[len])
			return 0;
		rest += len + 1;
	}
}

static int parse_word(struct config_reader *in, const char *name,
		      const char *value, const char *const *words, size_t n,
		      size_t *ret_i)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(value, words[i]) == 0) {
			*ret_i = i;
			return 0;
		}
	}
	return config_complain(in->errors, name,
			       "does not know this word: see the "
			       "README");
}

int config_parse_log_level(struct config_reader *in, const char *name,
			   const char *value)
{
	static const char *const words[] = {
		[CONFIG_LOG_ERROR] = "error",
		[CONFIG_LOG_WARN] = "warn",
		[CONFIG_LOG_INFO] = "info",
		[CONFIG_LOG_DEBUG] = "debug",
	};
	size_t i = CONFIG_LOG_INFO;
	int r;

	r = parse_word(in, name, value, words, ARRAY_SIZE(words), &i);
	in->config->log_level = (enum config_log_level)i;
	return r;
}

int config_parse_log_format(struct config_reader *in, const char *name,
			    const char *value)
{
	static const char *const words[] = {
		[CONFIG_LOG_LOGFMT] = "logfmt",
		[CONFIG_LOG_JSON] = "json",
	};
	size_t i = CONFIG_LOG_LOGFMT;
	int r;

	r = parse_word(in, name, value, words, ARRAY_SIZE(words), &i);
	in->config->log_format = (enum config_log_format)i;
	return r;
}
