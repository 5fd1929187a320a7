/** `http-proxy-middleware` on Express as in its README, with an agent that keeps connections alive. */
import { Agent } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';

const [, , target = ''] = process.argv;
const app = express();
app.disable('x-powered-by');
app.use(
  createProxyMiddleware({
    target,
    agent: new Agent({ keepAlive: true, maxSockets: 128 }),
  }),
);
const server = app.listen(0, '127.0.0.1', () =>
  console.log(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
);
