import type { IncomingMessage } from 'node:http';

/** Alfresco's own limit (`webscripts.setMaxContentSize`) is 5 GiB; this is as much as is held in memory here. */
export const MAX_BODY_BYTES = 16 * 1024 * 1024;

/** The whole body, or undefined if it is longer than `MAX_BODY_BYTES`. Rejects when the client goes away. */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const parts: Buffer[] = [];
  let length = 0;
  // Leaving the loop early must not destroy the socket, which still has to carry the answer.
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += part.length;
    if (length > MAX_BODY_BYTES) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}
