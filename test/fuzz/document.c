/* SPDX-License-Identifier: MIT */

/*
 * document - the input is the JSON of an upload for the mongodb sink, or a
 * document as others may have stored it there. JSON that is let pass becomes
 * valid BSON, which is what json-c reads of it; and any BSON that becomes JSON
 * becomes valid JSON, which stays the same from then on.
 */

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_scan.h"
#include "common/sink/mongodb/document.h"
#include "test/fuzz/fuzz.h"

#define DEPTH_MAX 100		/* as the sink has it */
#define BSON_BYTES_MAX MIB(16)

static void same_value(const bson_iter_t *iter, struct json_object *json);

static void same_number(const bson_iter_t *iter, struct json_object *json)
{
	double number = json_object_get_double(json);

	if (BSON_ITER_HOLDS_DOUBLE(iter))
		must(bson_iter_double(iter) == number, "a double stays");
	else
		must(BSON_ITER_HOLDS_INT(iter) &&
		     json_object_is_type(json, json_type_int) &&
		     bson_iter_as_int64(iter) == json_object_get_int64(json),
		     "an integer stays");
}

/*
 * Text that json-c may have read wrongly: it loses a surrogate pair that it
 * finds another backslash behind.
 */
static bool has_pair(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if ((unsigned char)text[i] >= 0xef)
			return true;
	return false;
}

static void same_string(const bson_iter_t *iter, struct json_object *json)
{
	const char *text;
	uint32_t size;

	must(BSON_ITER_HOLDS_UTF8(iter), "a string stays one");
	text = bson_iter_utf8(iter, &size);
	if (has_pair(text, size))
		return;
	must_equal(text, size, json_object_get_string(json),
		   (size_t)json_object_get_string_len(json), "a string stays");
}

static void same_array(const bson_iter_t *iter, struct json_object *json)
{
	bson_iter_t inner;
	size_t n = 0;

	must(BSON_ITER_HOLDS_ARRAY(iter) && bson_iter_recurse(iter, &inner),
	     "an array stays one");
	for (; bson_iter_next(&inner); n++)
		same_value(&inner, json_object_array_get_idx(json, n));
	must(n == json_object_array_length(json), "all elements stay");
}

static bool is_reserved(const char *key)
{
	static const char *const reserved[] = {
		"_id", "_tranche", "persistentId", "createdAt", "updatedAt",
	};

	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		if (strcmp(key, reserved[i]) == 0)
			return true;
	return false;
}

static void same_object(bson_iter_t *iter, struct json_object *json,
			bool is_top)
{
	const char *at;

	json_object_object_foreach(json, key, value) {
		if (is_top && is_reserved(key))
			continue;
		must(bson_iter_next(iter), "all members stay");
		at = bson_iter_key(iter);
		must(has_pair(at, strlen(at)) || strcmp(at, key) == 0,
		     "members stay in their order");
		same_value(iter, value);
	}
	must(!bson_iter_next(iter), "no member is made");
}

static void same_value(const bson_iter_t *iter, struct json_object *json)
{
	bson_iter_t inner;

	switch (json_object_get_type(json)) {
	case json_type_null:
		must(BSON_ITER_HOLDS_NULL(iter), "null stays");
		break;
	case json_type_boolean:
		must(BSON_ITER_HOLDS_BOOL(iter) && bson_iter_bool(iter) ==
		     (bool)json_object_get_boolean(json), "a word stays");
		break;
	case json_type_double:
	case json_type_int:
		same_number(iter, json);
		break;
	case json_type_string:
		same_string(iter, json);
		break;
	case json_type_array:
		same_array(iter, json);
		break;
	case json_type_object:
		must(BSON_ITER_HOLDS_DOCUMENT(iter) &&
		     bson_iter_recurse(iter, &inner), "an object stays one");
		same_object(&inner, json, /* is_top= */ false);
		break;
	}
}

/* json-c knows no integer beyond an uint64, and no number out of range. */
static bool is_wide(const char *json, size_t size)
{
	const struct json_limits limits = {
		.depth_max = JSON_DEPTH_MAX,
		.values_max = SIZE_MAX,
	};
	struct json_stats stats = { 0 };
	struct json_error error;

	must(json_scan(json, size, &limits, &stats, &error) == 0,
	     "what is let pass is JSON");
	return stats.wide_integers;
}

