/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/deadline.h"
#include "common/sink/mongodb/document.h"
#include "common/text.h"

/* Levels of a stored document; MongoDB itself keeps at most 200. */
#define LEVELS_MAX 256

void document_format_double(double number,
			    char ret_text[static DOCUMENT_DOUBLE_MAX])
{
	char digits[DOCUMENT_DOUBLE_MAX], *out = ret_text, *mark;
	int precision = 15, exponent, n;

	/* 15 digits are always kept, but below DBL_MIN; 17 always suffice. */
	if (fabs(number) < DBL_MIN && number != 0)
		precision = 1;
	do {
		snprintf(digits, sizeof(digits), "%.*e", precision - 1,
			 fabs(number));
	} while (precision++ < 17 && strtod(digits, NULL) != fabs(number));

	/* "d.ddde+xx" becomes "dddd", without zeros at its end. */
	mark = strchr(digits, 'e');
	/* NOLINTNEXTLINE(cert-err34-c): printf wrote it */
	exponent = atoi(mark + 1);
	n = (int)(mark - digits);
	if (n > 1)
		memmove(digits + 1, digits + 2, (size_t)--n);
	while (n > 1 && digits[n - 1] == '0')
		n--;

	if (signbit(number))
		*out++ = '-';
	if (exponent >= 21 || exponent < -6) {
		*out++ = digits[0];
		if (n > 1) {
			*out++ = '.';
			memcpy(out, digits + 1, (size_t)n - 1);
			out += n - 1;
		}
		snprintf(out, 8, "e%+d", exponent);
		return;
	}
	if (exponent < 0) {
		*out++ = '0';
		*out++ = '.';
		memset(out, '0', (size_t)(-exponent - 1));
		out += -exponent - 1;
	}
	for (int i = 0; i < n || i <= exponent; i++) {
		if (exponent >= 0 && i == exponent + 1)
			*out++ = '.';
		*out++ = (char)(i < n ? digits[i] : '0');
	}
	*out = '\0';
}

/* Bytes that stand in a JSON string as they are. */
static size_t plain_span(const char *text, size_t size)
{
	size_t n = 0;

	while (n < size && (unsigned char)text[n] >= 0x20 && text[n] != '"' &&
	       text[n] != '\\')
		n++;
	return n;
}

/* Not by printf: a document may be nothing but these. */
static int put_escape(struct buf *out, unsigned char byte)
{
	static const char letters[] = "\bb\ff\nn\rr\tt\"\"\\\\";
	static const char digits[] = "0123456789abcdef";
	char text[] = { '\\', 'u', '0', '0', digits[byte >> 4],
			digits[byte & 15] };

	for (size_t i = 0; i < sizeof(letters) - 1; i += 2) {
		if (byte != (unsigned char)letters[i])
			continue;
		text[1] = letters[i + 1];
		return buf_append(out, text, 2);
	}
	return buf_append(out, text, sizeof(text));
}

static int put_valid(struct buf *out, const char *text, size_t size)
{
	size_t n;
	int r = 0;

	while (!r && size) {
		n = plain_span(text, size);
		r = buf_append(out, text, n);
		if (!r && n < size)
			r = put_escape(out, (unsigned char)text[n++]);
		text += n;
		size -= n;
	}
	return r;
}

/* Others may have stored what is no UTF-8: U+FFFD for each such byte. */
static int put_string(struct buf *out, const char *text, size_t size)
{
	size_t n;
	int r;

	r = buf_append(out, "\"", 1);
	while (!r && size) {
		n = text_utf8_span(text, size);
		r = put_valid(out, text, n);
		if (!r && n < size) {
			r = buf_append_string(out, "\xef\xbf\xbd");
			n++;
		}
		text += n;
		size -= n;
	}
	return r ? r : buf_append(out, "\"", 1);
}

static int put_double(struct buf *out, double number)
{
	char text[DOCUMENT_DOUBLE_MAX];

	if (!isfinite(number))
		return buf_append_string(out, "null");
	document_format_double(number, text);
	return buf_append_string(out, text);
}

static int put_date(struct buf *out, int64_t ms)
{
	char text[CLOCK_ISO_MAX];

	/* From 1970 to 9999; others as relaxed Extended JSON has them. */
	if (ms < 0 || ms > INT64_C(253402300799999))
		return buf_printf(out, "{\"$date\":{\"$numberLong\":\"%" PRId64
				  "\"}}", ms);
	clock_iso(ms, text);
	return buf_printf(out, "\"%s\"", text);
}

