import { test } from 'vitest';
import { startSandbox } from '../../sandbox/sandbox.ts';
import { DownloadsApi } from './api.js';
import { type EmbeddedExample, KEYS, type RunningExample } from './embedded-example.js';

/** An application with the module, and two of its users. */
export interface EmbeddedApplication {
  readonly platform: Platform;
  /** Base URL of its own routes. */
  readonly url: string;
  readonly alice: DownloadsApi;
  readonly zoe: DownloadsApi;
  /** Starts the same application once more. */
  readonly startAnother: () => Promise<RunningExample>;
}

type Platform = 'fastify' | 'express';

const OPTIONS = { fastify: [], express: ['--express'] } as const;

/** Building it may include an installation. */
const BUILD_TIMEOUT_MS = 240_000;

/** Tests with the example, built once for a file and running on `fastify` and on `express`. */
export function withEmbedded(build: () => Promise<EmbeddedExample>) {
  const it = test
    .extend('alfrescoUrl', { scope: 'file' }, async ({}, { onCleanup }) => {
      const sandbox = await startSandbox();
      onCleanup(() => sandbox.close());
      return sandbox.url;
    })
    .extend('example', { scope: 'file' }, async ({}, { onCleanup }) => {
      const example = await build();
      onCleanup(() => example.remove());
      return example;
    })
    .extend('fastify', { scope: 'file' }, async ({ example, alfrescoUrl }, { onCleanup }) => {
      const app = await example.start(alfrescoUrl, ...OPTIONS.fastify);
      onCleanup(() => app.stop());
      return embeddedApplication('fastify', app, () =>
        example.start(alfrescoUrl, ...OPTIONS.fastify),
      );
    })
    .extend('express', { scope: 'file' }, async ({ example, alfrescoUrl }, { onCleanup }) => {
      const app = await example.start(alfrescoUrl, ...OPTIONS.express);
      onCleanup(() => app.stop());
      return embeddedApplication('express', app, () =>
        example.start(alfrescoUrl, ...OPTIONS.express),
      );
    });
  it.beforeAll(({ example }) => void example, BUILD_TIMEOUT_MS);
  return it;
}

function embeddedApplication(
  platform: Platform,
  { url }: RunningExample,
  startAnother: () => Promise<RunningExample>,
): EmbeddedApplication {
  const as = (caller: keyof typeof KEYS) =>
    new DownloadsApi(`${url}/archive`, { 'x-api-key': KEYS[caller] });
  return { platform, url, alice: as('alice'), zoe: as('zoe'), startAnother };
}
