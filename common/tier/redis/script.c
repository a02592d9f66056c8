/* SPDX-License-Identifier: MIT */

#include <nettle/sha1.h>

#include "common/hex.h"
#include "common/tier/redis/script.h"

/*
 * An entry of the chunks hash is "<digest> <size> <kind>". The hash's field
 * "bytes" counts the sizes of the others; it is no chunk.
 */

/*
 * count() gives the bytes held. One that is no number, or more than may ever
 * be held (@most, nil: not known), has rotted: it is made anew of the entries.
 */
#define COUNT_FUNCTION \
"local function count(key, most)\n" \
"	local bytes = redis.call('HGET', key, 'bytes')\n" \
"	local n = bytes and bytes:match('^-?%d+$') and tonumber(bytes)\n" \
"	if not bytes then return 0 end\n" \
"	if n and n >= 0 and n <= (most or 2^53) then return n end\n" \
"	n = 0\n" \
"	for _, entry in ipairs(redis.call('HVALS', key)) do\n" \
"		n = n + (tonumber(entry:match('^%S+ (%d+) ') or '') or 0)\n" \
"	end\n" \
"	redis.call('HSET', key, 'bytes', string.format('%d', n))\n" \
"	return n\n" \
"end\n"

/*
 * Enters a chunk whose bytes have been set in the same MULTI.
 * KEYS	the hash; the bytes; the bytes of the entry in ARGV[7]
 * ARGV	index; "<digest> <size> "; kind; size; bytes that may be held; ms to
 *	expiry; an entry that is void unless its bytes have come meanwhile
 */
static const char put_script[] =
COUNT_FUNCTION
"local bytes = count(KEYS[1], tonumber(ARGV[5]))\n"
"local held = redis.call('HGET', KEYS[1], ARGV[1])\n"
"if held and held == ARGV[7] then\n"
"	local size = tonumber(held:match('^%S+ (%d+) ') or '')\n"
"	if not size or redis.call('STRLEN', KEYS[3]) ~= size then\n"
"		redis.call('HDEL', KEYS[1], ARGV[1])\n"
"		bytes = redis.call('HINCRBY', KEYS[1], 'bytes',\n"
"				   string.format('%d', -(size or 0)))\n"
"		if KEYS[3] ~= KEYS[2] then redis.call('DEL', KEYS[3]) end\n"
"		held = false\n"
"	end\n"
"end\n"
"if not held then\n"
"	if bytes + tonumber(ARGV[4]) > tonumber(ARGV[5]) then\n"
"		redis.call('DEL', KEYS[2])\n"
"		return {2}\n"
"	end\n"
"	redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ARGV[3])\n"
"	bytes = redis.call('HINCRBY', KEYS[1], 'bytes', ARGV[4])\n"
"elseif held:sub(1, #ARGV[2]) ~= ARGV[2] then\n"
"	redis.call('DEL', KEYS[2])\n"
"	return {1, held}\n"
"end\n"
"redis.call('PEXPIRE', KEYS[1], ARGV[6])\n"
"local counted = redis.call('HEXISTS', KEYS[1], 'bytes')\n"
"return {0, redis.call('HLEN', KEYS[1]) - counted, bytes}\n";

/*
 * Takes entries away together with their bytes.
 * KEYS	the hash; the bytes of each entry
 * ARGV	the rule; for each entry its index and what it must begin with, up to
 *	the end of its digest at least
 * Rules: "any"; "void", whose bytes are not there in their size; the SHA-1
 * of bad bytes that must still be there. By "any" and by "orphan" bytes go
 * that no entry names. Answers how many entries went.
 */
static const char drop_script[] =
COUNT_FUNCTION
"local rule, gone = ARGV[1], 0\n"
"count(KEYS[1])\n"
"for i = 2, #KEYS do\n"
"	local index, want = ARGV[2 * i - 2], ARGV[2 * i - 1]\n"
"	local held = redis.call('HGET', KEYS[1], index)\n"
"	local named = held and held:sub(1, #want) == want\n"
"	local drop = false\n"
"	if named then\n"
"		local size = tonumber(held:match('^%S+ (%d+) ') or '')\n"
"		if rule == 'any' then\n"
"			drop = true\n"
"		elseif rule == 'void' then\n"
"			drop = not size or\n"
"			       redis.call('STRLEN', KEYS[i]) ~= size\n"
"		elseif rule ~= 'orphan' then\n"
"			local bytes = redis.call('GET', KEYS[i])\n"
"			drop = bytes and redis.sha1hex(bytes) == rule\n"
"		end\n"
"		if drop then\n"
"			redis.call('HDEL', KEYS[1], index)\n"
"			redis.call('HINCRBY', KEYS[1], 'bytes',\n"
"				   string.format('%d', -(size or 0)))\n"
"			gone = gone + 1\n"
"		end\n"
"	else\n"
"		drop = rule == 'any' or rule == 'orphan'\n"
"	end\n"
"	if drop then redis.call('UNLINK', KEYS[i]) end\n"
"end\n"
"local counted = redis.call('HEXISTS', KEYS[1], 'bytes')\n"
"if redis.call('HLEN', KEYS[1]) == counted then\n"
"	redis.call('DEL', KEYS[1])\n"
"end\n"
"return gone\n";

