import type { AddressInfo } from 'node:net';
import { Downloads } from '../typescript/downloads.ts';
import { Exports } from './exports.ts';
import { createExportsServer } from './exports-server.ts';
import { JobFiles } from './job-files.ts';

const {
  PORT = '3100',
  EXPORTS_DIRECTORY = './exports-data',
  DOWNLOADS_URL = 'http://127.0.0.1:3000',
  DOWNLOADS_USER = 'demo:demo',
} = process.env;

/** How long a job keeps retrying while the downloads service is unavailable. */
const RETRY_FOR_MS = 3_600_000;

const stopping = new AbortController();
const [name = '', ...password] = DOWNLOADS_USER.split(':');
const login = { name, password: password.join(':') };
const persistence = { forMs: RETRY_FOR_MS, signal: stopping.signal };
const exports = new Exports(
  new Downloads(DOWNLOADS_URL, login, persistence),
  new JobFiles(EXPORTS_DIRECTORY),
);
const server = createExportsServer(exports);

server.listen(Number(PORT), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(`exports listens on http://127.0.0.1:${port}`);
});

process.once('SIGTERM', () => {
  stopping.abort();
  server.close();
});
