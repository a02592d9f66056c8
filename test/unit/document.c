/* SPDX-License-Identifier: MIT */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "common/sink/mongodb/document.h"

#define DEPTH_MAX 100

/* The text as document_check() wants it: a NUL behind, and no byte more. */
struct text {
	char *json;
	size_t size;
};

static struct text text_of(const char *json, size_t size)
{
	struct text text = { malloc(size + 1), size };

	assert_non_null(text.json);
	memcpy(text.json, json, size);
	text.json[size] = '\0';
	return text;
}

static int check_sized(const char *json, size_t size, char *ret_reason,
		       bson_t **ret_bson, struct document *ret_document)
{
	struct text text = text_of(json, size);
	struct document document;
	struct buf out;
	int r;

	r = document_check(text.json, size, DEPTH_MAX, ret_reason, &document);
	if (!r && document.is_object) {
		buf_init(&out, MIB(16));
		assert_int_equal(document_write_bson(&document, &out), 0);
		*ret_bson = bson_new_from_data((const uint8_t *)out.data,
					       out.size);
		assert_non_null(*ret_bson);
		assert_true(bson_validate(*ret_bson, BSON_VALIDATE_UTF8 |
					  BSON_VALIDATE_UTF8_ALLOW_NULL,
					  NULL));
		buf_done(&out);
	}
	if (!r) {
		*ret_document = document;
		document_done(&document);
	}
	free(text.json);
	return r;
}

static int check(const char *json, char *ret_reason)
{
	struct document document;
	bson_t *bson = NULL;
	int r;

	r = check_sized(json, strlen(json), ret_reason, &bson, &document);
	if (bson)
		bson_destroy(bson);
	return r;
}

static bson_t *bson_of(const char *json)
{
	char reason[DOCUMENT_REASON_MAX] = "";
	struct document document;
	bson_t *bson = NULL;

	assert_int_equal(check_sized(json, strlen(json), reason, &bson,
				     &document), 0);
	assert_non_null(bson);
	return bson;
}

/* @bson as JSON, without "omitted"; free() it. */
static char *json_of(const bson_t *bson)
{
	struct buf out;

	buf_init(&out, MIB(64));
	assert_int_equal(document_write_json(bson, "omitted", &out), 0);
	return out.data;
}

