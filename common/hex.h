/* SPDX-License-Identifier: MIT */

/* hex - bytes as lower-case hexadecimal digits (RFC 4648, section 8). */

#pragma once

#include "common/base.h"

/* Writes 2 x @size digits and a NUL. */
void hex_format(const uint8_t *bytes, size_t size, char *ret_text);

/*
 * Reads @len digits of either case into @len / 2 bytes. -EBADMSG when @len is
 * odd or a character is no digit; ret_bytes may then be partly written.
 */
int hex_parse(const char *text, size_t len, uint8_t *ret_bytes);