/* The characters of the next 1 to 3 bytes (RFC 4648, section 4). */
static void format_base64(const uint8_t *bytes, uint32_t size,
			  char ret_text[static 4])
{
	static const char symbols[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789+/";
	uint32_t bits = (uint32_t)bytes[0] << 16;

	if (size > 1)
		bits |= (uint32_t)bytes[1] << 8;
	if (size > 2)
		bits |= bytes[2];
	ret_text[0] = symbols[bits >> 18];
	ret_text[1] = symbols[bits >> 12 & 63];
	ret_text[2] = (char)(size > 1 ? symbols[bits >> 6 & 63] : '=');
	ret_text[3] = (char)(size > 2 ? symbols[bits & 63] : '=');
}

static int put_binary(struct buf *out, const bson_iter_t *iter)
{
	const uint8_t *bytes;
	char text[4];
	uint32_t size;
	int r;

	bson_iter_binary(iter, NULL, &size, &bytes);
	r = buf_append(out, "\"", 1);
	for (uint32_t i = 0; !r && i < size; i += 3) {
		format_base64(bytes + i, size - i, text);
		r = buf_append(out, text, sizeof(text));
	}
	return r ? r : buf_append(out, "\"", 1);
}

static int put_oid(struct buf *out, const bson_oid_t *oid)
{
	char text[25];

	bson_oid_to_string(oid, text);
	return buf_printf(out, "\"%s\"", text);
}

/* The types that only an application of its own puts there. */
static int put_rare(struct buf *out, const bson_iter_t *iter)
{
	char decimal[BSON_DECIMAL128_STRING];
	bson_decimal128_t number;
	uint32_t seconds, count;
	const char *text, *flags;
	uint32_t size;
	int r;

	switch (bson_iter_type(iter)) {
	case BSON_TYPE_DECIMAL128:
		if (!bson_iter_decimal128(iter, &number))
			return -EBADMSG;
		bson_decimal128_to_string(&number, decimal);
		return buf_printf(out, "{\"$numberDecimal\":\"%s\"}", decimal);
	case BSON_TYPE_TIMESTAMP:
		bson_iter_timestamp(iter, &seconds, &count);
		return buf_printf(out, "{\"$timestamp\":{\"t\":%" PRIu32
				  ",\"i\":%" PRIu32 "}}", seconds, count);
	case BSON_TYPE_REGEX:
		text = bson_iter_regex(iter, &flags);
		r = buf_append_string(out,
				      "{\"$regularExpression\":{\"pattern\":");
		if (!r)
			r = put_string(out, text, strlen(text));
		if (!r)
			r = buf_append_string(out, ",\"options\":");
		if (!r)
			r = put_string(out, flags, strlen(flags));
		return r ? r : buf_append_string(out, "}}");
	case BSON_TYPE_SYMBOL:
		text = bson_iter_symbol(iter, &size);
		return put_string(out, text, size);
	case BSON_TYPE_CODE:
		text = bson_iter_code(iter, &size);
		r = buf_append_string(out, "{\"$code\":");
		if (!r)
			r = put_string(out, text, size);
		return r ? r : buf_append(out, "}", 1);
	case BSON_TYPE_MINKEY:
		return buf_append_string(out, "{\"$minKey\":1}");
	case BSON_TYPE_MAXKEY:
		return buf_append_string(out, "{\"$maxKey\":1}");
	default:
		return buf_append_string(out, "null");
	}
}

static int put_members(struct buf *out, bson_iter_t *iter, bool is_array,
		       const char *omit, unsigned level);

static int put_inner(struct buf *out, const bson_iter_t *iter, bool is_array,
		     unsigned level)
{
	bson_iter_t inner;

	if (level >= LEVELS_MAX || !bson_iter_recurse(iter, &inner))
		return -EBADMSG;
	return put_members(out, &inner, is_array, NULL, level + 1);
}

static int put_value(struct buf *out, const bson_iter_t *iter, unsigned level)
{
	const char *text;
	uint32_t size;

	switch (bson_iter_type(iter)) {
	case BSON_TYPE_DOUBLE:
		return put_double(out, bson_iter_double(iter));
	case BSON_TYPE_UTF8:
		text = bson_iter_utf8(iter, &size);
		return put_string(out, text, size);
	case BSON_TYPE_DOCUMENT:
		return put_inner(out, iter, /* is_array= */ false, level);
	case BSON_TYPE_ARRAY:
		return put_inner(out, iter, /* is_array= */ true, level);
	case BSON_TYPE_BINARY:
		return put_binary(out, iter);
	case BSON_TYPE_OID:
		return put_oid(out, bson_iter_oid(iter));
	case BSON_TYPE_BOOL:
		return buf_append_string(out, bson_iter_bool(iter) ?
					 "true" : "false");
	case BSON_TYPE_DATE_TIME:
		return put_date(out, bson_iter_date_time(iter));
	case BSON_TYPE_INT32:
		return buf_printf(out, "%" PRId32, bson_iter_int32(iter));
	case BSON_TYPE_INT64:
		return buf_printf(out, "%" PRId64, bson_iter_int64(iter));
	default:
		return put_rare(out, iter);
	}
}

static int put_members(struct buf *out, bson_iter_t *iter, bool is_array,
		       const char *omit, unsigned level)
{
	bool is_first = true;
	const char *key;
	int r;

	r = buf_append(out, is_array ? "[" : "{", 1);
	while (!r && bson_iter_next(iter)) {
		key = bson_iter_key(iter);
		if (omit && strcmp(key, omit) == 0)
			continue;
		if (!is_first)
			r = buf_append(out, ",", 1);
		is_first = false;
		if (!r && !is_array)
			r = put_string(out, key, strlen(key));
		if (!r && !is_array)
			r = buf_append(out, ":", 1);
		if (!r)
			r = put_value(out, iter, level);
	}
	/* bson_iter_next() stops at what it cannot read, too. */
	if (!r && iter->err_off)
		r = -EBADMSG;
	return r ? r : buf_append(out, is_array ? "]" : "}", 1);
}

int document_write_json(const bson_t *stored, const char *omit,
			struct buf *out)
{
	bson_iter_t iter;

	if (!bson_iter_init(&iter, stored))
		return -EBADMSG;
	return put_members(out, &iter, /* is_array= */ false, omit, 0);
}
