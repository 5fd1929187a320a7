import { join } from 'node:path';
import { build } from 'rolldown';

/**
 * Puts the compiled service and its packages into few files, in `bundle/` below the folder, which start in half the time:
 * Node.js would look for and link some 2,700 of them. `src/main.ts` takes them when they are there.
 */
export async function bundle(folder: string): Promise<void> {
  await build({
    input: {
      bootstrap: join(folder, 'bootstrap.js'),
      'cluster/worker': join(folder, 'cluster/worker.js'),
    },
    platform: 'node',
    logLevel: 'warn',
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
        // V8 keeps a file with any other character at two bytes a character, as long as the service runs: 5 MB in all.
        generateBundle(_options, files) {
          for (const file of Object.values(files)) {
            if (file.type === 'chunk') file.code = file.code.replace(/[^\0-\x7f]/g, escaped);
          }
        },
      },
    ],
    output: {
      dir: join(folder, 'bundle'),
      chunkFileNames: '[name].js',
      keepNames: true,
      comments: { legal: true, annotation: false, jsdoc: false },
    },
  });
}

/** Means the same in strings, templates and regular expressions, which is where such characters are. */
function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
