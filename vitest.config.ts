import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/** Where the service has been built that the tests run: `test/run/main.ts` builds one for itself. */
const BUILT_SERVICE = process.env.BUILT_SERVICE ?? resolve('dist');

const SERIAL = 'test/**/*.serial.e2e-spec.ts';
const SLOW = 'test/**/*.slow.e2e-spec.ts';

/** Stand-in and service are started once for all tests of a worker (`test/harness/fixtures.ts`). */
const endToEnd = {
  env: { BUILT_SERVICE },
  globalSetup: 'test/harness/evidence/evidence-setup.ts',
  setupFiles: 'test/harness/evidence/evidence-recorder.ts',
};

export default defineConfig({
  resolve: { alias: [{ find: /^#service\//, replacement: `${BUILT_SERVICE}/` }] },
  test: {
    globals: true,
    // Half the processor time: the modules are loaded once in a worker, not for each file.
    isolate: false,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // As it was built, not as vitest would transform it.
    server: { deps: { external: [new RegExp(`^(?:file://)?${RegExp.escape(BUILT_SERVICE)}/`)] } },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{src,sandbox,demo}/**/*.spec.ts'],
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
      // Real time, or the whole machine.
      { extends: true, test: { ...endToEnd, name: 'serial', include: [SERIAL], maxWorkers: 1 } },
      { extends: true, test: { ...endToEnd, name: 'slow', include: [SLOW], maxWorkers: 1 } },
    ],
  },
});
