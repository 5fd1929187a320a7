import { join } from 'node:path';
import { build } from 'rolldown';

/** Stands for `node:http` in the bundle. */
const NODE_HTTP = '\0node-http.cjs';

/** Packages that the bundle loads from `node_modules`; the Dockerfile copies them, and what they need. */
export const PACKAGES_BESIDE_BUNDLE = [
  // They load files from their own folder.
  'bcrypt',
  'swagger-ui-dist',
  // Node.js warns about its `new Buffer()` outside node_modules.
  'passport-http',
];

/** Stands for undici in the bundle: it consists of what the service uses, a third of the whole. */
const UNDICI = '\0undici.cjs';
const UNDICI_PARTS = {
  Client: 'dispatcher/client',
  Pool: 'dispatcher/pool',
  buildConnector: 'core/connect',
  errors: 'core/errors',
};

/** Where axios looks at its load for globals that Node.js loads at their first use. */
const FETCH_GLOBALS = /\b(?:G\.FormData|globalObject\.(?:Request|Response))\b/g;

/**
 * Bundles the compiled service and its packages into few files, in `bundle/` below the folder, which start in half the time:
 * Node.js would otherwise find and link some 2,700. `src/main.ts` loads them if they exist.
 */
export async function bundle(folder: string): Promise<void> {
  await build({
    input: {
      bootstrap: join(folder, 'bootstrap.js'),
      'command-line': join(folder, 'command-line.js'),
      'cluster/worker': join(folder, 'cluster/worker.js'),
    },
    platform: 'node',
    logLevel: 'warn',
    external: [
      ...PACKAGES_BESIDE_BUNDLE,
      // Optional packages that Nest loads only if used.
      /^@nestjs\/(?:microservices|platform-express|websockets)/,
      '@fastify/multipart',
      '@fastify/view',
    ],
    // Loaded by packages for what nobody uses here: class-validator's phone numbers, the forms of axios.
    resolve: { alias: { 'libphonenumber-js': false, 'form-data': false } },
    plugins: [
      {
        name: 'node-http',
        // As an ES module, node:http reads all that it exports, and for its WebSocket loads the undici in Node.js: 75 modules.
        resolveId: (id) => (/^(?:node:)?http$/.test(id) ? NODE_HTTP : undefined),
        load: (id) =>
          id === NODE_HTTP ? "module.exports = process.getBuiltinModule('node:http');" : undefined,
      },
      {
        name: 'undici-parts',
        resolveId: (id) => (id === 'undici' ? UNDICI : undefined),
        load: (id) =>
          id === UNDICI
            ? Object.entries(UNDICI_PARTS)
                .map(([name, file]) => `exports.${name} = require('undici/lib/${file}.js');`)
                .join('\n')
            : undefined,
      },
      {
        name: 'axios-without-fetch',
        // The same undici has these globals. The service gives axios an adapter of its own, and sends no forms.
        transform: (code, id) =>
          id.includes('/axios/lib/') ? code.replace(FETCH_GLOBALS, 'undefined') : undefined,
      },
      {
        name: 'ascii',
        // V8 keeps source with any other character in memory at two bytes per character: 5 MB in all.
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

/** An equivalent escape in strings, templates and regular expressions, the only places with such characters. */
function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
