import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import bcrypt from 'bcrypt';
import type { FastifyInstance } from 'fastify';
import { SAMPLE_NODES, SAMPLE_USERS } from '../sandbox/sample-nodes.ts';
import type { Sandbox } from '../sandbox/sandbox.ts';
import { DEMO_USER } from './demo-user.ts';
import { folderBrowser } from './folder-browser.ts';
import { pageFiles } from './page-files.ts';

/** A running service that also serves the demo's page. */
export interface DemoService {
  readonly url: string;
  close(): Promise<void>;
}

/** The download id in the examples of the OpenAPI document, so that Swagger UI can try them. */
const EXAMPLE_DOWNLOAD_ID = '5b6ae6a6-7d1d-4d6b-9d0a-5c0f6a1d2e3f';
const ACCOUNT = SAMPLE_USERS.find(({ id }) => id === 'downloads-service')!;

/**
 * Starts the service in front of a stand-in for Alfresco, with the page at `/` and its files under `/demo`.
 *
 * @param built folder of the compiled service
 * @param variables environment variables that override the demo's own
 * @throws if the port is in use or a variable is invalid
 */
export async function startDemoService(
  sandbox: Sandbox,
  built: string,
  variables: Record<string, string | undefined> = {},
): Promise<DemoService> {
  const module = (name: string) => import(pathToFileURL(join(built, name)).href);
  const { createApp } = (await module(
    'app.factory.js',
  )) as typeof import('#service/app.factory.js');
  const { loadConfig } = (await module(
    'config/config-loader.js',
  )) as typeof import('#service/config/config-loader.js');
  const { DownloadRegistry } = (await module(
    'downloads/registry/download-registry.js',
  )) as typeof import('#service/downloads/registry/download-registry.js');
  const config = loadConfig({
    LOG_LEVEL: 'warn',
    STORE_URL: 'sqlite::memory:',
    ALFRESCO_URL: sandbox.url,
    ALFRESCO_USERNAME: ACCOUNT.id,
    ALFRESCO_PASSWORD: ACCOUNT.password,
    USERS: `${DEMO_USER.name}:${await bcrypt.hash(DEMO_USER.password, 10)}`,
    ...variables,
  });
  const app = await createApp(config);
  servePage(app.getHttpAdapter().getInstance(), sandbox);
  if (!sandbox.downloadIds().includes(EXAMPLE_DOWNLOAD_ID)) {
    sandbox.addDownload(ACCOUNT.id, [SAMPLE_NODES.projectsFolder], EXAMPLE_DOWNLOAD_ID);
    await app.get(DownloadRegistry, { strict: false }).add({
      id: EXAMPLE_DOWNLOAD_ID,
      owner: `basic:${DEMO_USER.name}`,
      createdAt: Date.now(),
    });
  }
  await app.listen(config.http.port, config.http.host);
  return { url: await app.getUrl(), close: () => app.close() };
}

function servePage(fastify: FastifyInstance, sandbox: Sandbox): void {
  for (const { name, type, text } of pageFiles()) {
    fastify.get(name === 'index.html' ? '/' : `/demo/${name}`, (_request, reply) =>
      reply.type(type).header('cache-control', 'no-cache').send(text),
    );
  }
  fastify.get(
    '/demo/folders/:id',
    folderBrowser({ alfrescoUrl: sandbox.url, name: ACCOUNT.id, password: ACCOUNT.password }),
  );
}
