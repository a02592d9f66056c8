/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <string.h>

#include "common/config_values.h"

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
	config_parse_fn *parse;
};

#define AT(member) offsetof(struct config, member)
#define GIB(n) ((uint64_t)(n) << 30)
#define DAY_MS UINT64_C(86400000)

/* URLs come before the tiers that need them, tiers before what they bound. */
static const struct option options[] = {
	{ { "REDIS_URL", "", "the Redis tier: redis://[user:password@]host[:port][/db] or unix:///path" },
	  KIND_OTHER, 0, 0, 0, config_parse_redis_url },
	{ { "MONGODB_URI", "", "the MongoDB tier and sink: mongodb://… or mongodb+srv://…; its database, else tranche" },
	  KIND_OTHER, 0, 0, 0, config_parse_mongodb_uri },
	{ { "TRANCHE_TIERS", "redis,mongodb,memory", "the tiers in their order; by default those that have a URL, and memory" },
	  KIND_OTHER, 0, 0, 0, config_parse_tiers },
	{ { "TRANCHE_COPIES", "1", "shared tiers that must hold a chunk and the session before a 2xx: 1, or 2; memory is never one" },
	  KIND_OTHER, 0, 0, 0, config_parse_copies },
	{ { "TRANCHE_SINK", "file:/var/lib/tranche", "where uploads go: file:DIR or mongodb:COLLECTION" },
	  KIND_OTHER, 0, 0, 0, config_parse_sink },
	{ { "TRANCHE_SINK_MODE", "0640", "permissions of stored files, octal" },
	  KIND_OTHER, 0, 0, 0, config_parse_sink_mode },
	{ { "TRANCHE_TTL", "3600", "seconds that a session lives; the same on all hosts" },
	  KIND_SECONDS, AT(ttl_ms), 1, UINT64_C(30) * 86400, NULL },
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
	  KIND_OTHER, 0, 0, 0, config_parse_memory_dir },
	{ { "TRANCHE_MEMORY_MAX", "1GiB", "bytes of chunks in the memory tier" },
	  KIND_SIZE, AT(memory_max), 1, GIB(1024), NULL },
	{ { "TRANCHE_STATE_DIR", "", "folder where the processes of a host share which tier failed, made if absent; ours, written by nobody else. Without it each process finds out alone" },
	  KIND_OTHER, 0, 0, 0, config_parse_state_dir },
	{ { "TRANCHE_BODY_DIR", "", "folder in which the web server leaves bodies for REQUEST_BODY_FILE to name; its user's and ours, on the memory tier's tmpfs. Without it bodies come with the request" },
	  KIND_OTHER, 0, 0, 0, config_parse_body_dir },
	{ { "TRANCHE_CORS_ORIGINS", "", "origins that browsers may call from, with commas between, or *" },
	  KIND_OTHER, 0, 0, 0, config_parse_cors_origins },
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
	  KIND_OTHER, 0, 0, 0, config_parse_log_level },
	{ { "TRANCHE_LOG_FORMAT", "logfmt", "logfmt or json" },
	  KIND_OTHER, 0, 0, 0, config_parse_log_format },
};

const struct config_variable *config_variable(size_t i)
{
	return i < ARRAY_SIZE(options) ? &options[i].variable : NULL;
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

static int parse_number(struct config_reader *in, const struct option *option,
			const char *value)
{
	char *member = (char *)in->config + option->offset;
	const char *name = option->variable.name;
	uint64_t number;

	if (!parse_digits(&value, &number) ||
	    !(option->kind == KIND_SIZE ? parse_unit(value, &number)
					: *value == '\0'))
		return config_complain(in->errors, name, "must be a whole number%s",
				option->kind == KIND_SIZE ?
				" of bytes, or of KiB, MiB or GiB" : "");
	if (number < option->min || number > option->max)
		return config_complain(in->errors, name,
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

/* A chunk is one document, which MongoDB bounds at 16 MB with its names. */
static int check_together(struct config_reader *in)
{
	struct config *config = in->config;

	if (config->mongodb_uri && config->max_chunk_size > MIB(15))
		return config_complain(in->errors, "TRANCHE_MAX_CHUNK_SIZE",
				"must be at most 15MiB with MONGODB_URI");
	return 0;
}

int config_read(char *(*get)(const char *name), struct config *ret_config,
		struct buf *errors, struct buf *warnings)
{
	struct config_reader in = {
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
