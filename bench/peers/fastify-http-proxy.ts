/** `@fastify/http-proxy` as in its README, with as many connections as the service. */
import proxy from '@fastify/http-proxy';
import { fastify } from 'fastify';

const [, , upstream = ''] = process.argv;
const app = fastify();
await app.register(proxy, {
  upstream,
  undici: { connections: 128 },
});
console.log(await app.listen({ port: 0, host: '127.0.0.1' }));
