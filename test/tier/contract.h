/* SPDX-License-Identifier: MIT */

/*
 * contract - what the cases of the tier contract share.
 *
 * Each case is named for what it claims, and uses a session of its own, so
 * that cases and settings do not meet on a server. The parent's tier stays
 * open from case to case.
 */

#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/tier/tier.h"
#include "test/tier/setting.h"

/* Milliseconds that any operation of a healthy tier may take here. */
#define PATIENCE_MS 15000

/* The state of all cases. */
struct contract {
	const struct setting *setting;
	struct place place;
	struct tier *tier;
};

/* Cases of one subject; each file has one. */
struct subject {
	const struct CMUnitTest *cases;
	size_t n;
};

extern const struct subject session_subject;
extern const struct subject finish_subject;
extern const struct subject chunk_subject;
extern const struct subject count_subject;
extern const struct subject rot_subject;
extern const struct subject claim_subject;
extern const struct subject race_subject;
extern const struct subject change_subject;
extern const struct subject kill_subject;
extern const struct subject spare_subject;
extern const struct subject dead_subject;	/* where all parts are remote */
/* Where memory is the only part. */
extern const struct subject folder_subject;
extern const struct subject account_subject;
extern const struct subject sweep_subject;

struct deadline patience(void);

/* An open session of now, with a new id. */
struct session session_of(uint32_t total_chunks, uint64_t total_size);

/* @session, completed with the answer @body, which stays the caller's. */
struct session completed(const struct session *session, char *body);
struct session aborted(const struct session *session);

/* A chunk of the caller's bytes. */
struct chunk chunk_of(uint32_t index, enum chunk_kind kind, const char *data,
		      size_t size);

/* A raw chunk of a C string. */
struct chunk chunk_of_text(uint32_t index, const char *text);

/* @size bytes that depend on @seed, on the heap. */
char *bytes_of(unsigned seed, size_t size);

/* tier_put_chunk() with patience, without the count. */
int put(struct tier *t, const struct session *session,
	const struct chunk *chunk);

/* Asserts that the tier has exactly @chunk at its index, and gives it. */
void assert_chunk_is(struct tier *t, const struct session *session,
		     const struct chunk *chunk);
void assert_chunk_is_absent(struct tier *t, const struct session *session,
			    uint32_t index);

/* Asserts that the tier lists @n chunks of the session, of @bytes in all. */
void assert_list_is(struct tier *t, const struct session *session, size_t n,
		    uint64_t bytes);

/* Asserts that the tier's record has every field of @expected. */
void assert_session_is(struct tier *t, const struct session *expected);
void assert_session_is_absent(struct tier *t, const char *id);

/* Calls the doors of all parts; gives what they found in all. */
int spoil_chunk(const struct setting *setting, const struct place *place,
		const struct session *session, uint32_t index, enum spoil how);
int spoil_record(const struct contract *c, const struct session *session);
int count_pieces(const struct contract *c, const struct session *session);

/* Asserts that the bytes of @n chunks are kept, each as often as copied. */
void assert_pieces(const struct contract *c, const struct session *session,
		   size_t n);
int end_lease(const struct contract *c, const struct session *session);

/* Asserts that a call on @t gave @expected, and says the tier's words. */
#define assert_result(t, r, expected) \
	check_result(t, r, expected, #r, __FILE__, __LINE__)

void check_result(const struct tier *t, int r, int expected, const char *call,
		  const char *file, int line);
