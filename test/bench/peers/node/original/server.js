// SPDX-License-Identifier: MIT
// usage: node original/server.js PROCESSES
//
// The original's design: chunked uploads with a three-tier fallback, as the
// document "Chunked Upload MongoDB Fallback" describes it, written anew from
// that document with the libraries that it names or shows (mongoose) and those
// usual beside them (Express, ioredis).
//
// It is: the three requests, JSON bodies, getSessionInfo, storeSessionInfo,
// getChunkData and storeChunkData over Redis, else MongoDB, else memory; the
// session read, changed and written whole for each chunk; values in Redis as
// JSON for an hour; both schemas.
//
// It is not: the original's code. Left out is what the document does not have:
// authentication, CORS, compression, a log line for each step. Where it is
// silent the cheaper reading was taken: a Redis or MongoDB without an address
// is not asked; the answer is sent before the clean-up, which asks only the
// tiers that had something; the complete data goes to a file and not to a
// collection. A function on a platform would start anew now and then and
// connect anew; this one runs on and keeps its connections.
//
// Environment: REDIS_URL and MONGODB_URI, each may be absent; SINK, a folder.

import express from 'express';

import { serve } from '../serve.js';
import * as cache from './cache.js';
import * as handlers from './handlers.js';
import * as inspect from './inspect.js';
import * as models from './models.js';

const PREFIX = '/api/routes/chunked';
const BODY_MAX = '32mb';

const { REDIS_URL, MONGODB_URI } = process.env;

serve(Number(process.argv[2]), async () => {
	const app = express();

	if (REDIS_URL)
		await cache.connect(REDIS_URL);
	if (MONGODB_URI)
		await models.connect(MONGODB_URI);

	app.use(express.json({ limit: BODY_MAX }));
	app.post(`${PREFIX}/start`, caught(handlers.start));
	app.post(`${PREFIX}/upload`, caught(handlers.upload));
	app.post(`${PREFIX}/complete`, caught(handlers.complete));
	app.get('/inspect/chunk', caught(inspect.chunk));
	app.delete('/inspect', caught(inspect.clear));
	return app;
});

function caught(handler) {
	return (req, res) => handler(req, res).catch((error) => {
		console.error(error);
		if (!res.headersSent)
			res.status(500).json({ error: 'Internal server error' });
	});
}
