/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <linux/magic.h>

#include "common/config.h"
#include "common/redis_url.h"

/* What a mistake may not start with goes to errors, the rest to warnings. */
struct reader {
	char *(*get)(const char *name);
	struct config *config;
	struct buf *errors;
	struct buf *warnings;
};

enum kind {
	KIND_COUNT,	/* uint64_t */
	KIND_SIZE,	/* uint64_t bytes, KiB, MiB, GiB allowed */
	KIND_SECONDS,	/* int64_t ms, given in seconds */
	KIND_MS,	/* int64_t ms */
	KIND_OTHER,	/* a parser of its own */
};

struct option {
	struct config_variable variable;
	enum kind kind;
	size_t offset;		/* in struct config */
	uint64_t min, max;	/* of the number as given */
	int (*parse)(struct reader *in, const char *name, const char *value);
};

static int parse_redis_url(struct reader *in, const char *, const char *);
static int parse_mongodb_uri(struct reader *in, const char *, const char *);
static int parse_tiers(struct reader *in, const char *, const char *);
static int parse_copies(struct reader *in, const char *, const char *);
static int parse_sink(struct reader *in, const char *, const char *);
static int parse_sink_mode(struct reader *in, const char *, const char *);
static int parse_memory_dir(struct reader *in, const char *, const char *);
static int parse_state_dir(struct reader *in, const char *, const char *);
static int parse_cors_origins(struct reader *in, const char *, const char *);
static int parse_log_level(struct reader *in, const char *, const char *);
static int parse_log_format(struct reader *in, const char *, const char *);

#define AT(member) offsetof(struct config, member)
#define GIB(n) ((uint64_t)(n) << 30)
#define DAY_MS UINT64_C(86400000)

