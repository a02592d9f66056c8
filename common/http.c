/* SPDX-License-Identifier: MIT */

#include "common/http.h"

const char *http_reason(unsigned status)
{
	static const struct {
		unsigned status;
		const char *reason;
	} reasons[] = {
		{ HTTP_OK, "OK" },
		{ HTTP_CREATED, "Created" },
		{ HTTP_NO_CONTENT, "No Content" },
		{ HTTP_BAD_REQUEST, "Bad Request" },
		{ HTTP_NOT_FOUND, "Not Found" },
		{ HTTP_METHOD_NOT_ALLOWED, "Method Not Allowed" },
		{ HTTP_CONFLICT, "Conflict" },
		{ HTTP_CONTENT_TOO_LARGE, "Content Too Large" },
		{ HTTP_UNPROCESSABLE_CONTENT, "Unprocessable Content" },
		{ HTTP_SERVICE_UNAVAILABLE, "Service Unavailable" },
		{ HTTP_INSUFFICIENT_STORAGE, "Insufficient Storage" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++)
		if (reasons[i].status == status)
			return reasons[i].reason;
	return "Unknown";
}
