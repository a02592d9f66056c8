/* SPDX-License-Identifier: MIT */

/*
 * module - a tier's or sink's library, loaded when it is first needed.
 *
 * libmongoc alone costs 8 ms to load, so a process that talks to Redis must
 * not pay for it. Each driver is a shared object that exports the one or two
 * functions of its header (tier/redis.h, tier/mongodb.h, sink/mongodb.h). It
 * is looked for in the folder of the running program, then in a build's folder
 * common beside that or above it, then in the folder it is installed into.
 */

#pragma once

#include "common/base.h"

#define MODULE_ERROR_MAX 256	/* bytes, the NUL included */

/*
 * Says what the module mongodb is to talk to, before it is loaded. With it SASL
 * loads its plug-ins, nine libraries in 0.9 ms, all for mechanisms that a URI has
 * to name: where @uri names none, none is loaded.
 */
void module_expect_mongodb(const char *uri);

/*
 * The address of @symbol in the module @name ("redis", "mongodb"), which stays
 * loaded to the end of the process. -ENOENT with words for the log in
 * @ret_why (MODULE_ERROR_MAX bytes) when it cannot be loaded.
 */
int module_symbol(const char *name, const char *symbol, char *ret_why,
		  void **ret_address);
