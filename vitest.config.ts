import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/** The build under test: `test/run/main.ts` makes its own. */
const BUILT_SERVICE = process.env.BUILT_SERVICE ?? resolve('dist');

const SERIAL = 'test/**/*.serial.e2e-spec.ts';
const SLOW = 'test/**/*.slow.e2e-spec.ts';

/** The stand-in and the service are started once per worker (`test/harness/fixtures.ts`). */
const endToEnd = {
  env: { BUILT_SERVICE },
  globalSetup: 'test/harness/evidence/evidence-setup.ts',
  setupFiles: 'test/harness/evidence/evidence-recorder.ts',
};

export default defineConfig({
  resolve: {
    alias: [
      { find: /^#service\//, replacement: `${BUILT_SERVICE}/` },
      { find: /^alfresco-downloads-client$/, replacement: resolve('client/src/index.ts') },
    ],
  },
  test: {
    globals: true,
    // Halves the processor time: modules are loaded once per worker, not per file.
    isolate: false,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // Loads the build itself, without vitest's transformation.
    server: { deps: { external: [new RegExp(`^(?:file://)?${RegExp.escape(BUILT_SERVICE)}/`)] } },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{src,sandbox,client,demo}/**/*.spec.ts'],
          setupFiles: 'test/run/quiet-log.ts',
          maxWorkers: 2,
        },
      },
      // Four on two cores: most of these tests wait.
      {
        extends: true,
        test: {
          ...endToEnd,
          name: 'e2e',
          include: ['test/**/*.e2e-spec.ts'],
          exclude: [SERIAL, SLOW],
          maxWorkers: 4,
        },
      },
      // Tests that need real time, or the whole machine.
      { extends: true, test: { ...endToEnd, name: 'serial', include: [SERIAL], maxWorkers: 1 } },
      { extends: true, test: { ...endToEnd, name: 'slow', include: [SLOW], maxWorkers: 1 } },
    ],
  },
});
