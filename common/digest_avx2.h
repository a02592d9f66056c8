/* SPDX-License-Identifier: MIT */

/*
 * digest_avx2 - digest_of() by vectors of 32 bytes, which not every x86-64 has:
 * 11 us for 512 KiB in place of 26. digest.c alone asks for it.
 */

#pragma once

#include "common/digest.h"

#ifdef DIGEST_AVX2

#include <sys/platform/x86.h>

/*
 * Whether the processor has them, which the C library found out already: to
 * ask a processor again costs 3 us where a hypervisor answers for it.
 */
static inline bool digest_has_avx2(void)
{
	return CPU_FEATURE_ACTIVE(AVX2);
}

struct digest digest_of_avx2(const void *data, size_t size);

#else

static inline bool digest_has_avx2(void)
{
	return false;
}

static inline struct digest digest_of_avx2(const void *data, size_t size)
{
	(void)data;
	(void)size;
	return (struct digest){ 0 };
}

#endif
