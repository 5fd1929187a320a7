/** The least that a read costs in `node:http`: a constant response. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const server = createServer((_request, response) => {
  response.setHeader('Content-Type', 'application/json').end('{"entry":{"status":"IN_PROGRESS"}}');
}).listen(0, '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
);
