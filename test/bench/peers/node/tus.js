// SPDX-License-Identifier: MIT
// usage: node tus.js PROCESSES STORE
//
// @tus/server with its file store, as its manual shows it.

import { FileStore } from '@tus/file-store';
import { Server } from '@tus/server';

import { serve } from './serve.js';

const [processes, directory] = process.argv.slice(2);

serve(Number(processes), () => {
	const server = new Server({
		path: '/files',
		datastore: new FileStore({ directory }),
	});

	return server.handle.bind(server);
});
