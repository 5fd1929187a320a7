import type { IncomingMessage } from 'node:http';

/**
 * How often a request has a header, of which Node.js keeps the first; something in front may have looked at another one.
 *
 * Without the `headersDistinct` of Node.js, which sorts out all headers for the sake of one: this is done for each request.
 *
 * @param wanted in lower case
 */
export function headerCount({ rawHeaders }: IncomingMessage, wanted: string): number {
  let count = 0;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]!;
    if (name.length === wanted.length && name.toLowerCase() === wanted) count += 1;
  }
  return count;
}
