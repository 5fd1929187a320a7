import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { TLSSocket } from 'node:tls';

/** HTTPS with Tomcat's `certificateVerification="optional"`. All in PEM. */
export interface TlsSettings {
  key: string;
  cert: string;
  /** Who has to have signed client certificates. */
  ca?: string;
}

/** What the connections of a server depend on. */
export interface ListenerSettings {
  tls: TlsSettings | undefined;
  /** Tomcat's `connectionTimeout`, also the time for which it keeps an idle connection. */
  connectionTimeoutMs: number;
}

/** An HTTP server, or an HTTPS server that asks for a client certificate, does without, but takes none that it does not trust. */
export function createListener(
  { tls, connectionTimeoutMs }: ListenerSettings,
  onRequest: RequestListener,
): Server {
  const keepAlive = { keepAliveTimeout: connectionTimeoutMs, keepAliveTimeoutBuffer: 0 };
  if (tls === undefined) return createServer(keepAlive, onRequest);
  const server = createTlsServer(
    { ...tls, ...keepAlive, requestCert: true, rejectUnauthorized: false },
    onRequest,
  );
  server.on('secureConnection', (socket: TLSSocket) => {
    if (!socket.authorized && socket.getPeerX509Certificate() !== undefined) socket.destroy();
  });
  return server;
}
