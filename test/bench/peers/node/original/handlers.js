// SPDX-License-Identifier: MIT
// start, upload and complete.

import { writeFile } from 'node:fs/promises';
import path from 'node:path';

import * as storage from './storage.js';

export async function start(req, res) {
	const { persistentId, totalChunks, totalSize, isUpdate } = req.body;
	const sessionId = `${Date.now()}-${Math.random().toString(36).slice(2)}`;

	await storage.storeSessionInfo(sessionId, {
		sessionId,
		persistentId,
		totalChunks,
		totalSize,
		receivedChunks: 0,
		isUpdate,
		chunks: {},
		createdAt: Date.now(),
	});
	res.json({ sessionId });
}

// Get, modify, set: of two chunks at once the later set takes the earlier one's
// mark away, and complete then finds chunks missing. So the original does.
export async function upload(req, res) {
	const { sessionId, chunkIndex, data } = req.body;
	const { sessionInfo } = await storage.getSessionInfo(sessionId);

	if (!sessionInfo)
		return notFound(res);
	await storage.storeChunkData(sessionId, chunkIndex, data);
	sessionInfo.receivedChunks += 1;
	sessionInfo.chunks[chunkIndex] = true;
	await storage.storeSessionInfo(sessionId, sessionInfo);
	res.json({
		success: true,
		receivedChunks: sessionInfo.receivedChunks,
		totalChunks: sessionInfo.totalChunks,
	});
}

export async function complete(req, res) {
	const { sessionId } = req.body;
	const { sessionInfo, source } = await storage.getSessionInfo(sessionId);
	const sources = new Set([source]);
	let text = '';
	let document;

	if (!sessionInfo)
		return notFound(res);
	const { receivedChunks, totalChunks } = sessionInfo;

	if (receivedChunks !== totalChunks)
		return res.status(400).json({
			error: 'Not all chunks received',
			receivedChunks,
			totalChunks,
		});
	for (let index = 0; index < totalChunks; index++) {
		const chunk = await storage.getChunkData(sessionId, index);

		text += chunk.chunkData;
		sources.add(chunk.source);
	}
	try {
		document = JSON.parse(text);
	} catch (error) {
		return res.status(400).json({
			error: 'Failed to parse reassembled data',
			details: error.message,
		});
	}

	await writeFile(path.join(process.env.SINK, sessionId), text);
	res.status(201).json({
		persistentId: sessionInfo.persistentId ?? sessionId,
		name: document.name,
	});
	await storage.cleanUp(sessionId, totalChunks, sources);
}

function notFound(res) {
	res.status(404).json({ error: 'Upload session not found or expired' });
}
