// SPDX-License-Identifier: MIT
// Sessions and chunks: in Redis, else in MongoDB, else in this process.

import { deleteCache, getCache, setCache } from './cache.js';
import { Chunk, Session } from './models.js';

const HOUR = 3600;
const memory = { sessions: {}, chunks: {} };

// Without a URI the document's way would wait 10 s for a MongoDB that nobody
// named, on each request; here it is left out.
const mongodb = Boolean(process.env.MONGODB_URI);

const infoKey = (id) => `chunked:${id}:info`;
const chunkKey = (id, index) => `chunked:${id}:chunk:${index}`;

export async function getSessionInfo(sessionId) {
	const cached = await getCache(infoKey(sessionId));

	if (cached)
		return { sessionInfo: cached, source: 'redis' };
	const found = await tryMongoDB(() => Session.findOne({ sessionId }));

	if (found)
		return {
			sessionInfo: Object.assign(found.toObject(), {
				chunks: Object.fromEntries(found.chunks),
			}),
			source: 'mongodb',
		};
	if (memory.sessions[sessionId])
		return {
			sessionInfo: memory.sessions[sessionId],
			source: 'memory',
		};
	return { sessionInfo: null, source: null };
}

export async function storeSessionInfo(sessionId, info) {
	if (await setCache(infoKey(sessionId), info, HOUR))
		return { success: true, source: 'redis' };
	const stored = await tryMongoDB(() => Session.findOneAndUpdate(
		{ sessionId },
		{ ...info, chunks: new Map(Object.entries(info.chunks)) },
		{ upsert: true, new: true }));

	if (stored)
		return { success: true, source: 'mongodb' };
	memory.sessions[sessionId] = info;
	return { success: true, source: 'memory' };
}

export async function getChunkData(sessionId, chunkIndex) {
	const cached = await getCache(chunkKey(sessionId, chunkIndex));

	if (cached)
		return { chunkData: cached, source: 'redis' };
	const found = await tryMongoDB(
		() => Chunk.findOne({ sessionId, chunkIndex }));

	if (found)
		return { chunkData: found.data, source: 'mongodb' };
	const kept = memory.chunks[sessionId]?.[chunkIndex];

	if (kept !== undefined)
		return { chunkData: kept, source: 'memory' };
	return { chunkData: null, source: null };
}

// The document does not say how MongoDB takes a chunk. An update that answers
// without the document spares the original its way back.
export async function storeChunkData(sessionId, chunkIndex, data) {
	if (await setCache(chunkKey(sessionId, chunkIndex), data, HOUR))
		return { success: true, source: 'redis' };
	const stored = await tryMongoDB(() => Chunk.updateOne(
		{ sessionId, chunkIndex },
		{ sessionId, chunkIndex, data },
		{ upsert: true }));

	if (stored)
		return { success: true, source: 'mongodb' };
	memory.chunks[sessionId] ??= {};
	memory.chunks[sessionId][chunkIndex] = data;
	return { success: true, source: 'memory' };
}

// Of the tiers where something of the session was found.
export async function cleanUp(sessionId, totalChunks, sources) {
	if (sources.has('redis')) {
		await deleteCache(infoKey(sessionId));
		for (let index = 0; index < totalChunks; index++)
			await deleteCache(chunkKey(sessionId, index));
	}
	if (sources.has('mongodb'))
		await tryMongoDB(async () => {
			await Session.deleteOne({ sessionId });
			await Chunk.deleteMany({ sessionId });
		});
	delete memory.sessions[sessionId];
	delete memory.chunks[sessionId];
}

export async function forgetAll() {
	await tryMongoDB(async () => {
		await Session.deleteMany({});
		await Chunk.deleteMany({});
	});
	memory.sessions = {};
	memory.chunks = {};
}

async function tryMongoDB(question) {
	if (!mongodb)
		return null;
	try {
		return await question();
	} catch (error) {
		console.error('MongoDB:', error.message);
		return null;
	}
}
