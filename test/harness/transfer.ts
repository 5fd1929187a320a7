import { createHash, type Hash } from 'node:crypto';
import type { DownloadsApi } from './api.js';

/** A ZIP transfer to a client that has read the first bytes, and pauses until the test resumes it. */
export class Transfer {
  private readonly hash: Hash = createHash('sha256');
  private length = 0;

  private constructor(private readonly reader: ReadableStreamDefaultReader<Uint8Array>) {}

  static async begin(api: DownloadsApi, id: string): Promise<Transfer> {
    const response = await api.request('GET', `/downloads/${id}/content`);
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
    const transfer = new Transfer(response.body!.getReader());
    await transfer.read();
    return transfer;
  }

  static beginMany(api: DownloadsApi, id: string, count: number): Promise<Transfer[]> {
    return Promise.all(Array.from({ length: count }, () => Transfer.begin(api, id)));
  }

  /** Reads to the end. @throws if the connection closes before the announced length */
  async finish(): Promise<{ length: number; sha256: string }> {
    while (!(await this.read()));
    return { length: this.length, sha256: this.hash.digest('hex') };
  }

  /** @returns whether the transfer has ended */
  private async read(): Promise<boolean> {
    const { done, value } = await this.reader.read();
    if (value) {
      this.hash.update(value);
      this.length += value.length;
    }
    return done;
  }
}

/** What `Transfer.finish` returns for these bytes. */
export function wholeOf(bytes: Buffer): { length: number; sha256: string } {
  return { length: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}
