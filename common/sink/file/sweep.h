/* SPDX-License-Identifier: MIT */

/*
 * file_sweep - removes what killed processes left in DIR/.tranche, ends what
 * they had begun, and forgets sessions whose time is over.
 */

#pragma once

#include "common/base.h"
#include "common/deadline.h"
#include "common/sink/file/folder.h"

/*
 * Does a bounded part of that, and begins nothing after @dl. Waits for no
 * lock: what is locked is alive. Says nothing, as nobody waits for it: what
 * fails is found again by the next one.
 */
void file_sweep(const struct file_folder *folder, struct deadline dl);