/* URLs come before the tiers that need them, tiers before what they bound. */
static const struct option options[] = {
	{ { "REDIS_URL", "", "the Redis tier: redis://[user:password@]host[:port][/db] or unix:///path" },
	  KIND_OTHER, 0, 0, 0, parse_redis_url },
	{ { "MONGODB_URI", "", "the MongoDB tier and sink: mongodb://… or mongodb+srv://…; its database, else tranche" },
	  KIND_OTHER, 0, 0, 0, parse_mongodb_uri },
	{ { "TRANCHE_TIERS", "redis,mongodb,memory", "the tiers in their order; by default those that have a URL, and memory" },
	  KIND_OTHER, 0, 0, 0, parse_tiers },
	{ { "TRANCHE_COPIES", "1", "shared tiers that must hold a chunk and the session before a 2xx; this version serves 1" },
	  KIND_OTHER, 0, 0, 0, parse_copies },
	{ { "TRANCHE_SINK", "file:/var/lib/tranche", "where uploads go: file:DIR or mongodb:COLLECTION" },
	  KIND_OTHER, 0, 0, 0, parse_sink },
	{ { "TRANCHE_SINK_MODE", "0640", "permissions of stored files, octal" },
	  KIND_OTHER, 0, 0, 0, parse_sink_mode },
	{ { "TRANCHE_TTL", "3600", "seconds that a session lives; the same on all hosts" },
	  KIND_SECONDS, AT(ttl_ms), 1, 30 * 86400, NULL },
	{ { "TRANCHE_MAX_CHUNKS", "10000", "chunks of a session" },
	  KIND_COUNT, AT(max_chunks), 1, 1000000, NULL },
	{ { "TRANCHE_MAX_CHUNK_SIZE", "4MiB", "bytes of a chunk; at most 15MiB with mongodb" },
	  KIND_SIZE, AT(max_chunk_size), 1, MIB(64), NULL },
	{ { "TRANCHE_MAX_SIZE", "1GiB", "bytes of an upload" },
	  KIND_SIZE, AT(max_size), 1, GIB(1024), NULL },
	{ { "TRANCHE_MAX_INFLATED", "64MiB", "bytes that a compressed upload may inflate to" },
	  KIND_SIZE, AT(max_inflated), 1, GIB(1024), NULL },
	{ { "TRANCHE_MAX_DOCUMENT", "16MiB", "bytes of JSON that the mongodb sink parses" },
	  KIND_SIZE, AT(max_document), 1, MIB(64), NULL },
	{ { "TRANCHE_MEMORY_DIR", "/dev/shm/tranche-UID", "folder of the memory tier; ours, with mode 0700" },
	  KIND_OTHER, 0, 0, 0, parse_memory_dir },
	{ { "TRANCHE_MEMORY_MAX", "1GiB", "bytes of chunks in the memory tier" },
	  KIND_SIZE, AT(memory_max), 1, GIB(1024), NULL },
	{ { "TRANCHE_STATE_DIR", "", "folder for what the processes of a host share; ours" },
	  KIND_OTHER, 0, 0, 0, parse_state_dir },
	{ { "TRANCHE_CORS_ORIGINS", "", "origins that browsers may call from, with commas between, or *" },
	  KIND_OTHER, 0, 0, 0, parse_cors_origins },
	{ { "TRANCHE_REQUEST_TIMEOUT", "30000", "ms that a request may take" },
	  KIND_MS, AT(request_timeout_ms), 100, DAY_MS, NULL },
	{ { "TRANCHE_COMPLETE_TIMEOUT", "300000", "ms that complete may take" },
	  KIND_MS, AT(complete_timeout_ms), 100, DAY_MS, NULL },
	{ { "TRANCHE_REDIS_TIMEOUT", "1000", "ms that Redis may take to answer" },
	  KIND_MS, AT(redis_timeout_ms), 10, 600000, NULL },
	{ { "TRANCHE_MONGODB_TIMEOUT", "3000", "ms that MongoDB may take to answer" },
	  KIND_MS, AT(mongodb_timeout_ms), 10, 600000, NULL },
	{ { "TRANCHE_COOLDOWN", "5000", "ms for which a tier that failed is not asked again" },
	  KIND_MS, AT(cooldown_ms), 0, 3600000, NULL },
	{ { "TRANCHE_MAX_REQUESTS", "10000", "requests that a process answers before it ends; 1: a process each; 0: no end" },
	  KIND_COUNT, AT(max_requests), 0, UINT32_MAX, NULL },
	{ { "TRANCHE_IDLE_TIMEOUT", "0", "ms without a request after which a process ends; 0: never" },
	  KIND_MS, AT(idle_timeout_ms), 0, DAY_MS, NULL },
	{ { "TRANCHE_LOG_LEVEL", "info", "error, warn, info (a line a request) or debug" },
	  KIND_OTHER, 0, 0, 0, parse_log_level },
	{ { "TRANCHE_LOG_FORMAT", "logfmt", "logfmt or json" },
	  KIND_OTHER, 0, 0, 0, parse_log_format },
};

const struct config_variable *config_variable(size_t i)
{
	return i < ARRAY_SIZE(options) ? &options[i].variable : NULL;
}

static int complain(struct buf *to, const char *name, const char *format, ...)
	PRINTF_LIKE(3, 4);

static int complain(struct buf *to, const char *name, const char *format, ...)
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

/* Decimal digits and nothing else, up to a limit; saturates. */
static bool parse_digits(const char **text, uint64_t *ret_value)
{
	const char *c = *text;
	uint64_t value = 0;

	if (*c < '0' || *c > '9')
		return false;
	for (; *c >= '0' && *c <= '9'; c++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*c - '0'), &value))
			value = UINT64_MAX;
	*text = c;
	*ret_value = value;
	return true;
}

static bool parse_unit(const char *unit, uint64_t *value)
{
	static const struct {
		const char *name;
		unsigned shift;
	} units[] = { { "", 0 }, { "KiB", 10 }, { "MiB", 20 }, { "GiB", 30 } };

	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(unit, units[i].name) != 0)
			continue;
		if (*value > UINT64_MAX >> units[i].shift)
			*value = UINT64_MAX;
		else
			*value <<= units[i].shift;
		return true;
	}
	return false;
}