/*
 * Writes a record unless one of the same or a later state is there.
 * KEYS	info; ARGV state as a number, record, ms to expiry
 */
static const char record_script[] =
"local held = tonumber(redis.call('HGET', KEYS[1], 'state') or '')\n"
"local state = tonumber(ARGV[1])\n"
"if held and held > state then return 2 end\n"
"if held and held == state then return 1 end\n"
"redis.call('HSET', KEYS[1], 'state', ARGV[1], 'record', ARGV[2])\n"
"redis.call('PEXPIRE', KEYS[1], ARGV[3])\n"
"return 0\n";

/*
 * Takes a record away whose state is earlier.
 * KEYS	info; ARGV state
 */
static const char drop_record_script[] =
"local held = tonumber(redis.call('HGET', KEYS[1], 'state') or '')\n"
"if not held or held < tonumber(ARGV[1]) then\n"
"	redis.call('DEL', KEYS[1])\n"
"end\n"
"return 0\n";

/*
 * Takes a record away that cannot be read.
 * KEYS	info; ARGV SHA-1 of the record
 */
static const char drop_rot_script[] =
"local record = redis.call('HGET', KEYS[1], 'record')\n"
"if record and redis.sha1hex(record) == ARGV[1] then\n"
"	redis.call('DEL', KEYS[1])\n"
"end\n"
"return 0\n";

/*
 * Takes or renews a claim; answers 1 when it is another's. To renew is no
 * SET, which would be refused when the memory is full. One without an end is
 * nobody's: no script of ours has made it.
 * KEYS	claim; ARGV token, ms of the lease
 */
static const char claim_script[] =
"local held = redis.call('GET', KEYS[1])\n"
"if not held or redis.call('PTTL', KEYS[1]) == -1 then\n"
"	redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])\n"
"elseif held == ARGV[1] then\n"
"	redis.call('PEXPIRE', KEYS[1], ARGV[2])\n"
"else\n"
"	return 1\n"
"end\n"
"return 0\n";

/* KEYS	claim; ARGV token */
static const char release_script[] =
"if redis.call('GET', KEYS[1]) == ARGV[1] then\n"
"	redis.call('DEL', KEYS[1])\n"
"end\n"
"return 0\n";

/*
 * Takes away what is in use for something else.
 * KEYS	info, claim, chunks
 * The bytes are found by their entries, which lie in the same slot.
 */
static const char drop_foreign_script[] =
"local function keep(key, kind)\n"
"	local is = redis.call('TYPE', key).ok\n"
"	if is == kind then return true end\n"
"	if is ~= 'none' then redis.call('DEL', key) end\n"
"	return false\n"
"end\n"
"keep(KEYS[1], 'hash')\n"
"keep(KEYS[2], 'string')\n"
"if not keep(KEYS[3], 'hash') then return 0 end\n"
"local prefix = KEYS[3]:sub(1, -2) .. ':'\n"
"local entries = redis.call('HGETALL', KEYS[3])\n"
"for i = 1, #entries, 2 do\n"
"	local digest = entries[i + 1]:match('^(%S+) ')\n"
"	if digest then\n"
"		keep(prefix .. entries[i] .. ':' .. digest, 'string')\n"
"	end\n"
"end\n"
"return 0\n";

static const char *const texts[REDIS_SCRIPTS] = {
	[REDIS_SCRIPT_PUT] = put_script,
	[REDIS_SCRIPT_DROP] = drop_script,
	[REDIS_SCRIPT_RECORD] = record_script,
	[REDIS_SCRIPT_DROP_RECORD] = drop_record_script,
	[REDIS_SCRIPT_DROP_ROT] = drop_rot_script,
	[REDIS_SCRIPT_CLAIM] = claim_script,
	[REDIS_SCRIPT_RELEASE] = release_script,
	[REDIS_SCRIPT_DROP_FOREIGN] = drop_foreign_script,
};

const char *redis_script_text(enum redis_script script)
{
	return texts[script];
}

void redis_sha1(const void *data, size_t size,
		char ret_hex[static REDIS_SHA1_LEN + 1])
{
	uint8_t digest[SHA1_DIGEST_SIZE];
	struct sha1_ctx sha1;

	sha1_init(&sha1);
	sha1_update(&sha1, size, data);
	sha1_digest(&sha1, sizeof(digest), digest);
	hex_format(digest, sizeof(digest), ret_hex);
}