static void compare(const char *json, size_t size, const bson_t *bson)
{
	struct json_tokener *tokener;
	struct json_object *tree;
	bson_iter_t iter;

	if (is_wide(json, size))
		return;
	tokener = json_tokener_new_ex(DEPTH_MAX + 1);
	must(tokener, "json-c has memory");
	tree = json_tokener_parse_ex(tokener, json, (int)size);
	json_tokener_free(tokener);
	must(tree, "json-c reads what is let pass");
	must(bson_iter_init(&iter, bson), "the document can be read");
	same_object(&iter, tree, /* is_top= */ true);
	json_object_put(tree);
}

static void to_json(const bson_t *bson, const char *omit, struct buf *out)
{
	int r;

	buf_init(out, 16 * BSON_BYTES_MAX);
	r = document_write_json(bson, omit, out);
	must(r == 0, "our own BSON becomes JSON");
}

/* @json becomes a document, which becomes @ret_json. 0, DOCUMENT_E_*. */
static int there_and_back(const char *json, size_t size, bool must_be_same,
			  struct buf *ret_json)
{
	char reason[DOCUMENT_REASON_MAX];
	struct document document;
	struct buf bytes;
	bson_t bson;
	int r;

	memset(reason, 0x5a, sizeof(reason));
	r = document_check(json, size, DEPTH_MAX, reason, &document);
	if (r) {
		must(memchr(reason, '\0', sizeof(reason)), "reasons end");
		return r;
	}
	if (!document.is_object) {
		document_done(&document);
		return DOCUMENT_E_BAD_DATA;
	}
	if (document.id == DOCUMENT_ID_VALID)
		must(session_persistent_id_is_valid(document.persistent_id,
					strlen(document.persistent_id)),
		     "a persistentId that is said to be valid is so");
	buf_init(&bytes, BSON_BYTES_MAX);
	must(document_write_bson(&document, &bytes) == 0, "BSON is written");
	must(bson_init_static(&bson, (uint8_t *)bytes.data, bytes.size) &&
	     bson_validate(&bson, BSON_VALIDATE_UTF8 |
			   BSON_VALIDATE_UTF8_ALLOW_NULL, NULL),
	     "what is written is valid BSON");
	if (must_be_same)
		compare(json, size, &bson);
	to_json(&bson, NULL, ret_json);
	buf_done(&bytes);
	/* A smaller limit is one. */
	buf_init(&bytes, bson.len - 1);
	must(document_write_bson(&document, &bytes) == DOCUMENT_E_TOO_LARGE &&
	     bytes.size < bson.len, "no more is written than may be");
	buf_done(&bytes);
	document_done(&document);
	return 0;
}

static void from_json(const char *data, size_t size)
{
	struct buf once, twice, thrice;
	char *json = malloc(size + 1);

	must(json, "there is memory for a copy");
	memcpy(json, data, size);
	json[size] = '\0';
	if (there_and_back(json, size, /* must_be_same= */ true, &once) == 0) {
		must(there_and_back(once.data, once.size, true, &twice) == 0,
		     "JSON that was written is let pass");
		/* "-0" is a double first, and then the integer 0. */
		must(there_and_back(twice.data, twice.size, true,
				    &thrice) == 0,
		     "JSON that was written is let pass");
		must_equal(thrice.data, thrice.size, twice.data, twice.size,
			   "JSON that was written stays the same");
		buf_done(&once);
		buf_done(&twice);
		buf_done(&thrice);
	}
	free(json);
}

/* Whether the key or string could only have been stored by others. */
static void from_bson(const uint8_t *data, size_t size)
{
	const struct json_limits limits = {
		.depth_max = JSON_DEPTH_MAX,
		.values_max = SIZE_MAX,
	};
	struct json_stats stats;
	struct json_error error;
	struct buf json;
	bson_t bson;
	int r;

	if (!bson_init_static(&bson, data, size))
		return;
	buf_init(&json, MIB(64));
	r = document_write_json(&bson, "_tranche", &json);
	must(r == 0 || r == -EBADMSG, "BSON is JSON or it is bad");
	if (!r)
		must(json_scan(json.data, json.size, &limits, &stats,
			       &error) == 0, "stored BSON becomes JSON");
	buf_done(&json);
}

static void format(const uint8_t *data, size_t size)
{
	char text[DOCUMENT_DOUBLE_MAX];
	double number;

	if (size != sizeof(number))
		return;
	memcpy(&number, data, sizeof(number));
	if (!isfinite(number))
		return;
	document_format_double(number, text);
	must(strtod(text, NULL) == number, "a double reads as the same one");
	must(strlen(text) < 27, "a double is short");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	from_json((const char *)data, size);
	from_bson(data, size);
	format(data, size);
	return 0;
}