static int parse_number(struct reader *in, const struct option *option,
			const char *value)
{
	char *member = (char *)in->config + option->offset;
	const char *name = option->variable.name;
	uint64_t number;

	if (!parse_digits(&value, &number) ||
	    !(option->kind == KIND_SIZE ? parse_unit(value, &number)
					: *value == '\0'))
		return complain(in->errors, name, "must be a whole number%s",
				option->kind == KIND_SIZE ?
				" of bytes, or of KiB, MiB or GiB" : "");
	if (number < option->min || number > option->max)
		return complain(in->errors, name,
				"must be from %llu to %llu",
				(unsigned long long)option->min,
				(unsigned long long)option->max);
	switch (option->kind) {
	case KIND_COUNT:
	case KIND_SIZE:
		*(uint64_t *)(void *)member = number;
		break;
	case KIND_SECONDS:
		*(int64_t *)(void *)member = (int64_t)number * 1000;
		break;
	case KIND_MS:
		*(int64_t *)(void *)member = (int64_t)number;
		break;
	case KIND_OTHER:
		break;
	}
	return 0;
}

static int parse_redis_url(struct reader *in, const char *name,
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
		return complain(in->errors, name, "%s", why);
	if (r)
		return complain(in->warnings, name,
				"is invalid and not used: %s", why);
	in->config->redis_url = value;
	return 0;
}

