import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import bcrypt from 'bcrypt';
import { SAMPLE_NODES, SAMPLE_USERS } from '../sandbox/sample-nodes.ts';
import { type BuiltService, loadBuiltService } from './built-service.ts';
import { CLIENT, type DemoBackends } from './demo-backends.ts';
import { DEMO_USER, basic } from './demo-user.ts';
import { type FolderReader, folderBrowser } from './folder-browser.ts';
import { AUDIENCE } from './identity-provider.ts';
import type { LogIns } from './page/log-ins.ts';
import { type PageFile, pageFiles } from './page-files.ts';

/** Two running services that also serve the demo's page. */
export interface DemoServices {
  /** The one for names and passwords, which has an account at Alfresco. */
  readonly url: string;
  /** The one for users of the provider, which has none and sends their tokens. */
  readonly providerUrl: string;
  close(): Promise<void>;
}

const PAGE = join(import.meta.dirname, 'page');
const CLIENT_MODULES = join(import.meta.dirname, '../client/src');
const EXAMPLE = join(import.meta.dirname, '../examples/front-end');

type Variables = Readonly<Record<string, string | undefined>>;

/** The download id in the examples of the OpenAPI document, so that Swagger UI can try them. */
const EXAMPLE_DOWNLOAD_ID = '5b6ae6a6-7d1d-4d6b-9d0a-5c0f6a1d2e3f';
const ACCOUNT = SAMPLE_USERS.find(({ id }) => id === 'downloads-service')!;
/** Of this process, so that sessions outlive a restart of the services in it. */
const SESSION_SECRET = randomBytes(32).toString('base64url');

/**
 * Starts the services, each with the page at `/`, its files under `/demo`, and an example at `/example/`.
 *
 * They are two, since a service either has an account at Alfresco for all callers, or calls it in the name of each; and names
 * and passwords that only the service knows cannot be sent to Alfresco.
 *
 * @param built folder of the compiled service
 * @param variables environment variables that override the demo's own; `HOST` and `PORT` are of the first service
 * @throws if the port is in use or a variable is invalid
 */
export async function startDemoServices(
  backends: DemoBackends,
  built: string,
  { HOST, PORT, ...variables }: Variables = {},
): Promise<DemoServices> {
  const service = await loadBuiltService(built);
  const common = {
    LOG_LEVEL: 'warn',
    STORE_URL: 'sqlite::memory:',
    ALFRESCO_URL: backends.sandbox.url,
    ...variables,
  };
  const { providerServiceUrl: providerUrl } = backends;
  const start = (more: Variables, here: LogIns['here'], readerOf: ReaderOf) =>
    startService(service, { ...common, ...more }, async (app) => {
      const reader = readerOf(app, service);
      servePage(app, backends, reader, () => ({ here, password: url, provider: providerUrl }));
      if (here === 'password') await addExample(app, service, backends);
    });
  let url = '';
  const forPasswords = await start({ HOST, PORT, ...(await ofPasswords()) }, 'password', asAccount);
  url = await forPasswords.getUrl();
  try {
    const forProvider = await start(ofProvider(backends), 'provider', asCaller);
    const close = async () => {
      await Promise.all([forPasswords.close(), forProvider.close()]);
    };
    return { url, providerUrl, close };
  } catch (error) {
    await forPasswords.close();
    throw error;
  }
}

async function ofPasswords(): Promise<Variables> {
  return {
    ALFRESCO_USERNAME: ACCOUNT.id,
    ALFRESCO_PASSWORD: ACCOUNT.password,
    USERS: `${DEMO_USER.name}:${await bcrypt.hash(DEMO_USER.password, 10)}`,
  };
}

function ofProvider({ provider, providerServiceUrl }: DemoBackends): Variables {
  return {
    // The provider is on this machine, too.
    HOST: '127.0.0.1',
    PORT: new URL(providerServiceUrl).port,
    PUBLIC_URL: providerServiceUrl,
    AUTH: 'bearer,session',
    OIDC_ISSUER: provider.issuer,
    OIDC_AUDIENCE: AUDIENCE,
    OIDC_CLIENT_ID: CLIENT.id,
    OIDC_CLIENT_SECRET: CLIENT.secret,
    SESSION_SECRET,
    ALFRESCO_ON_BEHALF_OF: 'token',
  };
}

async function startService(
  { createApp, loadConfig }: BuiltService,
  variables: Variables,
  prepare: (app: NestFastifyApplication) => Promise<void>,
): Promise<NestFastifyApplication> {
  const config = loadConfig(variables);
  const app = await createApp(config);
  await prepare(app);
  await app.listen(config.http.port, config.http.host);
  return app;
}

/** How a service reads folders for the callers that it knows. */
type ReaderOf = (app: NestFastifyApplication, service: BuiltService) => FolderReader;

/** With its account, which sees what the account may see. */
const asAccount: ReaderOf = () => {
  const expected = basic(DEMO_USER.name, DEMO_USER.password);
  const account = basic(ACCOUNT.id, ACCOUNT.password);
  return async ({ headers }) => (headers.authorization === expected ? account : undefined);
};

/** With the token of the caller, who sees what they may see. */
const asCaller: ReaderOf = (app, { Authenticators, CallerSource, CallerTokens }) => {
  // There are other sources, for applications that embed the service.
  const sources = app.get(CallerSource, { strict: false, each: true });
  const callers = sources.find((source) => source instanceof Authenticators)!;
  const tokens = app.get(CallerTokens, { strict: false });
  return async (request) => {
    const caller = await callers.callerOf(request);
    return `Bearer ${await tokens.tokenOf(caller)}`;
  };
};

async function addExample(
  app: NestFastifyApplication,
  { DownloadRegistry }: BuiltService,
  { sandbox }: DemoBackends,
): Promise<void> {
  if (sandbox.downloadIds().includes(EXAMPLE_DOWNLOAD_ID)) return;
  sandbox.addDownload(ACCOUNT.id, [SAMPLE_NODES.projectsFolder], EXAMPLE_DOWNLOAD_ID);
  await app.get(DownloadRegistry, { strict: false }).add({
    id: EXAMPLE_DOWNLOAD_ID,
    owner: `basic:${DEMO_USER.name}`,
    createdAt: Date.now(),
  });
}

function servePage(
  app: NestFastifyApplication,
  { sandbox }: DemoBackends,
  reader: FolderReader,
  logIns: () => LogIns,
): void {
  const fastify = app.getHttpAdapter().getInstance();
  const serve = (path: string, { type, text }: PageFile) =>
    fastify.get(path, (_request, reply) =>
      reply.type(type).header('cache-control', 'no-cache').send(text),
    );
  const client = '/demo/client';
  for (const folder of ['', '/element']) {
    for (const file of pageFiles(CLIENT_MODULES + folder, client)) {
      serve(`${client}${folder}/${file.name}`, file);
    }
  }
  for (const file of pageFiles(PAGE, client)) {
    serve(file.name === 'index.html' ? '/' : `/demo/${file.name}`, file);
  }
  for (const file of pageFiles(EXAMPLE, client)) {
    serve(`/example/${file.name === 'index.html' ? '' : file.name}`, file);
  }
  fastify.get('/demo/log-ins', (_request, reply) =>
    reply.header('cache-control', 'no-cache').send(logIns()),
  );
  fastify.get('/demo/folders/:id', folderBrowser(sandbox.url, reader));
}
