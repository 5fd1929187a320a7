import { createWriteStream } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parse } from 'content-disposition';
import createClient, { type Client } from 'openapi-fetch';
import type { components, paths } from '../downloads-api.d.ts';
import { DownloadsError } from './downloads-error.ts';
import { type Persistence, persistently } from './persistence.ts';

/** A download, with all members, since no request here uses `fields`. */
export type Download = Required<components['schemas']['Download']>;

/** A link that needs no credentials. */
export type Link = components['schemas']['DirectAccessUrl'];

/** The calls of the whole job, typed by the OpenAPI document. They throw `DownloadsError` for error responses. */
export class Downloads {
  private readonly api: Client<paths>;
  private readonly persistence: Persistence;

  constructor(
    baseUrl: string,
    login: { readonly name: string; readonly password: string },
    persistence: Persistence,
  ) {
    this.persistence = persistence;
    const credentials = Buffer.from(`${login.name}:${login.password}`).toString('base64');
    this.api = createClient<paths>({
      baseUrl,
      headers: { authorization: `Basic ${credentials}` },
      signal: persistence.signal,
    });
  }

  /** Asks for a ZIP. Requests with the same key make only one. Returns the id of the download. */
  async create(nodeIds: string[], key: string): Promise<string> {
    const { entry } = await this.retried(() =>
      this.api.POST('/downloads', {
        params: { header: { 'Idempotency-Key': key } },
        body: { nodeIds },
      }),
    );
    return entry.id!;
  }

  /** Yields the state of a download, now and after each change, until it is final. The service waits for changes. */
  async *watch(id: string): AsyncGenerator<Download> {
    let header: { 'If-None-Match'?: string; Prefer?: string } = {};
    for (;;) {
      const { data, response } = await persistently(async () => {
        const result = await this.api.GET('/downloads/{id}', { params: { path: { id }, header } });
        if (result.data || result.response.status === 304) return result;
        throw new DownloadsError(result.response, result.error);
      }, this.persistence);
      if (!data) continue;
      const download = data.entry as Download;
      yield download;
      if (!['PENDING', 'IN_PROGRESS'].includes(download.status)) return;
      header = { 'If-None-Match': response.headers.get('etag') ?? '', Prefer: 'wait=30' };
    }
  }

  /** Saves the ZIP of a finished download under its own name, resuming a broken transfer. Returns the path. */
  async save(id: string, directory: string): Promise<string> {
    const part = join(directory, `${id}.part`);
    const name = await persistently(() => this.transfer(id, part), this.persistence);
    await rename(part, join(directory, name));
    return join(directory, name);
  }

  /** Creates a link to the ZIP of a finished download. */
  async link(id: string, persistence = this.persistence): Promise<Link> {
    const path = '/downloads/{id}/request-direct-access-url';
    const create = () => this.api.POST(path, { params: { path: { id } } });
    return (await this.retried(create, persistence)).entry;
  }

  /** Removes a download and its ZIP, even while it is being made. */
  async remove(id: string): Promise<void> {
    await persistently(async () => {
      const params = { path: { id }, query: { purge: true } };
      const { error, response } = await this.api.DELETE('/downloads/{id}', { params });
      // 404: removed by an earlier attempt, or by Alfresco itself.
      if (!response.ok && response.status !== 404) throw new DownloadsError(response, error);
    }, this.persistence);
  }

  private async transfer(id: string, part: string): Promise<string> {
    const { size } = await stat(part).catch(() => ({ size: 0 }));
    const header = size > 0 ? { Range: `bytes=${size}-` } : {};
    const { data, error, response } = await this.api.GET('/downloads/{id}/content', {
      params: { path: { id }, header },
      parseAs: 'stream',
    });
    if (!data) throw new DownloadsError(response, error);
    const flags = response.status === 206 ? 'a' : 'w';
    await pipeline(Readable.fromWeb(data), createWriteStream(part, { flags }));
    const { filename } = parse(response.headers.get('content-disposition') ?? '').parameters;
    return basename(filename ?? `${id}.zip`);
  }

  private retried<T>(
    call: () => Promise<{ data?: T; error?: unknown; response: Response }>,
    persistence = this.persistence,
  ): Promise<T> {
    return persistently(async () => {
      const { data, error, response } = await call();
      if (data === undefined) throw new DownloadsError(response, error);
      return data;
    }, persistence);
  }
}
