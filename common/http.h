/* SPDX-License-Identifier: MIT */

/* http - the methods and status codes that the wire uses (RFC 9110). */

#pragma once

#include "common/base.h"

/* Bits, so that an endpoint names the set it serves. */
enum http_method {
	HTTP_GET = 1 << 0,	/* and HEAD, which is GET without its body */
	HTTP_POST = 1 << 1,
	HTTP_PUT = 1 << 2,
	HTTP_DELETE = 1 << 3,
	HTTP_OPTIONS = 1 << 4,
};

enum http_status {
	HTTP_OK = 200,
	HTTP_CREATED = 201,
	HTTP_NO_CONTENT = 204,
	HTTP_BAD_REQUEST = 400,
	HTTP_NOT_FOUND = 404,
	HTTP_METHOD_NOT_ALLOWED = 405,
	HTTP_CONFLICT = 409,
	HTTP_CONTENT_TOO_LARGE = 413,
	HTTP_UNPROCESSABLE_CONTENT = 422,
	HTTP_SERVICE_UNAVAILABLE = 503,
	HTTP_INSUFFICIENT_STORAGE = 507,
};

/* "OK", "Not Found", ...; "Unknown" for a status that is not above. */
const char *http_reason(unsigned status);
