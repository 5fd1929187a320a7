import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Authenticator } from './auth/authenticator.ts';
import { Downloads } from './downloads/downloads.ts';
import { discoveryResource } from './rest/discovery-resource.ts';
import { DownloadsCleaner } from './downloads/downloads-cleaner.ts';
import { downloadsResource } from './rest/downloads-resource.ts';
import { ExternalMapper } from './auth/external-mapper.ts';
import { FaultQueue, type Fault, type FaultMatch } from './server/fault.ts';
import { HttpServer } from './server/http-server.ts';
import { IdentityService } from './auth/identity-service.ts';
import { LogCounter } from './rest/log-counter.ts';
import { Logins } from './auth/logins.ts';
import { nodesResource } from './rest/nodes-resource.ts';
import { resolveOptions, type SandboxOptions } from './options.ts';
import { People } from './auth/people.ts';
import { peopleResource } from './rest/people-resource.ts';
import { Readiness, probesResource } from './rest/probes-resource.ts';
import { RequestLog, type RecordedRequest } from './server/request-log.ts';
import { RestApi } from './rest/rest-api.ts';
import { sampleRepository } from './repository/sample-repository.ts';
import { TokenEndpoint } from './server/token-endpoint.ts';
import { Tickets } from './auth/tickets.ts';
import { ticketsResource } from './rest/tickets-resource.ts';

export type { Fault, FaultMatch } from './server/fault.ts';
export type { SandboxNode, SandboxOptions, SandboxUser } from './options.ts';
export type { RecordedRequest } from './server/request-log.ts';

/** A running stand-in for Alfresco. */
export interface Sandbox {
  /** The web application's root, e.g. `http://127.0.0.1:41234/alfresco`; `https:` with `tls`. */
  readonly url: string;
  /** Every request since the start, including those with faults and for tokens, but not others to `/sandbox/…`. */
  readonly requests: RecordedRequest[];
  clearRequests(): void;
  /** The number of open sockets. */
  readonly openConnections: number;
  /** The number of content responses being sent. */
  readonly activeResponses: number;
  /** Whether the readiness probe succeeds; default true. */
  ready: boolean;
  /** Whether requests that would change the repository fail; default false. */
  readOnly: boolean;
  /** Invalidates all tickets, as a restart of Alfresco does. */
  expireTickets(): void;
  /** The token endpoint of the identity service, `/sandbox/oauth2/token`. */
  readonly tokenUrl: string;
  /** Invalidates all tokens of the identity service, as a change of its key does. */
  expireTokens(): void;
  /** Queues a fault for the next request that matches. */
  fail(fault: Fault, match?: FaultMatch): void;
  clearFaults(): void;
  /** Source bytes per second that running and new jobs add to their ZIPs; undefined is unlimited, 0 holds them. */
  get bytesPerSecond(): number | undefined;
  set bytesPerSecond(value: number | undefined);
  /**
   * Starts a download of a user, as POST /downloads does, optionally under a given id. Returns the id.
   *
   * @throws if Alfresco would respond with an error, or the id is taken
   */
  addDownload(userId: string, nodeIds: readonly string[], id?: string): string;
  /** Ids of the existing download nodes. */
  downloadIds(): string[];
  /** Stops at once: aborts jobs, closes sockets, deletes the temporary directory. */
  close(): Promise<void>;
}

/**
 * Starts a stand-in for Alfresco Content Services with the documents of `SAMPLE_NODES`. Any number of them can run in
 * one process.
 *
 * @throws if it cannot listen on the address
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const settings = resolveOptions(options);
  const directory = await mkdtemp(join(tmpdir(), 'alfresco-sandbox-'));
  let { bytesPerSecond } = settings;
  let isReadOnly = false;

  const repository = sampleRepository({
    users: settings.users,
    nodes: settings.nodes,
    largeFileBytes: settings.largeFileBytes,
    onRemove: (node) => {
      if (node.type === 'download:download') void downloads.discardArchive(node.id);
    },
  });
  const downloads = new Downloads(repository, {
    ...settings,
    directory,
    bytesPerSecond: () => bytesPerSecond,
  });
  const cleaner = new DownloadsCleaner(downloads, settings.cleaner);
  const downloadIds = (): string[] => downloads.all().map((node) => node.id);

  const logins = new Logins(settings.users, settings.protectionMs);
  const tickets = new Tickets(Date.now, settings.ticketValidMs);
  const identityService = settings.identityService && new IdentityService(settings.identityService);
  const logCounter = new LogCounter();
  const readiness = new Readiness();
  const faults = new FaultQueue();
  const requestLog = new RequestLog();
  const api = new RestApi({
    apis: {
      alfresco: {
        ...downloadsResource(downloads),
        ...nodesResource(repository),
        ...peopleResource(repository),
        ...probesResource(readiness),
      },
      authentication: ticketsResource(logins, tickets),
    },
    discovery: discoveryResource(() => isReadOnly),
    authenticator: new Authenticator(logins, tickets, {
      mapper: settings.external ? new ExternalMapper(settings.external) : identityService,
      people: new People(settings.users.map(({ id }) => id)),
      createMissingPeople: settings.createMissingPeople,
    }),
    logCounter,
    isReadOnly: () => isReadOnly,
  });
  const server: HttpServer = new HttpServer({
    api,
    faults,
    requestLog,
    logCounter,
    tokenEndpoint: identityService && new TokenEndpoint(identityService),
    tls: settings.tls,
    connectionTimeoutMs: settings.connectionTimeoutMs,
    bufferedBytesPerSecond: settings.bufferedBytesPerSecond,
    log: settings.log,
    controlled: {
      requests: requestLog.requests,
      clearRequests: () => requestLog.clear(),
      faults,
      state: () => ({
        openConnections: server.openConnections,
        activeResponses: server.activeResponses,
        ready: readiness.ready,
        downloads: downloadIds(),
      }),
      setBytesPerSecond(value) {
        bytesPerSecond = value;
      },
      setReady(value) {
        readiness.ready = value;
      },
      setReadOnly(value) {
        isReadOnly = value;
      },
    },
  });

  const stop = async (): Promise<void> => {
    cleaner.close();
    await Promise.all([server.close(), downloads.close()]);
    await rm(directory, { recursive: true, force: true });
  };
  let stopped: Promise<void> | undefined;
  const close = (): Promise<void> => (stopped ??= stop());

  let origin: string;
  try {
    origin = await server.listen(settings.host, settings.port);
  } catch (error) {
    await close();
    throw error;
  }

  return {
    url: `${origin}/alfresco`,
    requests: requestLog.requests,
    clearRequests: () => requestLog.clear(),
    get openConnections() {
      return server.openConnections;
    },
    get activeResponses() {
      return server.activeResponses;
    },
    get ready() {
      return readiness.ready;
    },
    set ready(value) {
      readiness.ready = value;
    },
    get readOnly() {
      return isReadOnly;
    },
    set readOnly(value) {
      isReadOnly = value;
    },
    tokenUrl: `${origin}/sandbox/oauth2/token`,
    expireTokens: () => identityService?.expireTokens(),
    expireTickets: () => tickets.clear(),
    fail: (fault, match) => faults.add(fault, match),
    clearFaults: () => faults.clear(),
    get bytesPerSecond() {
      return bytesPerSecond;
    },
    set bytesPerSecond(value) {
      bytesPerSecond = value;
    },
    addDownload: (userId, nodeIds, id) => downloads.create(userId, nodeIds, id).id,
    downloadIds,
    close,
  };
}
