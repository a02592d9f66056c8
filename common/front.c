/* SPDX-License-Identifier: MIT */

#include <fcgiapp.h>

#include "common/front.h"

int front_open(struct front **ret_front)
{
	return FCGX_IsCGI() ? front_cgi_open(ret_front) :
			      front_fcgi_open(ret_front);
}
