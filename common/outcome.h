/* SPDX-License-Identifier: MIT */

/*
 * outcome - how a session ended: what all tiers and the sink know of it.
 *
 * The sink is the authority for "completed", the tiers' records are how that
 * is found quickly and after the sink's own memory of it has gone.
 */

#pragma once

#include "common/service.h"

/*
 * Reads the session from every tier over @session, which was read before, and
 * asks the sink when none of them knows of its completion. What only the sink
 * knows is recorded. Afterwards session->state is the truth. TIER_E_ABSENT:
 * no tier and not the sink.
 */
int outcome_read(struct service *service, const struct request *req,
		 struct session *session);

/*
 * Records the answer of a session that was completed just now, and lets its
 * chunks go. -ENOSPC when no tier has room for the record.
 */
int outcome_record(struct service *service, const struct request *req,
		   struct session *session);

/*
 * Makes a completed session's answer whole: a body that was too large for the
 * record is read from the sink again. It stays without one when the sink has
 * lost what it stored.
 */
int outcome_answer(struct service *service, const struct request *req,
		   struct session *session);
