/* SPDX-License-Identifier: MIT */

/*
 * body_file - the body of a request that the web server has left in a file.
 *
 * A web server that hands over the name of a file in place of the bytes (nginx:
 * client_body_in_file_only and $request_body_file) spares both sides most of a
 * big body's cost. Which folder such files are in is the deployment's word
 * (TRANCHE_BODY_DIR); a name alone opens nothing.
 */

#pragma once

#include "common/base.h"

/* An open file of a body; the caller closes it. */
struct body_file {
	int fd;		/* for reading and writing */
	uint64_t size;	/* bytes */
};

/*
 * Opens the file at @path: directly in @folder, a regular file and no link, of
 * this process's user, with no other name. Whether the server may still be
 * writing is not for us to see: its length has to be the one announced.
 *
 * -EXDEV @path is not in @folder, -EACCES it or the folder is another user's or
 * may be written by others, -EBADMSG it is no such file, and what open(2) says.
 */
int body_file_open(const char *folder, const char *path,
		   struct body_file *ret_file);

/*
 * Reads @size bytes from the file's beginning. -EBADMSG it has become shorter;
 * what read(2) says.
 */
int body_file_read(const struct body_file *file, char *data, size_t size);

/*
 * Maps @size bytes of @fd from its position on, and a NUL behind them, to be
 * changed at will without the file noticing: for a big body of a process that
 * serves no other, for which fresh memory and a copy cost twice as much. A file
 * that becomes shorter ends the process. body_file_unmap() the result.
 * -EBADMSG there are not as many bytes; what mmap(2) says.
 */
int body_file_map(int fd, size_t size, char **ret_data);
void body_file_unmap(char *data, size_t size);

/* What a failure of any was, in words for the log. */
const char *body_file_words(int r);
