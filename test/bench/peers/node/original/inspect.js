// SPDX-License-Identifier: MIT
// For the benchmark alone, and never while the clock runs: what is stored, and
// an end to it.

import * as cache from './cache.js';
import * as storage from './storage.js';

export async function chunk(req, res) {
	const { sessionId, chunkIndex } = req.query;
	const { chunkData } = await storage.getChunkData(sessionId,
		Number(chunkIndex));

	res.status(chunkData === null ? 404 : 200).type('text')
		.send(chunkData ?? '');
}

export async function clear(req, res) {
	await cache.forgetAll();
	await storage.forgetAll();
	res.sendStatus(204);
}
