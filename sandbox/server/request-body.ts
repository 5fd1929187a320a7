import type { IncomingMessage } from 'node:http';

/** Bodies are held in memory here; Alfresco's own limit (`webscripts.setMaxContentSize`) is 5 GiB. */
export const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** Reads the whole body, or undefined if it is longer than `MAX_BODY_BYTES`. Rejects if the client disconnects. */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  // Leaving the loop early must not destroy the socket, which is needed for the response.
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MAX_BODY_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}
