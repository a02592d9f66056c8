/* SPDX-License-Identifier: MIT */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/mongo/client.h"
#include "common/mongo/value.h"
#include "common/mongo/verdict.h"

/* Codes of the server that are answers, or whose meaning helps. */
static const struct {
	int64_t code;
	int r;
	const char *words;
} codes[] = {
	{ 11000, MONGO_E_DUPLICATE, NULL },
	{ 11001, MONGO_E_DUPLICATE, NULL },
	{ 14031, MONGO_E_FULL, NULL },		/* OutOfDiskSpace */
	{ 12501, MONGO_E_FULL, NULL },		/* quota exceeded */
	{ 4293, MONGO_E_FULL, NULL },		/* DocumentDB: disk full */
	{ 10334, MONGO_E_TOO_LARGE, NULL },	/* BSONObjectTooLarge */
	{ 17419, MONGO_E_TOO_LARGE, NULL },	/* after an update */
	{ 17420, MONGO_E_TOO_LARGE, NULL },
	{ 285999133, MONGO_E_TOO_LARGE, NULL },	/* DocumentDB */
	{ 121, MONGO_E_REFUSED, NULL },		/* DocumentValidationFailure */
	{ 66, MONGO_E_REFUSED, NULL },		/* ImmutableField */
	{ 14, MONGO_E_REFUSED, NULL },		/* TypeMismatch */
	{ 28, MONGO_E_REFUSED, NULL },		/* PathNotViable */
	{ 52, MONGO_E_REFUSED, NULL },		/* DollarPrefixedFieldName */
	{ 57, MONGO_E_REFUSED, NULL },		/* DottedFieldName */
	{ 67, MONGO_E_REFUSED, NULL },		/* CannotCreateIndex */
	{ 85, MONGO_E_REFUSED, NULL },		/* IndexOptionsConflict */
	{ 86, MONGO_E_REFUSED, NULL },		/* IndexKeySpecsConflict */
	{ 13, -EACCES, "the server does not allow it" },
	{ 18, -EACCES, "the server refuses the user or the password" },
	{ 50, -ETIMEDOUT, "the server had not done it in time" },
	{ 64, -ETIMEDOUT, "a majority had not written it in time" },
	{ 91, -EAGAIN, "the server is shutting down" },
	{ 189, -EAGAIN, "the server is no longer primary" },
	{ 10058, -EAGAIN, "the server is no longer primary" },
	{ 10107, -EAGAIN, "the server is not primary" },
	{ 11600, -EAGAIN, "the server is shutting down" },
	{ 11602, -EAGAIN, "the server is no longer primary" },
	{ 13435, -EAGAIN, "the server is not primary" },
	{ 13436, -EAGAIN, "the server is not primary" },
};

/* Atlas says so of many things; those of its space have one of these words. */
static bool is_full(int64_t code, const char *message)
{
	return code == 8000 && (strstr(message, "quota") ||
				strstr(message, "space"));
}

static int verdict_of_code(int64_t code, const char *message, char *ret_words,
			   size_t words_size)
{
	if (is_full(code, message))
		return MONGO_E_FULL;
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		if (codes[i].code != code)
			continue;
		if (codes[i].words)
			snprintf(ret_words, words_size, "%s (code %" PRId64
				 ")", codes[i].words, code);
		return codes[i].r;
	}
	snprintf(ret_words, words_size, "the server said code %" PRId64, code);
	return -EIO;
}

static int say(int r, const char *words, char *ret_words, size_t words_size)
{
	snprintf(ret_words, words_size, "%s", words);
	return r;
}

static int verdict_of_stream(const bson_error_t *error, bool timed_out,
			     char *ret_words, size_t words_size)
{
	if (error->code == MONGOC_ERROR_STREAM_NAME_RESOLUTION)
		return say(-EHOSTUNREACH, "a host's name cannot be resolved",
			   ret_words, words_size);
	if (timed_out)
		return say(-ETIMEDOUT, "no answer in time", ret_words,
			   words_size);
	return say(-ECONNRESET, "the connection was lost", ret_words,
		   words_size);
}

int verdict_of_error(const bson_error_t *error, bool timed_out,
		     char *ret_words, size_t words_size)
{
	switch (error->domain) {
	case MONGOC_ERROR_SERVER:
	case MONGOC_ERROR_WRITE_CONCERN:
		return verdict_of_code(error->code, error->message, ret_words,
				       words_size);
	case MONGOC_ERROR_STREAM:
		return verdict_of_stream(error, timed_out, ret_words,
					 words_size);
	case MONGOC_ERROR_SERVER_SELECTION:
		if (strstr(error->message, "TLS"))
			return say(-ECONNREFUSED, "no TLS with the server",
				   ret_words, words_size);
		if (timed_out)
			return say(-ETIMEDOUT, "no server answers in time",
				   ret_words, words_size);
		return say(-ECONNREFUSED, "no server that takes writes can "
			   "be reached", ret_words, words_size);
	case MONGOC_ERROR_CLIENT:
		if (error->code == MONGOC_ERROR_CLIENT_AUTHENTICATE)
			return say(-EACCES, "the server refuses the user or "
				   "the password", ret_words, words_size);
		break;
	case MONGOC_ERROR_BSON:
		/* Over the server's limit, by libmongoc's own check. */
		if (error->code == MONGOC_ERROR_BSON_INVALID)
			return MONGO_E_TOO_LARGE;
		break;
	case MONGOC_ERROR_PROTOCOL:
		if (error->code == MONGOC_ERROR_PROTOCOL_BAD_WIRE_VERSION)
			return say(-EPROTONOSUPPORT, "the server is too old or "
				   "too new", ret_words, words_size);
		break;
	}
	snprintf(ret_words, words_size, "libmongoc said code %" PRIu32 " of %"
		 PRIu32, error->code, error->domain);
	return -EIO;
}

/* The code and message of the document at @iter. */
static int verdict_at(const bson_iter_t *iter, char *ret_words,
		      size_t words_size)
{
	const char *message = "";
	const uint8_t *bytes;
	bson_iter_t found;
	bson_t document;
	int64_t code = 0;
	uint32_t size;

	bson_iter_document(iter, &size, &bytes);
	if (!bson_init_static(&document, bytes, size))
		return say(-EBADMSG, "the server's error cannot be read",
			   ret_words, words_size);
	(void)value_integer(&document, "code", &code);
	if (bson_iter_init_find(&found, &document, "errmsg") &&
	    BSON_ITER_HOLDS_UTF8(&found))
		message = bson_iter_utf8(&found, NULL);
	return verdict_of_code(code, message, ret_words, words_size);
}

int verdict_of_reply(const bson_t *reply, char *ret_words, size_t words_size)
{
	bson_iter_t iter, found;

	if (bson_iter_init(&iter, reply) &&
	    bson_iter_find_descendant(&iter, "writeErrors.0", &found) &&
	    BSON_ITER_HOLDS_DOCUMENT(&found))
		return verdict_at(&found, ret_words, words_size);
	if (bson_iter_init_find(&found, reply, "writeConcernError") &&
	    BSON_ITER_HOLDS_DOCUMENT(&found))
		return verdict_at(&found, ret_words, words_size);
	return 0;
}
