import { SAMPLE_NODES } from '../../sandbox/sample-nodes.ts';
import { AS_ALICE, SERVICE_ACCOUNT, basic } from './bff.js';
import { until } from './polling.js';

export interface DownloadBody {
  readonly id: string;
  readonly status: string;
  readonly filesAdded: number;
  readonly bytesAdded: number;
  readonly totalFiles: number;
  readonly totalBytes: number;
}

const TERMINAL = ['DONE', 'CANCELLED', 'MAX_CONTENT_SIZE_EXCEEDED'];

/** A caller of an API with Alfresco's routes: the service, or Alfresco itself. */
export class DownloadsApi {
  constructor(
    readonly base: string,
    readonly headers: Readonly<Record<string, string>>,
  ) {}

  /** The service, as alice. */
  static ofBff(url: string): DownloadsApi {
    return new DownloadsApi(url, AS_ALICE);
  }

  /** Alfresco, as `account` (the service's own by default). */
  static ofAlfresco(url: string, account = SERVICE_ACCOUNT): DownloadsApi {
    return new DownloadsApi(`${url}/api/-default-/public/alfresco/versions/1`, {
      authorization: basic({ name: account.id, password: account.password }),
    });
  }

  request(method: string, path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { ...this.headers, ...(init.headers as Record<string, string>) };
    return fetch(this.base + path, { ...init, method, headers, redirect: 'manual' });
  }

  create(nodeIds: readonly string[]): Promise<Response> {
    return this.request('POST', '/downloads', {
      body: JSON.stringify({ nodeIds }),
      headers: { 'content-type': 'application/json' },
    });
  }

  /** Starts a download; fails the test if that is rejected. */
  async start(nodeIds: readonly string[]): Promise<string> {
    const response = await this.create(nodeIds);
    const text = await response.text();
    if (response.status !== 202) throw new Error(`${response.status}: ${text}`);
    return (JSON.parse(text) as { entry: DownloadBody }).entry.id;
  }

  /** A download whose job has crashed: it stays IN_PROGRESS, so each status read calls Alfresco again. */
  async startStuck(): Promise<string> {
    const id = await this.start([SAMPLE_NODES.crashingFile]);
    await this.waitFor(id, ({ status }) => status === 'IN_PROGRESS');
    return id;
  }

  async status(id: string): Promise<DownloadBody> {
    const response = await this.request('GET', `/downloads/${id}`);
    return ((await response.json()) as { entry: DownloadBody }).entry;
  }

  waitFor(id: string, isWanted: (download: DownloadBody) => boolean): Promise<DownloadBody> {
    return until(() => this.status(id), isWanted);
  }

  /** Waits for a final state. */
  waitUntilFinished(id: string): Promise<DownloadBody> {
    return this.waitFor(id, ({ status }) => TERMINAL.includes(status));
  }

  /** Starts a download, waits for its end, and returns its id. */
  async createFinished(nodeIds: readonly string[]): Promise<string> {
    const id = await this.start(nodeIds);
    await this.waitUntilFinished(id);
    return id;
  }

  async content(id: string): Promise<Buffer> {
    const response = await this.request('GET', `/nodes/${id}/content`);
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
    return Buffer.from(await response.arrayBuffer());
  }
}
