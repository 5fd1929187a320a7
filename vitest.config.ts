import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    globals: true,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    // Real servers, browsers and clocks, on a machine that may be busy: once more, and the report says so.
    retry: 1,
    projects: [
      { extends: true, test: { name: 'unit', include: ['{src,sandbox,demo}/**/*.spec.ts'] } },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/**/*.e2e-spec.ts'],
          globalSetup: 'test/harness/evidence/evidence.setup.ts',
          setupFiles: 'test/harness/evidence/secrets.recorder.ts',
        },
      },
    ],
  },
});
