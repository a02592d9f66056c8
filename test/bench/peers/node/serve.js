// SPDX-License-Identifier: MIT
// A listener on a free port of loopback, by one process or by several.

import cluster from 'node:cluster';
import http from 'node:http';

// With 1 this process serves; with more it hands connections to that many
// others. Says "serves on PORT" once all do.
export function serve(processes, makeListener) {
	if (processes > 1 && cluster.isPrimary)
		return serveByOthers(processes);

	Promise.resolve(makeListener()).then((listener) => {
		const server = http.createServer(listener);

		server.listen(0, '127.0.0.1', () => {
			if (cluster.isPrimary)
				say(server.address().port);
		});
	});
	if (cluster.isPrimary)
		process.on('SIGTERM', () => process.exit(0));
}

function serveByOthers(processes) {
	let serving = 0;
	let ending = false;

	cluster.on('listening', (worker, { port }) => {
		if (++serving === processes)
			say(port);
	});
	cluster.on('exit', (worker, code) => {
		if (!ending)
			throw new Error(`a process ended: ${code}`);
		if (Object.keys(cluster.workers).length === 0)
			process.exit(0);
	});
	process.on('SIGTERM', () => {
		ending = true;
		for (const worker of Object.values(cluster.workers))
			worker.process.kill();
	});
	for (let i = 0; i < processes; i++)
		cluster.fork();
}

function say(port) {
	console.log(`serves on ${port}`);
}
