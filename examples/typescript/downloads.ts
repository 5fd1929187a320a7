import { createWriteStream } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  type DownloadEvent,
  type DownloadLink,
  DownloadsClient,
  DownloadsProblem,
  ServiceConnection,
} from 'alfresco-downloads-client';
import { type Persistence, persistently } from './persistence.ts';

/** The calls of the whole job, which go on while the service cannot be reached. They throw as the client does. */
export class Downloads {
  private readonly client: DownloadsClient;
  private readonly connection: ServiceConnection;
  private readonly persistence: Persistence;

  constructor(
    baseUrl: string,
    login: { readonly name: string; readonly password: string },
    persistence: Persistence,
  ) {
    const credentials = Buffer.from(`${login.name}:${login.password}`).toString('base64');
    const address = { baseUrl, authorization: `Basic ${credentials}` };
    this.client = new DownloadsClient(address);
    this.connection = new ServiceConnection(address);
    this.persistence = persistence;
  }

  /** Asks for a ZIP. Requests with the same key make only one. Returns the id of the download. */
  async create(nodeIds: readonly string[], idempotencyKey: string): Promise<string> {
    const { signal } = this.persistence;
    const options = { idempotencyKey, ...(signal && { signal }) };
    const create = () => this.client.create(nodeIds, options);
    return (await persistently(create, this.persistence)).id;
  }

  /** Yields the state of a download, now and after each change, until it is final. */
  watch(id: string): AsyncGenerator<DownloadEvent> {
    const { signal } = this.persistence;
    return this.client.watch(id, { ...(signal && { signal }) });
  }

  /** Saves the ZIP of a finished download under its own name, resuming a broken transfer. Returns the path. */
  async save(id: string, directory: string): Promise<string> {
    const part = join(directory, `${id}.part`);
    await persistently(() => this.transfer(id, part), this.persistence);
    const name = await persistently(() => this.client.archiveName(id), this.persistence);
    const path = join(directory, basename(name ?? `${id}.zip`));
    await rename(part, path);
    return path;
  }

  /** Creates a link to the ZIP of a finished download. */
  link(id: string, persistence = this.persistence): Promise<DownloadLink> {
    return persistently(() => this.client.link(id), persistence);
  }

  /** Removes a download and its ZIP, even while it is being made. */
  async remove(id: string): Promise<void> {
    await persistently(() => this.client.remove(id), this.persistence).catch((error: unknown) => {
      // Removed by an earlier attempt, or by Alfresco itself.
      const isGone =
        error instanceof DownloadsProblem && error.problem.code === 'DOWNLOAD_NOT_FOUND';
      if (!isGone) throw error;
    });
  }

  private async transfer(id: string, part: string): Promise<void> {
    const { size } = await stat(part).catch(() => ({ size: 0 }));
    const { body, status } = await this.connection.open(`/downloads/${id}/content`, {
      ...(size > 0 && { headers: { Range: `bytes=${size}-` } }),
    });
    await pipeline(
      Readable.fromWeb(body!),
      createWriteStream(part, { flags: status === 206 ? 'a' : 'w' }),
    );
  }
}
