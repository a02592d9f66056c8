/* SPDX-License-Identifier: MIT */

/*
 * cutter - the input is a request's body. What json_scan() and json_scan_cut()
 * say of it is what the RFC's grammar says, json-c reads what they let pass,
 * and the data that is cut out is what it stands for.
 */

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "common/json_scan.h"
#include "common/text.h"
#include "test/fuzz/fuzz.h"
#include "test/fuzz/json_reference.h"

static const struct json_limits wide = {
	.depth_max = JSON_DEPTH_MAX,
	.values_max = SIZE_MAX,
};

static struct json_object *json_c(const char *json, size_t size)
{
	struct json_tokener *tokener = json_tokener_new_ex(JSON_DEPTH_MAX + 1);
	struct json_object *value;
	bool whole;

	must(tokener, "json-c has memory");
	value = json_tokener_parse_ex(tokener, json, (int)size);
	/* A number at the end may go on, as far as json-c knows. */
	if (json_tokener_get_error(tokener) == json_tokener_continue)
		value = json_tokener_parse_ex(tokener, " ", 1);
	whole = json_tokener_get_error(tokener) == json_tokener_success;
	json_tokener_free(tokener);
	must(whole, "json-c reads what a scan lets pass");
	return value;
}

/* What a scan with @limits says is what @known of the text follows. */
static void scan(const char *json, size_t size,
		 const struct json_limits *limits,
		 const struct json_reference *known)
{
	struct json_stats stats = { 0 };
	struct json_error error;
	bool is_deep = known->depth > limits->depth_max;
	bool is_rich = known->values > limits->values_max;
	int r;

	r = json_scan(json, size, limits, &stats, &error);
	must((r != 0) == (error.reason != NULL), "every refusal has a reason");
	must(error.offset <= size, "an error is within the text");
	if (!known->is_json) {
		must(r != 0, "what is no JSON is refused");
		return;
	}
	if (is_deep || is_rich) {
		must((r == JSON_SCAN_E_DEPTH && is_deep) ||
		     (r == JSON_SCAN_E_VALUES && is_rich),
		     "what is over a limit is refused for it");
		return;
	}
	must(r == 0, "JSON within the limits is let pass");
	must(stats.values == known->values, "values are counted");
	must(stats.containers == known->containers, "containers are counted");
	must(stats.depth == known->depth, "levels are counted");
	must(stats.wide_integers == known->wide_integers,
	     "wide integers are noted");
}

/* The data as the cut gives it, read in three ways. */
static void check_data(const char *json, const struct json_cut *cut,
		       struct json_object *tree)
{
	const char *text = json + cut->start + 1;
	size_t size = cut->end - cut->start - 2, got, whole;
	struct json_object *value;
	struct buf wanted;
	char *out, *in_place;

	out = fuzz_copy(text, size);
	in_place = fuzz_copy(text, size);
	buf_init(&wanted, SIZE_MAX);
	text_unescape(text, size, out, &got);
	json_reference_decode(text, size, /* replace= */ false, &wanted);
	must_equal(out, got, wanted.data, wanted.size,
		   "data is what its escapes stand for");
	text_unescape(in_place, size, in_place, &whole);
	must_equal(in_place, whole, out, got,
		   "data is the same when it is decoded in place");
	must(json_object_object_get_ex(tree, "data", &value) &&
	     json_object_is_type(value, json_type_string),
	     "json-c finds the data");
	/* json-c loses a pair that it finds another backslash behind. */
	if (!memmem(text, size, "\\ud", 3) && !memmem(text, size, "\\uD", 3))
		must_equal(json_object_get_string(value),
			   (size_t)json_object_get_string_len(value),
			   wanted.data, wanted.size,
			   "json-c reads the same data");
	buf_done(&wanted);
	free(in_place);
	free(out);
}

static void cut(const char *json, size_t size,
		const struct json_reference *known)
{
	struct json_cut found = { 0 }, none = { 0 };
	struct json_error error;
	struct json_object *tree;
	int r, r_none;

	r = json_scan_cut(json, size, &wide, "data", &found, &error);
	must((r != 0) == (error.reason != NULL), "every refusal has a reason");
	must(error.offset <= size, "an error is within the text");
	r_none = json_scan_cut(json, size, &wide, NULL, &none, &error);
	must(r == r_none, "what is cut changes no answer");
	must(!none.found, "nothing is found where nothing is wanted");
	if (!known->is_json || !known->is_object) {
		must(r != 0, "what is no object is not cut");
		return;
	}
	if (r) {
		must(r != JSON_SCAN_E_INVALID ||
		     memmem(json, size, "\\u0000", 6),
		     "an object is cut unless it is over a limit, or a key "
		     "has a NUL");
		return;
	}
	tree = json_c(json, size);
	must(json_object_is_type(tree, json_type_object),
	     "json-c reads an object");
	if (found.found) {
		must(found.start < found.end && found.end <= size,
		     "a cut is within the text");
		if (json[found.start] == '"')
			check_data(json, &found, tree);
	} else {
		must(!json_object_object_get_ex(tree, "data", NULL),
		     "json-c finds no data where none was cut");
	}
	json_object_put(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct json_limits narrow = { .depth_max = 4, .values_max = 12 };
	const char *json = (const char *)data;
	struct json_reference known = json_reference_read(json, size);

	scan(json, size, &wide, &known);
	scan(json, size, &narrow, &known);
	cut(json, size, &known);
	return 0;
}
