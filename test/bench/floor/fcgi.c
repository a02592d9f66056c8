/* SPDX-License-Identifier: MIT */

/*
 * The floor of a chunk that comes by FastCGI: reads a body whole, through
 * libfcgi, into memory that it has, and answers.
 */

#include <fcgiapp.h>

#define BODY_MAX (16 * 1024 * 1024) /* bytes */

static char body[BODY_MAX];

int main(void)
{
	FCGX_Request request;

	if (FCGX_Init() || FCGX_InitRequest(&request, 0, 0))
		return 1;
	while (!FCGX_Accept_r(&request)) {
		int n = FCGX_GetStr(body, BODY_MAX, request.in);

		FCGX_FPrintF(request.out,
			     "Status: %d\r\nContent-Length: 0\r\n\r\n",
			     n < 0 ? 500 : 200);
		FCGX_Finish_r(&request);
	}
	return 0;
}