static int parse_mongodb_uri(struct reader *in, const char *name,
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
	return complain(in->warnings, name, "is invalid and not used: "
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
static bool is_set(const struct reader *in, enum config_tier tier)
{
	const char *value = NULL;

	if (tier == CONFIG_REDIS)
		value = in->get("REDIS_URL");
	else if (tier == CONFIG_MONGODB)
		value = in->get("MONGODB_URI");
	return value && *value;
}

static int add_tier(struct reader *in, const char *name, const char *word,
		    size_t len, bool named)
{
	struct config *config = in->config;
	enum config_tier tier;

	if (!find_tier(word, len, &tier))
		return complain(in->errors, name, "knows redis, mongodb and "
				"memory, with commas between");
	for (size_t i = 0; i < config->n_tiers; i++)
		if (config->tiers[i] == tier)
			return complain(in->errors, name, "names %.*s twice",
					(int)len, word);
	if (!has_url(config, tier)) {
		if (named && !is_set(in, tier))
			return complain(in->errors, name, "names %.*s, but %s "
					"is not set", (int)len, word,
					tier == CONFIG_REDIS ? "REDIS_URL" :
							       "MONGODB_URI");
		return 0;
	}
	config->tiers[config->n_tiers++] = tier;
	return 0;
}

static int parse_tiers(struct reader *in, const char *name, const char *value)
{
	/* The default names them all and takes those that have a URL. */
	bool named = in->get(name) && *in->get(name);
	int r;

	for (;;) {
		size_t len = strcspn(value, ",");

		r = add_tier(in, name, value, len, named);
		if (r || !value[len])
			return r;
		value += len + 1;
	}
}

static int parse_copies(struct reader *in, const char *name, const char *value)
{
	if (strcmp(value, "1") != 0)
		return complain(in->errors, name, "must be 1: more copies are "
				"not served by this version");
	in->config->copies = 1;
	return 0;
}

/* As MongoDB wants it: no $, no NUL, not system., and a sane length. */
static bool is_collection(const char *name)
{
	return *name && strlen(name) <= 100 && !strchr(name, '$') &&
	       name[0] != '.' && strncmp(name, "system.", 7) != 0;
}

static int parse_sink(struct reader *in, const char *name, const char *value)
{
	struct config *config = in->config;

	if (strncmp(value, "file:", 5) == 0) {
		config->sink = CONFIG_SINK_FILE;
		config->sink_target = value + 5;
		if (value[5] != '/')
			return complain(in->errors, name, "must give file: an "
					"absolute path, as file:/var/lib/tranche");
		return 0;
	}
	if (strncmp(value, "mongodb:", 8) == 0) {
		config->sink = CONFIG_SINK_MONGODB;
		config->sink_target = value + 8;
		if (!is_collection(value + 8))
			return complain(in->errors, name, "must give mongodb: "
					"the name of a collection");
		if (!config->mongodb_uri)
			return complain(in->errors, name, "is mongodb:, but "
					"MONGODB_URI is not set or not valid");
		return 0;
	}
	if (strncmp(value, "gridfs:", 7) == 0 ||
	    strncmp(value, "http:", 5) == 0 || strncmp(value, "https:", 6) == 0)
		return complain(in->errors, name, "is not served by this "
				"version: use file:DIR or mongodb:COLLECTION");
	return complain(in->errors, name,
			"must be file:DIR or mongodb:COLLECTION");
}

static int parse_sink_mode(struct reader *in, const char *name,
			   const char *value)
{
	unsigned mode = 0;

	if (!*value || strlen(value) > 4)
		return complain(in->errors, name, "must be octal, as 0640");
	for (const char *c = value; *c; c++) {
		if (*c < '0' || *c > '7')
			return complain(in->errors, name,
					"must be octal, as 0640");
		mode = mode * 8 + (unsigned)(*c - '0');
	}
	if (mode > 0777 || !(mode & 0400))
		return complain(in->errors, name, "must be at most 0777, and "
				"readable to its owner");
	in->config->sink_mode = mode;
	return 0;
}

/* The host's memory where it is a tmpfs, else the folder for temporary files. */
static int parse_memory_dir(struct reader *in, const char *name,
			    const char *value)
{
	struct config *config = in->config;
	const char *given = in->get(name), *parent = "/dev/shm";
	struct statfs fs;
	int n;

	(void)value;
	if (given && *given) {
		if (*given != '/')
			return complain(in->errors, name,
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
		return complain(in->errors, name,
				"must be set: TMPDIR is too long");
	config->memory_dir = config->memory_dir_default;
	return 0;
}

static int parse_state_dir(struct reader *in, const char *name,
			   const char *value)
{
	if (!*value)
		return 0;
	if (*value != '/')
		return complain(in->errors, name, "must be an absolute path");
	in->config->state_dir = value;
	return 0;
}

static int parse_cors_origins(struct reader *in, const char *name,
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
			return complain(in->errors, name, "must be * or "
				"origins with commas between, as "
				"https://app.example.org, without a path");
		if (!rest[len])
			return 0;
		rest += len + 1;
	}
}

static int parse_word(struct reader *in, const char *name, const char *value,
		      const char *const *words, size_t n, size_t *ret_i)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(value, words[i]) == 0) {
			*ret_i = i;
			return 0;
		}
	}
	return complain(in->errors, name, "does not know this word: see the "
			"README");
}

static int parse_log_level(struct reader *in, const char *name,
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

static int parse_log_format(struct reader *in, const char *name,
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

/* A chunk is one document, which MongoDB bounds at 16 MB with its names. */
static int check_together(struct reader *in)
{
	struct config *config = in->config;

	if (config->mongodb_uri && config->max_chunk_size > MIB(15))
		return complain(in->errors, "TRANCHE_MAX_CHUNK_SIZE",
				"must be at most 15MiB with MONGODB_URI");
	return 0;
}

int config_read(char *(*get)(const char *name), struct config *ret_config,
		struct buf *errors, struct buf *warnings)
{
	struct reader in = {
		.get = get,
		.config = ret_config,
		.errors = errors,
		.warnings = warnings,
	};
	int r = 0;

	*ret_config = (struct config){ 0 };
	for (size_t i = 0; !r && i < ARRAY_SIZE(options); i++) {
		const struct option *option = &options[i];
		const char *value = get(option->variable.name);

		if (!value || !*value)
			value = option->variable.fallback;
		r = option->parse ?
			option->parse(&in, option->variable.name, value) :
			parse_number(&in, option, value);
	}
	if (!r && !errors->size)
		r = check_together(&in);
	if (!r && errors->size)
		r = -EINVAL;
	return r;
}
