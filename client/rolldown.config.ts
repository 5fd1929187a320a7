import { resolve } from 'node:path';
import { type RolldownOptions, defineConfig } from 'rolldown';

const CLIENT = resolve(import.meta.dirname, 'src/index.ts');

const output = { dir: 'dist', minify: true, sourcemap: true } as const;

/** Two builds, since one would move what both modules need to a third. */
const builds: RolldownOptions[] = [
  { input: CLIENT, output: { ...output, cleanDir: true } },
  {
    input: 'src/element.ts',
    external: [CLIENT],
    // As a path, browsers find it without a bundler.
    output: { ...output, paths: { [CLIENT]: './index.js' } },
  },
];

export default defineConfig(builds);
