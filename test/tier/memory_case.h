/* SPDX-License-Identifier: MIT */

/* memory_case - folders of their own for the cases of the memory tier. */

#pragma once

#include "test/tier/contract.h"

/* A path that nothing is at, in the test's folder; with its cap. */
struct place memory_place(const struct contract *c);

/* A memory tier there. */
struct tier *memory_open(const struct place *place);

/* Removes the folder and all in it. */
void memory_remove(const struct place *place);

/* Bytes that the file "used" says. */
uint64_t memory_used(const struct place *place);
void memory_set_used(const struct place *place, uint64_t bytes);

/* Files and folders in @folder of the tier's, those with a dot left out. */
size_t memory_entries(const struct place *place, const char *folder);
