/* SPDX-License-Identifier: MIT */

/* circuit_folder - a folder for circuits, below a temporary one. */

#pragma once

#include <stdbool.h>

/* A path where nothing is yet; its parent is ours. */
const char *circuit_folder_make(void);

/* Takes away all that is there. */
void circuit_folder_remove(void);

/* Takes away the folder alone, with what is in it. */
void circuit_folder_clear(void);

bool circuit_folder_is_there(void);

/* How many files are in it. */
unsigned circuit_folder_files(void);

/* The path of its one file. */
const char *circuit_folder_file(void);

/* The path beside it that is called @name; static. */
const char *circuit_folder_beside(const char *name);
