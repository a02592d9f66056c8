/* SPDX-License-Identifier: MIT */

#include <nettle/base64.h>
#include <string.h>

#include "common/content_digest.h"

#define KEY_FIRST "abcdefghijklmnopqrstuvwxyz*"
#define KEY_REST KEY_FIRST "0123456789_-."
#define BASE64 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
#define BYTES_MAX 64	/* of a digest: SHA-512, the longest one registered */

/* One member, "key=:base64:"; moves *@at behind it. */
static bool parse_member(const char **at, const char **ret_key,
			 size_t *ret_key_len, uint8_t *ret_bytes,
			 size_t *ret_size)
{
	struct base64_decode_ctx decoder;
	const char *key = *at, *text;
	size_t key_len, len;

	key_len = strspn(key, KEY_REST);
	if (key_len == 0 || !strchr(KEY_FIRST, key[0]) ||
	    key[key_len] != '=' || key[key_len + 1] != ':')
		return false;
	text = key + key_len + 2;
	len = strspn(text, BASE64);
	if (text[len] != ':' || len > BASE64_ENCODE_RAW_LENGTH(BYTES_MAX))
		return false;
	*ret_size = BASE64_DECODE_LENGTH(BASE64_ENCODE_RAW_LENGTH(BYTES_MAX));
	base64_decode_init(&decoder);
	if (!base64_decode_update(&decoder, ret_size, ret_bytes, len, text) ||
	    !base64_decode_final(&decoder))
		return false;
	*ret_key = key;
	*ret_key_len = key_len;
	*at = text + len + 1;
	return true;
}

int content_digest_parse(const char *value,
			 uint8_t ret_digest[static SHA256_SIZE])
{
	uint8_t bytes[BASE64_DECODE_LENGTH(BASE64_ENCODE_RAW_LENGTH(BYTES_MAX))];
	uint8_t digest[SHA256_SIZE];
	const char *at = value + strspn(value, " "), *key;
	size_t key_len, size;
	bool found = false;

	for (;;) {
		if (!parse_member(&at, &key, &key_len, bytes, &size))
			return CONTENT_DIGEST_E_INVALID;
		if (key_len == 7 && memcmp(key, "sha-256", 7) == 0) {
			if (size != SHA256_SIZE)
				return CONTENT_DIGEST_E_INVALID;
			memcpy(digest, bytes, SHA256_SIZE);
			found = true;
		}
		at += strspn(at, " \t");
		if (!*at)
			break;
		if (*at != ',')
			return CONTENT_DIGEST_E_INVALID;
		at++;
		at += strspn(at, " \t");
	}
	if (!found)
		return CONTENT_DIGEST_E_ABSENT;
	memcpy(ret_digest, digest, SHA256_SIZE);
	return 0;
}
