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

/** A download; all members are there, since none is left out by `fields`. */
export type Download = Required<components['schemas']['Download']>;

/** A link that needs no credentials. */
export type Link = components['schemas']['DirectAccessUrl'];

/** The calls of the whole job, typed by the OpenAPI document. All throw `DownloadsError` when they are refused. */
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

  /** Asks for a ZIP. However often that is repeated with the same key, there is one. Returns the id of the download. */
  async create(nodeIds: string[], key: string): Promise<string> {
    const answer = await this.again(() =>
      this.api.POST('/downloads', {
        params: { header: { 'Idempotency-Key': key } },
        body: { nodeIds },
      }),
    );
    return answer.entry.id!;
  }

  /** A download as it is, and after each change, until its status is final. Requests wait at the service for a change. */
  async *watch(id: string): AsyncGenerator<Download> {
    let header: { 'If-None-Match'?: string; Prefer?: string } = {};
    for (;;) {
      const { data, response } = await persistently(async () => {
        const answer = await this.api.GET('/downloads/{id}', { params: { path: { id }, header } });
        if (answer.data || answer.response.status === 304) return answer;
        throw new DownloadsError(answer.response, answer.error);
      }, this.persistence);
      if (!data) continue;
      const download = data.entry as Download;
      yield download;
      if (!['PENDING', 'IN_PROGRESS'].includes(download.status)) return;
      header = { 'If-None-Match': response.headers.get('etag') ?? '', Prefer: 'wait=30' };
    }
  }

  /** Saves the ZIP of a download that is DONE under its own name; goes on where a transfer broke off. Returns the path. */
  async save(id: string, directory: string): Promise<string> {
    const part = join(directory, `${id}.part`);
    const name = await persistently(() => this.transfer(id, part), this.persistence);
    await rename(part, join(directory, name));
    return join(directory, name);
  }

  /** A link to the ZIP of a download that is DONE. */
  async link(id: string, persistence = this.persistence): Promise<Link> {
    const path = '/downloads/{id}/request-direct-access-url';
    const ask = () => this.api.POST(path, { params: { path: { id } } });
    return (await this.again(ask, persistence)).entry;
  }

  /** Removes a download and its ZIP, also one that still runs. */
  async remove(id: string): Promise<void> {
    await persistently(async () => {
      const params = { path: { id }, query: { purge: true } };
      const { error, response } = await this.api.DELETE('/downloads/{id}', { params });
      // Done by an earlier attempt, or by Alfresco itself.
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

  private again<T>(
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
