import { buffer } from 'node:stream/consumers';
import { fromBufferPromise } from 'yauzl';

/** Name and bytes of each entry of a ZIP, in order, read with an independent library. */
export async function readZip(zip: Buffer): Promise<{ name: string; bytes: Buffer }[]> {
  const file = await fromBufferPromise(zip);
  const entries: { name: string; bytes: Buffer }[] = [];
  for await (const entry of file.eachEntry()) {
    const isFolder = entry.fileName.endsWith('/');
    const bytes = isFolder
      ? Buffer.alloc(0)
      : await buffer(await file.openReadStreamPromise(entry));
    entries.push({ name: entry.fileName, bytes });
  }
  return entries;
}
