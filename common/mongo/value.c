/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "common/mongo/value.h"
#include "common/sha256.h"
#include "common/text.h"

void value_append_integer(bson_t *to, const char *key, int64_t number)
{
	if (number >= INT32_MIN && number <= INT32_MAX)
		bson_append_int32(to, key, -1, (int32_t)number);
	else
		bson_append_int64(to, key, -1, number);
}

void value_append_text(bson_t *to, const char *key, const char *text,
		       size_t size)
{
	if (text_is_utf8(text, size))
		bson_append_utf8(to, key, -1, text, (int)size);
	else
		bson_append_binary(to, key, -1, BSON_SUBTYPE_BINARY,
				   (const uint8_t *)text, (uint32_t)size);
}

int value_integer(const bson_t *from, const char *key, int64_t *ret_number)
{
	bson_iter_t iter;
	double number;

	if (!bson_iter_init_find(&iter, from, key))
		return -EBADMSG;
	switch (bson_iter_type(&iter)) {
	case BSON_TYPE_INT32:
		*ret_number = bson_iter_int32(&iter);
		return 0;
	case BSON_TYPE_INT64:
		*ret_number = bson_iter_int64(&iter);
		return 0;
	case BSON_TYPE_DOUBLE:
		number = bson_iter_double(&iter);
		/* False for a NaN too; beyond 2^53 a double is not whole. */
		if (!(number >= -9007199254740992.0 &&
		      number <= 9007199254740992.0) ||
		    (double)(int64_t)number != number)
			return -EBADMSG;
		*ret_number = (int64_t)number;
		return 0;
	default:
		return -EBADMSG;
	}
}

int value_date(const bson_t *from, const char *key, int64_t *ret_ms)
{
	bson_iter_t iter;

	if (!bson_iter_init_find(&iter, from, key) ||
	    !BSON_ITER_HOLDS_DATE_TIME(&iter))
		return -EBADMSG;
	*ret_ms = bson_iter_date_time(&iter);
	return 0;
}

int value_bool(const bson_t *from, const char *key, bool *ret_value)
{
	bson_iter_t iter;

	if (!bson_iter_init_find(&iter, from, key) ||
	    !BSON_ITER_HOLDS_BOOL(&iter))
		return -EBADMSG;
	*ret_value = bson_iter_bool(&iter);
	return 0;
}

int value_text(const bson_t *from, const char *key, const char **ret_text,
	       size_t *ret_size)
{
	const uint8_t *bytes;
	bson_iter_t iter;
	uint32_t size;

	if (!bson_iter_init_find(&iter, from, key))
		return -EBADMSG;
	if (BSON_ITER_HOLDS_UTF8(&iter)) {
		*ret_text = bson_iter_utf8(&iter, &size);
	} else if (BSON_ITER_HOLDS_BINARY(&iter)) {
		bson_iter_binary(&iter, NULL, &size, &bytes);
		*ret_text = (const char *)bytes;
	} else {
		return -EBADMSG;
	}
	*ret_size = size;
	return 0;
}

bool value_is_text(const bson_t *from, const char *key, const char *text)
{
	const char *stored;
	size_t size;

	return value_text(from, key, &stored, &size) == 0 &&
	       size == strlen(text) && memcmp(stored, text, size) == 0;
}

void value_derive_oid(const char *kind, const char *name, bson_oid_t *ret_oid)
{
	static const char prefix[] = "tranche:";
	uint8_t digest[SHA256_SIZE];
	struct sha256 sha256;

	sha256_begin(&sha256);
	sha256_add(&sha256, prefix, sizeof(prefix) - 1);
	sha256_add(&sha256, kind, strlen(kind));
	sha256_add(&sha256, ":", 1);
	sha256_add(&sha256, name, strlen(name));
	sha256_end(&sha256, digest);
	bson_oid_init_from_data(ret_oid, digest);
}

int value_make_stamp(int64_t *ret_stamp)
{
	if (getrandom(ret_stamp, sizeof(*ret_stamp), 0) !=
	    (ssize_t)sizeof(*ret_stamp))
		return errno ? -errno : -EIO;
	return 0;
}
