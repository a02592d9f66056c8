// SPDX-License-Identifier: MIT
// The two schemas of the document.

import mongoose from 'mongoose';

const HOUR = 3600;

const sessionSchema = new mongoose.Schema({
	sessionId: { type: String, required: true, unique: true, index: true },
	persistentId: { type: String },
	totalChunks: { type: Number, required: true },
	totalSize: { type: Number, required: true },
	receivedChunks: { type: Number, default: 0 },
	isUpdate: { type: Boolean, default: false },
	chunks: { type: Map, of: Boolean, default: new Map() },
	createdAt: { type: Date, default: Date.now, expires: HOUR },
});

const chunkSchema = new mongoose.Schema({
	sessionId: { type: String, required: true, index: true },
	chunkIndex: { type: Number, required: true },
	data: { type: String, required: true },
	createdAt: { type: Date, default: Date.now, expires: HOUR },
});

export const Session = mongoose.model('ChunkedUploadSession', sessionSchema);
export const Chunk = mongoose.model('ChunkedUploadChunk', chunkSchema);

export async function connect(uri) {
	await mongoose.connect(uri);
	await Promise.all([Session.init(), Chunk.init()]);
}
