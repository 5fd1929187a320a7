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
  plugins: [
    {
      name: 'ascii',
      // V8 keeps a file with any other character at two bytes a character, for as long as the service runs: 5 MB in all.
      generateBundle(_options, bundle) {
        for (const file of Object.values(bundle)) {
          if (file.type === 'chunk') file.code = file.code.replace(/[^\0-\x7f]/g, escaped);
        }
      },
    },
  ],
  output: {
    dir: 'dist/bundle',
    chunkFileNames: '[name].js',
    keepNames: true,
    comments: { legal: true, annotation: false, jsdoc: false },
  },
});

/** Means the same in strings, templates and regular expressions, which is where such characters are. */
function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
