/** The least that an event stream costs in `node:http`: one event, and no end. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const server = createServer((_request, response) => {
  response.writeHead(200, ['Content-Type', 'text/event-stream']);
  response.write('event: progress\ndata: {}\n\n');
}).listen(0, '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
);
