/* SPDX-License-Identifier: MIT */

/* cors - which browsers' pages may call (WHATWG Fetch, section 3.2). */

#pragma once

#include "common/base.h"
#include "common/buf.h"

/*
 * Appends the header lines for a request of @origin (NULL: no browser), given
 * TRANCHE_CORS_ORIGINS; those of a preflight too when @preflight. Nothing for
 * an origin that is not on the list. -ENOBUFS, -ENOMEM.
 */
int cors_headers(const char *allowed, const char *origin, bool preflight,
		 struct buf *out);