static void json_comes_back_as_the_same_values(void **state)
{
	static const char *const table[][2] = {
		{ "{}", NULL },
		{ " {\t\"a\" :\n1 , \"b\":[ ]\r} ", "{\"a\":1,\"b\":[]}" },
		{ "{\"a\":[1,[2,{\"b\":null}],true,false,\"\"]}", NULL },
		{ "{\"a\":{\"$oid\":\"5f\",\"x.y\":1,\"\":2}}", NULL },
		{ "{\"a\":{\"_id\":1,\"_tranche\":2,\"createdAt\":3}}", NULL },
		{ "{\"a\":\"\\u0041\\n\\/\\\"\\\\\"}",
		  "{\"a\":\"A\\n/\\\"\\\\\"}" },
		{ "{\"a\":\"\\b\\f\\r\\t\\u0000\\u001f\"}", NULL },
		{ "{\"\\u0061\":\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x9a\xb2\"}",
		  "{\"a\":\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x9a\xb2\"}" },
		{ "{\"a\":\"\\ud83d\\udeb2\"}",
		  "{\"a\":\"\xf0\x9f\x9a\xb2\"}" },
		{ "{\"a\":\"\\ud83d\",\"b\":\"\\udeb2x\\ud83d\"}",
		  "{\"a\":\"\xef\xbf\xbd\",\"b\":\"\xef\xbf\xbdx\xef\xbf\xbd\"}"
		},
		/* U+D7FF begins like a half and is none. */
		{ "{\"a\":\"\\ud7ff\\ue000\"}",
		  "{\"a\":\"\xed\x9f\xbf\xee\x80\x80\"}" },
		{ "{\"__proto__\":1}", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		bson_t *bson = bson_of(table[i][0]);
		char *json = json_of(bson);

		assert_string_equal(json, table[i][1] ? table[i][1] :
				    table[i][0]);
		free(json);
		bson_destroy(bson);
	}
}

static void numbers_have_their_type_and_their_shortest_text(void **state)
{
	static const struct {
		const char *text;
		bson_type_t type;
		const char *back;	/* NULL: the same */
	} table[] = {
		{ "0", BSON_TYPE_INT32, NULL },
		{ "-0", BSON_TYPE_INT32, "0" },
		{ "2147483647", BSON_TYPE_INT32, NULL },
		{ "-2147483648", BSON_TYPE_INT32, NULL },
		{ "2147483648", BSON_TYPE_INT64, NULL },
		{ "-2147483649", BSON_TYPE_INT64, NULL },
		{ "9007199254740993", BSON_TYPE_INT64, NULL },
		{ "9223372036854775807", BSON_TYPE_INT64, NULL },
		{ "-9223372036854775808", BSON_TYPE_INT64, NULL },
		{ "9223372036854775808", BSON_TYPE_DOUBLE,
		  "9223372036854776000" },
		{ "18446744073709551616", BSON_TYPE_DOUBLE,
		  "18446744073709552000" },
		{ "123456789012345678901234567890", BSON_TYPE_DOUBLE,
		  "1.2345678901234568e+29" },
		{ "-99999999999999999999", BSON_TYPE_DOUBLE,
		  "-100000000000000000000" },
		{ "1.5", BSON_TYPE_DOUBLE, NULL },
		{ "5.0", BSON_TYPE_DOUBLE, "5" },
		{ "1e3", BSON_TYPE_DOUBLE, "1000" },
		{ "1E21", BSON_TYPE_DOUBLE, "1e+21" },
		{ "-0.0", BSON_TYPE_DOUBLE, "-0" },
		{ "0.1", BSON_TYPE_DOUBLE, NULL },
		{ "0.30000000000000004", BSON_TYPE_DOUBLE, NULL },
		{ "1e-400", BSON_TYPE_DOUBLE, "0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char json[128], back[128], *got;
		bson_iter_t iter;
		bson_t *bson;

		snprintf(json, sizeof(json), "{\"n\":%s}", table[i].text);
		snprintf(back, sizeof(back), "{\"n\":%s}", table[i].back ?
			 table[i].back : table[i].text);
		bson = bson_of(json);
		assert_true(bson_iter_init_find(&iter, bson, "n"));
		assert_int_equal(bson_iter_type(&iter), table[i].type);
		got = json_of(bson);
		assert_string_equal(got, back);
		free(got);
		bson_destroy(bson);
	}
}

static void doubles_are_written_as_javascript_writes_them(void **state)
{
	static const struct {
		double number;
		const char *text;
	} table[] = {
		{ 0, "0" }, { 1, "1" }, { -1.5, "-1.5" }, { 100, "100" },
		{ 123456.789, "123456.789" }, { 0.000001, "0.000001" },
		{ 0.0000001, "1e-7" }, { 1.25e-9, "1.25e-9" },
		{ 1e20, "100000000000000000000" }, { 1e21, "1e+21" },
		{ 1.7976931348623157e308, "1.7976931348623157e+308" },
		{ 2.2250738585072014e-308, "2.2250738585072014e-308" },
		{ 5e-324, "5e-324" }, { 9007199254740992, "9007199254740992" },
		{ 4.35, "4.35" }, { 2.0 / 3, "0.6666666666666666" },
		{ 1.0 / 3, "0.3333333333333333" }, { 5e-310, "5e-310" },
		{ -42.1882, "-42.1882" }, { 12345678901234567890.0,
		  "12345678901234567000" },
	};
	char text[DOCUMENT_DOUBLE_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		document_format_double(table[i].number, text);
		assert_string_equal(text, table[i].text);
	}
}

static void any_double_reads_as_itself(void **state)
{
	uint64_t row = 1;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		char text[DOCUMENT_DOUBLE_MAX];
		double number;

		row = row * 6364136223846793005u + 1442695040888963407u;
		memcpy(&number, &row, sizeof(number));
		if (!(number - number == 0))
			continue;
		document_format_double(number, text);
		assert_true(strtod(text, NULL) == number);
		assert_true(strlen(text) < sizeof(text) - 1);
	}
}

static void what_is_wrong_is_named(void **state)
{
	static const struct {
		const char *json;
		const char *reason;
	} table[] = {
		{ "", NULL },
		{ "{", NULL },
		{ "{\"a\":1}x", NULL },
		{ "\xef\xbb\xbf{}", NULL },
		{ "{\"a\":'b'}", NULL },
		{ "{\"a\":01}", NULL },
		{ "{\"a\":NaN}", NULL },
		{ "{\"a\":\"\xff\"}", NULL },
		{ "{\"\":1}", "an empty key at byte 1" },
		{ "{\"a\":1, \"$set\":1}",
		  "a key that begins with \"$\" at byte 8" },
		{ "{\"\\u0024a\":1}",
		  "a key that begins with \"$\" at byte 1" },
		{ "{\"a.b\":1}", "a key with a dot at byte 1" },
		{ "{\"a\\u002eb\":1}", "a key with a dot at byte 1" },
		{ "{\"a\\u0000b\":1}", "a key with a NUL at byte 1" },
		{ "{\"a\":[{\"b\\u0000\":1}]}", "a key with a NUL at byte 7" },
		{ "{\"a\":1e400}", "a number out of range at byte 5" },
		{ "{\"a\":[-1E400]}", "a number out of range at byte 6" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char reason[DOCUMENT_REASON_MAX] = "";

		assert_int_equal(check(table[i].json, reason),
				 DOCUMENT_E_BAD_DATA);
		if (table[i].reason)
			assert_string_equal(reason, table[i].reason);
		else
			assert_non_null(strstr(reason, " at byte "));
	}
}

static void a_number_of_400_digits_is_out_of_range(void **state)
{
	char json[512], reason[DOCUMENT_REASON_MAX];

	(void)state;
	memset(json, '9', sizeof(json));
	memcpy(json, "{\"a\":", 5);
	strcpy(json + 405, "}");
	assert_int_equal(check(json, reason), DOCUMENT_E_BAD_DATA);
	/* 308 of them are not, although they are many. */
	strcpy(json + 5 + 308, "}");
	assert_int_equal(check(json, reason), 0);
}

static void nothing_but_an_object_is_one(void **state)
{
	static const char *const table[] = {
		"[]", "[{}]", "1", "\"a\"", "null", " true ",
	};
	char reason[DOCUMENT_REASON_MAX];
	struct document document;
	bson_t *bson;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		assert_int_equal(check_sized(table[i], strlen(table[i]),
					     reason, &bson, &document), 0);
		assert_false(document.is_object);
	}
}

static void of_a_key_given_twice_the_last_value_counts(void **state)
{
	static const char *const table[][2] = {
		{ "{\"a\":1,\"a\":2}", "{\"a\":2}" },
		{ "{\"a\":1,\"b\":2,\"a\":{\"c\":3,\"c\":4}}",
		  "{\"a\":{\"c\":4},\"b\":2}" },
		{ "{\"a\":{\"c\":3,\"c\":4},\"b\":2,\"a\":1}",
		  "{\"a\":1,\"b\":2}" },
		{ "{\"a\":[1,{}],\"a\":\"]}\",\"a\":[{\"b\":\"\\\"\"}],"
		  "\"c\":1}", "{\"a\":[{\"b\":\"\\\"\"}],\"c\":1}" },
		{ "{\"a\":1,\"\\u0061\":2}", "{\"a\":2}" },
		{ "{\"\\ud800\":1,\"\\udc00\":2}", "{\"\xef\xbf\xbd\":2}" },
		{ "{\"_id\":1,\"a\":1,\"_id\":2}", "{\"a\":1}" },
		{ "{\"a\":1,\"A\":2,\"aa\":3}", NULL },
		{ "{\"x\":{\"a\":1},\"y\":{\"a\":2}}", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		bson_t *bson = bson_of(table[i][0]);
		char *json = json_of(bson);

		assert_string_equal(json, table[i][1] ? table[i][1] :
				    table[i][0]);
		free(json);
		bson_destroy(bson);
	}
}

static void the_sinks_own_members_are_left_out(void **state)
{
	bson_t *bson = bson_of("{\"_id\":{\"a\":[1]},\"x\":1,"
			       "\"_tranche\":\"}\",\"createdAt\":1,"
			       "\"updatedAt\":[],\"persistentId\":\"p\","
			       "\"_ID\":2}");
	char *json = json_of(bson);

	(void)state;
	assert_string_equal(json, "{\"x\":1,\"_ID\":2}");
	free(json);
	bson_destroy(bson);
}

static void name_and_persistent_id_are_noted(void **state)
{
	static const struct {
		const char *json;
		bool has_name;
		enum document_id id;
		const char *persistent_id;
	} table[] = {
		{ "{}", false, DOCUMENT_ID_NONE, "" },
		{ "{\"name\":\"\"}", true, DOCUMENT_ID_NONE, "" },
		{ "{\"name\":1}", false, DOCUMENT_ID_NONE, "" },
		{ "{\"name\":\"a\",\"name\":1}", false, DOCUMENT_ID_NONE, "" },
		{ "{\"a\":{\"name\":\"a\"}}", false, DOCUMENT_ID_NONE, "" },
		{ "{\"n\\u0061me\":\"a\"}", true, DOCUMENT_ID_NONE, "" },
		{ "{\"persistentId\":\"r-1\"}", false, DOCUMENT_ID_VALID,
		  "r-1" },
		{ "{\"persistentId\":\"\\u0072\"}", false, DOCUMENT_ID_VALID,
		  "r" },
		{ "{\"persistentId\":null}", false, DOCUMENT_ID_NONE, "" },
		{ "{\"persistentId\":5}", false, DOCUMENT_ID_INVALID, "" },
		{ "{\"persistentId\":\"\"}", false, DOCUMENT_ID_INVALID, "" },
		{ "{\"persistentId\":\"a/b\"}", false, DOCUMENT_ID_INVALID,
		  "" },
		{ "{\"persistentId\":\"a\\u0000\"}", false,
		  DOCUMENT_ID_INVALID, "" },
		{ "{\"persistentId\":1,\"persistentId\":\"b\"}", false,
		  DOCUMENT_ID_VALID, "b" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		char reason[DOCUMENT_REASON_MAX];
		struct document document;
		bson_t *bson;

		assert_int_equal(check_sized(table[i].json,
					     strlen(table[i].json), reason,
					     &bson, &document), 0);
		bson_destroy(bson);
		assert_int_equal(document.has_name, table[i].has_name);
		assert_int_equal(document.id, table[i].id);
		if (table[i].id == DOCUMENT_ID_VALID)
			assert_string_equal(document.persistent_id,
					    table[i].persistent_id);
	}
}

static void depth_is_bounded(void **state)
{
	char reason[DOCUMENT_REASON_MAX], json[1024];
	size_t n;

	(void)state;
	for (int depth = DEPTH_MAX; depth <= DEPTH_MAX + 1; depth++) {
		n = 0;
		for (int i = 0; i < depth; i++)
			n += (size_t)snprintf(json + n, sizeof(json) - n, "%s",
					      i ? "[" : "{\"a\":");
		for (int i = depth - 1; i >= 0; i--)
			json[n++] = i ? ']' : '}';
		json[n] = '\0';
		assert_int_equal(check(json, reason), depth > DEPTH_MAX ?
				 DOCUMENT_E_DEPTH : 0);
	}
}

static void bson_is_bounded(void **state)
{
	/* {"a":"xyz"}: 4 + 1 + 2 + 4 + 4 + 1 bytes. */
	static const char json[] = "{\"a\":\"xyz\"}";
	char reason[DOCUMENT_REASON_MAX];
	struct document document;

	(void)state;
	assert_int_equal(document_check(json, sizeof(json) - 1, DEPTH_MAX,
					reason, &document), 0);
	for (size_t max = 0; max <= 16; max++) {
		struct buf out;

		buf_init(&out, max);
		assert_int_equal(document_write_bson(&document, &out),
				 max < 16 ? DOCUMENT_E_TOO_LARGE : 0);
		buf_done(&out);
	}
	document_done(&document);
}

static void stored_types_have_a_form_in_json(void **state)
{
	bson_t *bson = bson_new();
	bson_decimal128_t decimal;
	bson_oid_t oid;
	char *json;

	(void)state;
	bson_oid_init_from_string(&oid, "0123456789abcdef01234567");
	bson_decimal128_from_string("1.10", &decimal);
	BSON_APPEND_OID(bson, "_id", &oid);
	BSON_APPEND_INT32(bson, "omitted", 1);
	BSON_APPEND_DATE_TIME(bson, "at", INT64_C(1764000000001));
	BSON_APPEND_DATE_TIME(bson, "before", -1);
	BSON_APPEND_BINARY(bson, "b0", BSON_SUBTYPE_BINARY,
			   (const uint8_t *)"", 0);
	BSON_APPEND_BINARY(bson, "b1", BSON_SUBTYPE_BINARY,
			   (const uint8_t *)"f", 1);
	BSON_APPEND_BINARY(bson, "b2", BSON_SUBTYPE_BINARY,
			   (const uint8_t *)"fo", 2);
	BSON_APPEND_BINARY(bson, "b4", BSON_SUBTYPE_BINARY,
			   (const uint8_t *)"\xff\xfe\xfd!", 4);
	BSON_APPEND_DECIMAL128(bson, "d", &decimal);
	BSON_APPEND_DOUBLE(bson, "nan", strtod("nan", NULL));
	BSON_APPEND_REGEX(bson, "r", "a\"b", "i");
	BSON_APPEND_TIMESTAMP(bson, "t", 5, 6);
	BSON_APPEND_UNDEFINED(bson, "u");
	bson_append_utf8(bson, "bad", -1, "a\xff" "b\xc3", 4);
	json = json_of(bson);
	assert_string_equal(json, "{\"_id\":\"0123456789abcdef01234567\","
		"\"at\":\"2025-11-24T16:00:00.001Z\","
		"\"before\":{\"$date\":{\"$numberLong\":\"-1\"}},"
		"\"b0\":\"\",\"b1\":\"Zg==\",\"b2\":\"Zm8=\","
		"\"b4\":\"//79IQ==\",\"d\":{\"$numberDecimal\":\"1.10\"},"
		"\"nan\":null,\"r\":{\"$regularExpression\":"
		"{\"pattern\":\"a\\\"b\",\"options\":\"i\"}},"
		"\"t\":{\"$timestamp\":{\"t\":5,\"i\":6}},\"u\":null,"
		"\"bad\":\"a\xef\xbf\xbd" "b\xef\xbf\xbd\"}");
	free(json);
	bson_destroy(bson);
}

/*
 * A row of JSON values made up, with json-c as the judge of what they say. A
 * double that is whole would come back as an integer, which it tells apart.
 */
struct made {
	uint64_t row;
	char text[16384];
	size_t size;
};

static uint32_t next(struct made *m, uint32_t n)
{
	m->row = m->row * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(m->row >> 33) % n;
}

static void add(struct made *m, const char *text)
{
	size_t n = strlen(text);

	if (m->size + n < sizeof(m->text)) {
		memcpy(m->text + m->size, text, n + 1);
		m->size += n;
	}
}

static void add_string(struct made *m, uint32_t pieces_max, bool is_key)
{
	static const char *const pieces[] = {
		"a", "b", "", "\\n", "\\u0041", "\\\"", "\\\\", "\\/",
		"\xc3\xa4", "\xe2\x82\xac", "\\ud83d\\udeb2", "\\ud800",
		"\\udfff", "\\ud7ff", "{", "]", ",", ":", " ", "\\u0000",
	};

	add(m, "\"");
	for (uint32_t n = next(m, pieces_max + 1); n > 0; n--)
		add(m, pieces[next(m, ARRAY_SIZE(pieces) - is_key)]);
	add(m, "\"");
}

static void add_space(struct made *m)
{
	static const char *const spaces[] = { "", "", " ", "\n\t", "\r" };

	add(m, spaces[next(m, ARRAY_SIZE(spaces))]);
}

static void add_value(struct made *m, int level)
{
	static const char *const words[] = {
		"0", "-1", "12.25", "1e-5", "-7.5E-3", "2147483648", "true",
		"false", "null", "-9223372036854775808", "0.1",
	};
	uint32_t kind = next(m, level > 6 ? 2 : 4);
	bool is_object = kind == 2;

	add_space(m);
	if (kind == 0) {
		add(m, words[next(m, ARRAY_SIZE(words))]);
	} else if (kind == 1) {
		add_string(m, 6, false);
	} else {
		add(m, is_object ? "{" : "[");
		add_space(m);
		for (uint32_t n = next(m, 5), i = 0; i < n; i++) {
			if (i)
				add(m, ",");
			add_space(m);
			if (is_object) {
				add_string(m, 2, true);
				add_space(m);
				add(m, ":");
			}
			add_value(m, level + 1);
		}
		add(m, is_object ? "}" : "]");
	}
	add_space(m);
}

static void json_c_reads_the_same_from_what_comes_back(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < 20000; i++) {
		static struct made m;
		struct json_object *sent, *back;
		char *json;
		bson_t *bson;

		m.row = i;
		m.size = 0;
		add(&m, "{\"x\":");
		add_value(&m, 1);
		add(&m, ",\"y\":");
		add_value(&m, 1);
		add(&m, "}");
		if (m.size >= sizeof(m.text) - 64)
			continue;
		bson = bson_of(m.text);
		json = json_of(bson);
		sent = json_tokener_parse(m.text);
		back = json_tokener_parse(json);
		assert_non_null(sent);
		if (!json_object_equal(sent, back))
			fail_msg("%s came back as %s", m.text, json);
		json_object_put(sent);
		json_object_put(back);
		free(json);
		bson_destroy(bson);
	}
}

/* Whatever is refused or taken, nothing outside of the text is touched. */
static void text_with_changed_bytes_does_no_harm(void **state)
{
	static const char json[] =
		"{\"name\":\"a\\u0041\",\"b\":[1,2.5e3,{\"c\":null}],"
		"\"d\":\"\\ud83d\\udeb2\",\"b\":-17,\"e\":[[],{}]}";
	struct made m = { .row = 7 };

	(void)state;
	for (int i = 0; i < 100000; i++) {
		char text[sizeof(json)], reason[DOCUMENT_REASON_MAX];
		size_t size = sizeof(json) - 1;
		struct document document;
		bson_t *bson = NULL;

		memcpy(text, json, sizeof(json));
		for (uint32_t n = next(&m, 4); n > 0; n--)
			text[next(&m, (uint32_t)size)] =
				json[next(&m, (uint32_t)size)];
		if (next(&m, 4) == 0)
			size = next(&m, (uint32_t)size);
		check_sized(text, size, reason, &bson, &document);
		if (bson)
			bson_destroy(bson);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_comes_back_as_the_same_values),
		cmocka_unit_test(
			numbers_have_their_type_and_their_shortest_text),
		cmocka_unit_test(doubles_are_written_as_javascript_writes_them),
		cmocka_unit_test(any_double_reads_as_itself),
		cmocka_unit_test(what_is_wrong_is_named),
		cmocka_unit_test(a_number_of_400_digits_is_out_of_range),
		cmocka_unit_test(nothing_but_an_object_is_one),
		cmocka_unit_test(of_a_key_given_twice_the_last_value_counts),
		cmocka_unit_test(the_sinks_own_members_are_left_out),
		cmocka_unit_test(name_and_persistent_id_are_noted),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(bson_is_bounded),
		cmocka_unit_test(stored_types_have_a_form_in_json),
		cmocka_unit_test(json_c_reads_the_same_from_what_comes_back),
		cmocka_unit_test(text_with_changed_bytes_does_no_harm),
	};

	return cmocka_run_group_tests_name("document", tests, NULL, NULL);
}
