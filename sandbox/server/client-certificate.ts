import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';

/**
 * Subject of the client's certificate as `X500Principal.getName()` writes it: the parts in reverse order, without blanks
 * between them. Attributes beside CN, O, OU, L, ST, C, STREET, DC and UID would be written as numbers there.
 */
export function certificateSubject(socket: Socket): string | undefined {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined;
  // One part per line in the order of the certificate, with RFC 2253's escapes.
  return certificate?.subject.split('\n').toReversed().join(',');
}
