// SPDX-License-Identifier: MIT
// Values in Redis, as JSON; a Redis that is not there holds nothing and takes
// nothing.

import Redis from 'ioredis';

let client = null;

export function connect(url) {
	client = new Redis(url, {
		maxRetriesPerRequest: 1,
		enableOfflineQueue: false,
	});
	client.on('error', (error) => {
		console.error('Redis:', error.message);
	});
	return new Promise((resolve) => {
		client.once('ready', resolve);
		client.once('error', resolve);
	});
}

export async function getCache(key) {
	try {
		const text = await client?.get(key);

		return text ? JSON.parse(text) : null;
	} catch (error) {
		console.error('Redis get:', error.message);
		return null;
	}
}

export async function setCache(key, value, seconds) {
	try {
		return await client?.setex(key, seconds,
			JSON.stringify(value)) === 'OK';
	} catch (error) {
		console.error('Redis set:', error.message);
		return false;
	}
}

export async function deleteCache(key) {
	try {
		await client?.del(key);
	} catch (error) {
		console.error('Redis delete:', error.message);
	}
}

export async function forgetAll() {
	await client?.flushdb();
}
