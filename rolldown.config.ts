import { defineConfig } from 'rolldown';

/**
 * The service in few files, which start in half the time: Node.js would look for and link some 2,700 of them. `src/main.ts`
 * takes them when they are there.
 */
export default defineConfig({
  input: { bootstrap: 'dist/bootstrap.js', 'cluster/worker': 'dist/cluster/worker.js' },
  platform: 'node',
  external: [
    // With files of their own beside their code.
    'bcrypt',
    'swagger-ui-dist',
    // Node.js warns of its `new Buffer()` outside of node_modules.
    'passport-http',
    // Nest asks for them only when they are used, which they are not.
    /^@nestjs\/(?:microservices|platform-express|websockets)/,
    '@fastify/multipart',
    '@fastify/view',
  ],
  output: { dir: 'dist/bundle', chunkFileNames: '[name].js', keepNames: true },
});
