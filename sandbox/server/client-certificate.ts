import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * Subject of the client's certificate in the form of `X500Principal.getName()`: the parts in reverse order, without spaces
 * between them. Java writes attributes other than CN, O, OU, L, ST, C, STREET, DC and UID as numbers, which is not reproduced.
 */
export function certificateSubject(socket: Socket): string | undefined {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  // Node.js gives one part per line in the certificate's order, with RFC 2253's escapes.
  return certificate?.subject.split('\n').toReversed().join(',');
}
